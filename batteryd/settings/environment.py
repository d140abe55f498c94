"""Settings from the environment: `BATTERYD_JOURNAL__RAW_DAYS=60` is `raw_days` of `[journal]`.

A variable with the prefix and a double underscore is ours; one that names no key is a mistake like
any other, so that a slip in a unit file shows itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic_settings import EnvSettingsSource

from batteryd.errors import Mistake
from batteryd.mistakes import unknown_text
from batteryd.settings.collect import Collector
from batteryd.settings.model import ENVIRONMENT_DELIMITER, ENVIRONMENT_PREFIX, Settings

ENVIRONMENT = "environment"  # stands for the file in a mistake about a variable

Table = Mapping[str, Any]


def environment_settings(environ: Mapping[str, str], *, collector: Collector) -> dict[str, Any]:
    """Return what the environment sets, as nested tables with lower-case keys."""
    ours = {
        name.lower(): value
        for name, value in environ.items()
        if name.startswith(ENVIRONMENT_PREFIX) and ENVIRONMENT_DELIMITER in name
    }
    for name in sorted(ours):
        section = name.removeprefix(ENVIRONMENT_PREFIX.lower()).split(ENVIRONMENT_DELIMITER)[0]
        if section not in Settings.model_fields:
            allowed = unknown_text("section", section, known=Settings.model_fields)
            collector.add(Mistake(ENVIRONMENT, name.upper(), "", allowed))
    source = EnvSettingsSource(Settings)
    source.env_vars = ours  # what the caller gives, not what this process happens to have
    return source()


def overlaid(below: Table, above: Table) -> dict[str, Any]:
    """Return `below` with every key that `above` has replaced, table by table."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        both = isinstance(value, dict) and isinstance(under, dict)
        merged[key] = overlaid(under or {}, value) if both else value
    return merged


def where_it_was_said(mistake: Mistake, *, written: Table, spoken: Table) -> Mistake:
    """Return the mistake with the variable's name, where a variable made it and not the file."""
    path = mistake.key.split(".")
    said = _at(spoken, path)
    if said is None or (isinstance(said, dict) and _at(written, path) is not None):
        return mistake
    variable = ENVIRONMENT_PREFIX + ENVIRONMENT_DELIMITER.join(path).upper()
    return replace(mistake, file=ENVIRONMENT, key=variable)


def _at(table: object, path: Sequence[str]) -> object:
    for key in path:
        table = table.get(key) if isinstance(table, dict) else None
    return table
