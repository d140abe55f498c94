"""What stands in one cell of a report.

A cell is a text, a number, a day, a list of texts, or nothing. Nothing is not zero: it says that
nobody knows. CSV writes everything as text; JSON keeps numbers and lists; XLSX numbers and days.
"""

from datetime import date
from enum import StrEnum

Cell = str | int | float | date | tuple[str, ...] | None
Row = tuple[Cell, ...]

LIST_SEPARATOR = " | "  # sentences have semicolons of their own


class CellKind(StrEnum):
    """What the cells of a column hold, where they hold anything."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    LIST = "list"


def number(value: float | None) -> float | None:
    """Return a number so that it has one spelling: 120 and 120.0 are the same capacity."""
    if value is None or not float(value).is_integer():
        return value
    return int(value)


def cell_text(cell: Cell) -> str:
    """Return a cell as text: days as YYYY-MM-DD, lists with " | " between, nothing as ""."""
    match cell:
        case None:
            return ""
        case tuple():
            return LIST_SEPARATOR.join(cell)
        case float():
            return repr(cell)  # the fewest digits that read back the same
        case _:
            return str(cell)
