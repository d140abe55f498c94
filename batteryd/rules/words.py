"""Components, values and durations in the words of a person woken at three in the morning.

The same fact always reads the same: `sensor 2 of module 7 of Rack A2`, `51.2 °C`, `12 min`. Nothing
here ever says that something is safe.
"""

from datetime import UTC, datetime

from batteryd.domain.component import Component
from batteryd.domain.inventory import Asset
from batteryd.domain.quantity import QUANTITIES

_DECIMALS = {"°C": 1, "V": 1, "A": 1, "%": 1}


def place(component: Component, asset: Asset) -> str:
    """Return `cell 3 of module 7 of Rack A2`: the asset goes by the name that people gave it.

    A string is named only where the asset has several; a rack's only string is the rack itself.
    """
    has_strings = (asset.geometry.string_count or 1) > 1 or (component.string or 1) > 1
    levels = (
        ("cell", component.cell),
        ("sensor", component.sensor),
        ("module", component.module),
        ("string", component.string if has_strings else None),
    )
    named = [f"{word} {number}" for word, number in levels if number]
    return " of ".join((*named, asset.name))


def value(quantity: str, number: float) -> str:
    """Return `51.2 °C`, `3.652 V` for a cell, or `4` for a count."""
    unit = QUANTITIES[quantity].unit
    decimals = 3 if quantity.startswith("cell_voltage_v") else _DECIMALS.get(unit)
    shown = f"{number:g}" if decimals is None else f"{number:.{decimals}f}"
    return f"{shown} {unit}".strip()


def duration(seconds: float) -> str:
    """Return `40 s`, `12 min`, `3.5 h` or `2.0 d`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172800 else f"{seconds / 86400:.1f} d"


def instant(at_s: float) -> str:
    """Return `2025-09-26T11:16:44Z`."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
