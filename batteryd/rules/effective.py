"""Which rules apply to one battery with which numbers, and who said each of them.

This is what an operator asks before trusting a rule book of many layers: not how the layers merge,
but what came out, key by key, and whose word is in force.
"""

from collections.abc import Iterator
from typing import NamedTuple

from batteryd.rules.kind import Subject
from batteryd.rules.limit_settings import LimitSettings
from batteryd.rules.parameters import RuleSettings
from batteryd.rules.rulebook import MAKER, RuleBook, RuleTable

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
    parameters: tuple[Parameter, ...]
    at_work: tuple[Parameter, ...]  # what counts instead while people work there
    remark: str = ""  # what the keys do not say for themselves
    remark_at_work: str = ""


def effective_rules(rulebook: RuleBook, subject: Subject) -> Iterator[EffectiveRule]:
    """Yield every rule of the book, also those that are switched off, in the order of the file."""
    for table in rulebook.tables.values():
        usual, at_work = (subject._replace(at_work=at_work) for at_work in (False, True))
        model, settings = table.row.settings, table.for_(usual).settings
        yield EffectiveRule(
            name=table.name,
            kind=table.kind,
            parameters=tuple(
                p for p in _parameters(table, usual) if p.key not in model.AT_WORK_ONLY
            ),
            at_work=tuple(p for p in _parameters(table, at_work) if p.key in table.work),
            remark=_remark(settings),
            remark_at_work=_reached(table.for_(at_work).settings),
        )


def _parameters(table: RuleTable, subject: Subject) -> tuple[Parameter, ...]:
    settings = table.for_(subject).settings
    origin = dict.fromkeys(table.settings, OF_THE_RULE)
    by_maker = table.layers.get(MAKER, {}).get(subject.profile)
    for layer in table.layers_of(subject):
        is_makers = layer.settings is by_maker
        word = f"the maker's limits in {layer.origin}" if is_makers else layer.origin
        origin |= dict.fromkeys(layer.settings, word)
    return tuple(
        Parameter(key, value, origin.get(key, DEFAULT))
        for key, value in settings.model_dump(mode="json", exclude_none=True).items()
    )


def _remark(settings: RuleSettings) -> str:
    if not settings.enabled:
        return "switched off"
    if isinstance(settings, LimitSettings) and not settings.limits:
        return "nobody has given this battery a setpoint: the rule watches nothing"
    return ""


def _reached(settings: RuleSettings) -> str:
    """Return where the tightened setpoints are, which no key says."""
    if not isinstance(settings, LimitSettings) or not settings.tighten_by:
        return ""
    return f"reached at {', '.join(f'{p.text} {n:g}' for p, n in settings.limits.items())}"
