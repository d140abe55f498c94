"""What one question to a device brought, as values and as the JSON that other tools rely on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from batteryd.devices.link import RawReading
from batteryd.domain.component import Component
from batteryd.domain.nameplate import DeviceDate, Nameplate
from batteryd.domain.quality import BAD_FROM, QUALITY_TEXT, Quality
from batteryd.domain.snapshot import Layout


class Row(NamedTuple):
    """One reading; its value is None where the device does not know it."""

    component: Component
    quantity: str
    value: float | None
    quality: Quality
    source: str


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
            "observed_at": self.observed_at,
            "readings": [
                {
                    "component": _component(component),
                    "quantity": quantity,
                    "value": value,
                    "quality": quality.level,
                    "reason": None if quality is Quality.GOOD else QUALITY_TEXT[quality],
                    "source": source,
                }
                for component, quantity, value, quality, source in self.rows()
            ],
            "dates": {
                "manufactured_on": _date(plate.manufactured_on),
                "last_replaced_on": _date(plate.last_replaced_on),
                "replace_by": _date(plate.replace_by),
                "warranty_ends_on": _date(plate.warranty_ends_on),
            },
        }

    @property
    def observed_at(self) -> str:
        """When it was read, UTC."""
        return datetime.fromtimestamp(self.observed_at_s, UTC).isoformat(timespec="milliseconds")

    def rows(self) -> Iterator[Row]:
        """Yield every reading, in the order of the profile."""
        values, qualities = self.reading
        for at, (component, quantity) in enumerate(self.layout.columns):
            quality = Quality(qualities[at])
            # Adding 0 makes a zero of minus zero, which a sign leaves behind.
            value = None if quality >= BAD_FROM else float(values[at]) + 0.0
            yield Row(component, quantity, value, quality, self.sources[at])


def _component(component: Component) -> dict[str, int | None]:
    return {
        "string": component.string,
        "module": component.module,
        "cell": component.cell,
        "sensor": component.sensor,
    }


def _date(date: DeviceDate) -> dict[str, str | None]:
    return {"value": None if date.value is None else date.value.isoformat(), "raw": date.raw}
