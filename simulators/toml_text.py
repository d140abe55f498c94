"""Writes TOML: tables in lists, as an inventory is made of. The standard library only reads it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

Scalar = str | int | float | bool | date


def toml_text(tables: Mapping[str, Iterable[Mapping[str, Scalar | None]]]) -> str:
    """Return `[[name]]` tables in the order given; keys that are None are left out."""
    return "\n".join(
        line for name, rows in tables.items() for row in rows for line in _table(name, row)
    )


def _table(name: str, row: Mapping[str, Scalar | None]) -> Iterator[str]:
    yield f"[[{name}]]"
    for key, value in row.items():
        if value is not None:
            yield f"{key} = {_scalar(value)}"
    yield ""


def _scalar(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        # JSON's escapes are TOML's, except that TOML wants DEL escaped too.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
