"""Reads what `rules.toml` says into a rule book, and lists everything that is wrong with it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from batteryd.domain.inventory import Chemistry
from batteryd.errors import ConfigError, Mistake
from batteryd.mistakes import mistakes_of, unknown_text, value_text
from batteryd.rules.makers import NO_LIMITS, ProfileLimits, makers_setpoints
from batteryd.rules.rulebook import (
    ALARMS_OF_WORK,
    LAYERS,
    MAKER,
    WORK,
    RuleBook,
    RuleTable,
    Settings,
)
from batteryd.rules.table import RULES
from batteryd.rules.work_layer import loosened, misplaced

RESERVED_NAMES = frozenset({"rule_failed"})  # what the engine itself raises

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def parse_rulebook(
    data: Mapping[str, Any], *, file: str = "rules.toml", profile_limits: ProfileLimits = NO_LIMITS
) -> RuleBook:
    """Check a parsed `rules.toml` together with the limits that device profiles carry.

    Raises:
        ConfigError: with every mistake that was found.
    """
    reading = _Reading(file)
    tables = reading.tables_of(data)
    if not reading.mistakes:  # a maker's limits are checked against rules that are right
        tables = [reading.with_makers_limits(t, profile_limits, beside=tables) for t in tables]
    if reading.mistakes:
        raise ConfigError(tuple(reading.mistakes))
    return RuleBook({table.name: table for table in tables}, file)


class _Reading:
    """One pass over a file. It goes on after a mistake, so that all of them are found."""

    def __init__(self, file: str) -> None:
        self.mistakes: list[Mistake] = []
        self._file = file

    def tables_of(self, data: Mapping[str, Any]) -> list[RuleTable]:
        for key in (key for key in data if key != "rule"):
            self._note(key, data[key], unknown_text("key", key, known=["rule"]))
        rules = data.get("rule")
        if not isinstance(rules, Mapping) or not rules:
            self._note("rule", rules, "at least one table [rule.NAME]")
            return []
        found = (self._table(name, written) for name, written in rules.items())
        return [table for table in found if table is not None]

    def with_makers_limits(
        self, table: RuleTable, limits: ProfileLimits, *, beside: list[RuleTable]
    ) -> RuleTable:
        """Return the table with what the makers say about its setpoints, as a layer."""
        layer: dict[str, Settings] = {}
        for profile, quantity, setpoint in makers_setpoints(table, limits, beside=beside):
            layer[profile] = {"setpoint": setpoint}
            merged = {**table.settings, **layer[profile]}
            file, key = f"profile {profile}", f"limits.{quantity}"
            self.mistakes += _mistakes_in(table.kind, merged, file=file, key=key)
        made = replace(table, layers={**table.layers, MAKER: layer})
        self.mistakes += loosened(made, file=self._file, makers_only=True)
        return made

    def _table(self, name: str, written: object) -> RuleTable | None:
        key = f"rule.{name}"
        if not isinstance(written, Mapping):
            self._note(key, written, "a table")
            return None
        taken = (*RESERVED_NAMES, *ALARMS_OF_WORK)
        if not _NAME.fullmatch(name) or name in taken:
            self._note(key, None, f"a name of a-z, 0-9 and _, other than {', '.join(taken)}")
        kind = written.get("kind")
        if not isinstance(kind, str) or kind not in RULES:
            self._note(f"{key}.kind", kind, unknown_text("kind", str(kind), known=RULES))
            return None
        settings = {k: v for k, v in written.items() if k not in ("kind", *LAYERS, WORK)}
        wrong = _mistakes_in(kind, settings, file=self._file, key=key)
        self.mistakes += wrong
        table = RuleTable(name, kind, settings, layers={})
        self._refuse_keys_of_work(table, settings, key=key)
        layers = {
            layer: self._layer(table, layer, written[layer], base_is_right=not wrong)
            for layer in LAYERS
            if layer in written
        }
        table = replace(table, layers=layers)
        return self._with_work(table, written.get(WORK, {}), base_is_right=not wrong)

    def _with_work(self, table: RuleTable, written: object, *, base_is_right: bool) -> RuleTable:
        key = f"rule.{table.name}.{WORK}"
        if not isinstance(written, Mapping):
            self._note(key, written, "a table")
            return table
        before = len(self.mistakes)
        self.mistakes += misplaced(table, written, file=self._file)
        self._merge(table, written, key=key, base_is_right=base_is_right)
        table = replace(table, work=written)
        if len(self.mistakes) == before:
            self.mistakes += loosened(table, file=self._file)
        return table

    def _layer(
        self, table: RuleTable, layer: str, written: object, *, base_is_right: bool
    ) -> dict[str, Settings]:
        key = f"rule.{table.name}.{layer}"
        if not isinstance(written, Mapping):
            self._note(key, written, "a table of tables")
            return {}
        found = {}
        for name, override in written.items():
            if layer == "chemistry" and name not in set(Chemistry):
                known = unknown_text("chemistry", name, known=Chemistry)
                self._note(f"{key}.{name}", None, known)
            if not isinstance(override, Mapping):
                self._note(f"{key}.{name}", override, "a table")
                continue
            self._override(table, override, key=f"{key}.{name}", base_is_right=base_is_right)
            found[name] = override
        return found

    def _override(
        self, table: RuleTable, override: Settings, *, key: str, base_is_right: bool
    ) -> None:
        for fixed in sorted(override.keys() & {"kind", *table.row.settings.FIXED}):
            there = f"not here: it can only be said in [rule.{table.name}]"
            self._note(f"{key}.{fixed}", override[fixed], there)
        self._refuse_keys_of_work(table, override, key=key)
        self._merge(table, override, key=key, base_is_right=base_is_right)

    def _refuse_keys_of_work(self, table: RuleTable, written: Settings, *, key: str) -> None:
        for name in sorted(written.keys() & table.row.settings.AT_WORK_ONLY):
            there = f"not here: it can only be said in [rule.{table.name}.{WORK}]"
            self._note(f"{key}.{name}", written[name], there)

    def _merge(
        self, table: RuleTable, override: Settings, *, key: str, base_is_right: bool
    ) -> None:
        merged = {**table.settings, **{k: v for k, v in override.items() if k != "kind"}}
        for mistake in _mistakes_in(table.kind, merged, file=self._file, key=key):
            # What is wrong in the rule itself was said there, once.
            part = mistake.key.removeprefix(key).removeprefix(".").partition(".")[0]
            if part in override or (part == "" and base_is_right):
                self.mistakes.append(mistake)

    def _note(self, key: str, value: object, allowed: str) -> None:
        shown = "" if value is None else value_text(value, key=key)
        self.mistakes.append(Mistake(self._file, key, shown, allowed))


def _mistakes_in(kind: str, settings: Settings, *, file: str, key: str) -> tuple[Mistake, ...]:
    model = RULES[kind].settings
    try:
        model.model_validate(settings)
    except ValidationError as error:
        return mistakes_of(error, model=model, file=file, key=key)
    return ()
