"""What `[rule.NAME.work]` may say: while people work on a battery its limits tighten, nothing else.

The layer is the strongest of all, so it is held against everything that it can come to replace: the
rule itself, each of its overrides, and the limits of every maker. Whatever of it would let more
pass than one of these is a mistake. A key is compared with the same key, and each key is said as a
whole, so what holds against every single layer holds against any combination of them.
"""

from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from batteryd.errors import Mistake
from batteryd.mistakes import mistakes_of, value_text
from batteryd.rules.parameters import RuleSettings
from batteryd.rules.rulebook import MAKER, WORK, RuleTable, Settings


def misplaced(table: RuleTable, work: Settings, *, file: str) -> Iterator[Mistake]:
    """Yield the keys that work does not change."""
    model, key = table.row.settings, f"rule.{table.name}.{WORK}"
    for name in sorted(work.keys() & (model.model_fields.keys() | {"kind"}) - model.AT_WORK):
        where = f"not here: it can only be said in [rule.{table.name}] and its other layers"
        yield Mistake(file, f"{key}.{name}", value_text(work[name], key=name), where)


def loosened(table: RuleTable, *, file: str, makers_only: bool = False) -> Iterator[Mistake]:
    """Yield what in a table's work layer would loosen a limit, or cannot be combined with one.

    What is wrong without the work layer is not told here.
    """
    told: set[tuple[str, str]] = set()
    for whose, override in _replaced(table, makers_only=makers_only):
        written = {**table.settings, **override}
        before = _valid(table, written)
        if before is None:
            continue
        for key, allowed in _looser(table, before, {**written, **table.work}):
            if (key, allowed) not in told:
                told.add((key, allowed))
                value = value_text(table.work[key], key=key) if key in table.work else ""
                name = f"rule.{table.name}.{WORK}.{key}".rstrip(".")
                yield Mistake(file, name, value, f"{allowed} (as {whose})")


def _looser(table: RuleTable, before: RuleSettings, at_work: Settings) -> Iterator[tuple[str, str]]:
    model = table.row.settings
    try:
        yield from before.looser_in(model.model_validate(at_work))
    except ValidationError as error:
        for mistake in mistakes_of(error, model=model, file="", key=""):
            yield mistake.key.partition(".")[0], mistake.allowed


def _replaced(table: RuleTable, *, makers_only: bool) -> Iterator[tuple[str, Settings]]:
    if not makers_only:
        yield f"[rule.{table.name}] has it", {}
    for layer, overrides in table.layers.items():
        if makers_only and layer != MAKER:
            continue
        for name, override in overrides.items():
            named = (
                f"profile {name}'s limits have it" if layer == MAKER else f"{layer} {name} has it"
            )
            yield named, override


def _valid(table: RuleTable, written: Mapping[str, object]) -> RuleSettings | None:
    try:
        return table.row.settings.model_validate(written)
    except ValidationError:
        return None
