"""Which rules apply to one battery with which numbers, and who said each of them.

This is what an operator asks before trusting a rule book of many layers: not how the layers merge,
but what came out, key by key, and whose word is in force.
"""

from collections.abc import Iterator
from typing import NamedTuple

from batteryd.rules.kind import Subject
from batteryd.rules.rulebook import RuleBook, RuleTable

DEFAULT, OF_THE_RULE = "default", "the rule itself"


class Parameter(NamedTuple):
    """One key of a rule, as it counts for one subject."""

    key: str
    value: object  # as JSON and TOML have it
    origin: str  # whose word it is, in words


class EffectiveRule(NamedTuple):
    """One rule as it counts for one subject."""

    name: str
    kind: str
    is_enabled: bool
    parameters: tuple[Parameter, ...]
    at_work: tuple[Parameter, ...]  # what counts instead while people work there


def effective_rules(rulebook: RuleBook, subject: Subject) -> Iterator[EffectiveRule]:
    """Yield every rule of the book, also those that are switched off, in the order of the file."""
    for table in rulebook.tables.values():
        model = table.row.settings
        usual = tuple(
            parameter
            for parameter in _parameters(table, subject._replace(at_work=False))
            if parameter.key not in model.AT_WORK_ONLY
        )
        at_work = _parameters(table, subject._replace(at_work=True))
        tightened = tuple(parameter for parameter in at_work if parameter.key in table.work)
        enabled = next(bool(p.value) for p in usual if p.key == "enabled")
        yield EffectiveRule(table.name, table.kind, enabled, usual, tightened)


def _parameters(table: RuleTable, subject: Subject) -> tuple[Parameter, ...]:
    settings = table.for_(subject).settings
    origin = dict.fromkeys(table.settings, OF_THE_RULE)
    for layer in table.layers_of(subject):
        origin |= dict.fromkeys(layer.settings, layer.origin)
    return tuple(
        Parameter(key, value, origin.get(key, DEFAULT))
        for key, value in settings.model_dump(mode="json", exclude_none=True).items()
    )
