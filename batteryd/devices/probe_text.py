"""What one question to a device brought, for people: what it knows first, then what it does not.

Whoever stands in front of a rack looks for numbers and for the reason of those that are missing. So
a value that is unknown is never a dash among the others, but stands below with its reason.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from types import MappingProxyType

from batteryd.devices.probe_answer import ProbeAnswer, Row
from batteryd.domain.nameplate import DeviceDate
from batteryd.domain.quality import QUALITY_TEXT, Quality
from batteryd.domain.quantity import QUANTITIES, BatteryStatus, OutputSource

UNKNOWN = "unknown"
_DECIMALS = 3  # millivolts of a cell; more is the arithmetic's, not the device's
_MINUTES_FROM_S = 120
_ENUMERATIONS: Mapping[str, type[IntEnum]] = MappingProxyType(
    {"battery_status": BatteryStatus, "output_source": OutputSource}
)


def answer_text(answer: ProbeAnswer) -> str:
    """Return an answer for a terminal."""
    rows = sorted(answer.rows(), key=lambda row: row.component.sort_key)
    known = [_known(row) for row in rows if row.value is not None]
    unknown = [_unknown(row) for row in rows if row.value is None]
    lines = [*_facts(answer), ""]
    if known:
        lines += _table(("where", "what", "value", "quality", "source"), known, right=2)
    if unknown:
        lines += ["", *_table(("where", UNKNOWN, "why", "source"), unknown)]
    return "\n".join(lines)


def _facts(answer: ProbeAnswer) -> Iterator[str]:
    plate = answer.nameplate
    facts = (
        ("target", answer.target),
        ("profile", answer.profile),
        ("manufacturer", plate.manufacturer or UNKNOWN),
        ("model", plate.model or UNKNOWN),
        ("serial", plate.serial or UNKNOWN),
        ("firmware", plate.firmware or UNKNOWN),
        ("manufactured on", _date(plate.manufactured_on)),
        ("last replaced on", _date(plate.last_replaced_on)),
        ("replace by", _date(plate.replace_by)),
        ("warranty ends on", _date(plate.warranty_ends_on)),
        ("observed at", answer.observed_at),
    )
    return (f"{name:<17} {text}" for name, text in facts)


def _known(row: Row) -> tuple[str, ...]:
    quality = QUALITY_TEXT[row.quality]
    if row.quality is not Quality.GOOD:
        quality = f"{row.quality.level}: {quality}"
    return str(row.component), row.quantity, value_text(row), quality, row.source


def _unknown(row: Row) -> tuple[str, ...]:
    return str(row.component), row.quantity, QUALITY_TEXT[row.quality], row.source


def value_text(row: Row) -> str:
    """Return a value with its unit or in words."""
    if row.value is None:
        return UNKNOWN
    quantity = QUANTITIES[row.quantity]
    whole = int(row.value)
    if row.quantity in _ENUMERATIONS:
        return f"{_ENUMERATIONS[row.quantity](whole).name.lower()} ({whole})"
    if quantity.is_flag:
        return "yes (1)" if whole else "no (0)"
    if quantity.is_bits:
        return f"0x{whole:06x}"
    shown = f"{round(row.value, _DECIMALS):.12g} {quantity.unit}".rstrip()
    is_long = quantity.unit == "s" and row.value >= _MINUTES_FROM_S
    return f"{row.value / 60:.0f} min = {shown}" if is_long else shown


def _date(date: DeviceDate) -> str:
    if date.value is not None:
        return date.value.isoformat()
    return UNKNOWN if date.raw is None else f"{UNKNOWN}: {date.raw!r} is no date that can be read"


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, right: int | None = None
) -> Iterator[str]:
    """Yield a table's lines; the column `right` stands on the right, as numbers do."""
    table = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = [
            cell.rjust(width) if at == right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
