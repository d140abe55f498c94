"""What one question to a device brought: as the JSON that other tools rely on, and for people."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from batteryd.devices.link import RawReading
from batteryd.domain.component import Component
from batteryd.domain.nameplate import DeviceDate, Nameplate
from batteryd.domain.quality import BAD_FROM, QUALITY_TEXT, Quality
from batteryd.domain.quantity import QUANTITIES
from batteryd.domain.snapshot import Layout

_NONE = "-"


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """A device's identity, dates and readings at one instant."""

    target: str  # without its secrets
    profile: str
    nameplate: Nameplate
    observed_at_s: float
    layout: Layout
    reading: RawReading
    sources: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the answer as `batteryd probe --json` prints it."""
        plate = self.nameplate
        return {
            "target": self.target,
            "profile": self.profile,
            "identity": {
                "manufacturer": plate.manufacturer,
                "model": plate.model,
                "serial": plate.serial,
                "firmware": plate.firmware,
            },
            "observed_at": self._observed_at,
            "readings": [
                {
                    "component": _component(component),
                    "quantity": quantity,
                    "value": value,
                    "quality": quality.level,
                    "reason": None if quality is Quality.GOOD else QUALITY_TEXT[quality],
                    "source": source,
                }
                for component, quantity, value, quality, source in self._rows()
            ],
            "dates": {
                "manufactured_on": _date(plate.manufactured_on),
                "last_replaced_on": _date(plate.last_replaced_on),
                "replace_by": _date(plate.replace_by),
                "warranty_ends_on": _date(plate.warranty_ends_on),
            },
        }

    def as_text(self) -> str:
        """Return the answer for a terminal."""
        plate = self.nameplate
        facts = (
            ("target", self.target),
            ("profile", self.profile),
            ("manufacturer", plate.manufacturer or _NONE),
            ("model", plate.model or _NONE),
            ("serial", plate.serial or _NONE),
            ("firmware", plate.firmware or _NONE),
            ("manufactured on", _date_text(plate.manufactured_on)),
            ("last replaced on", _date_text(plate.last_replaced_on)),
            ("replace by", _date_text(plate.replace_by)),
            ("warranty ends on", _date_text(plate.warranty_ends_on)),
            ("observed at", self._observed_at),
        )
        head = [f"{name:<17} {text}" for name, text in facts]
        return "\n".join([*head, "", *_aligned(self._table())])

    @property
    def _observed_at(self) -> str:
        return datetime.fromtimestamp(self.observed_at_s, UTC).isoformat(timespec="milliseconds")

    def _rows(self) -> Iterator[tuple[Component, str, float | None, Quality, str]]:
        values, qualities = self.reading
        for at, (component, quantity) in enumerate(self.layout.columns):
            quality = Quality(qualities[at])
            # Adding 0 makes a zero of minus zero, which a sign leaves behind.
            value = None if quality >= BAD_FROM else float(values[at]) + 0.0
            yield component, quantity, value, quality, self.sources[at]

    def _table(self) -> Iterator[tuple[str, ...]]:
        yield "where", "what", "value", "unit", "quality", "source"
        for component, quantity, value, quality, source in self._rows():
            shown = _NONE if value is None else f"{value:.10g}"
            unit = QUANTITIES[quantity].unit
            yield str(component), quantity, shown, unit, QUALITY_TEXT[quality], source


def _component(component: Component) -> dict[str, int | None]:
    return {
        "string": component.string,
        "module": component.module,
        "cell": component.cell,
        "sensor": component.sensor,
    }


def _date(date: DeviceDate) -> dict[str, str | None]:
    return {"value": None if date.value is None else date.value.isoformat(), "raw": date.raw}


def _date_text(date: DeviceDate) -> str:
    if date.value is not None:
        return date.value.isoformat()
    return _NONE if date.raw is None else f"unreadable: {date.raw!r}"


def _aligned(rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = [
            cell.rjust(width) if at == 2 else cell.ljust(width)  # numbers stand on the right
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
