"""The colours and geometry of a cabinet's heat map, drawn by the server as SVG.

Colour runs from cool to the asset's own medium setpoint and on to its critical one, so the same
colour means the same urgency for every chemistry. Colour is never the only sign: the number stands
on the shelf, and a shelf with an active alarm has a frame and a mark.
"""

from dataclasses import dataclass
from itertools import pairwise

from batteryd.web.cabinet import Cabinet, Shelf
from batteryd.web.look import TemperatureScale

COLUMN_WIDTH = 118
SHELF_HEIGHT_MAX = 17
CABINET_HEIGHT = 292

# Anchors of the scale: position 0 is 20 K below the medium setpoint, 1 is the critical setpoint.
_ANCHORS = (
    (0.00, (64, 124, 150)),
    (0.35, (92, 163, 150)),
    (0.55, (171, 189, 120)),
    (0.67, (236, 189, 88)),  # the medium setpoint of a 10 K band
    (0.85, (231, 122, 60)),
    (1.00, (196, 44, 44)),
)
_BELOW_MEDIUM_K = 20.0
_UNKNOWN = "url(#unknown)"


@dataclass(frozen=True, slots=True)
class Block:
    """One shelf as a rectangle, in the SVG's own units."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    ink: str
    shelf: Shelf


@dataclass(frozen=True, slots=True)
class Drawing:
    """One cabinet's heat map."""

    width: float
    height: float
    blocks: tuple[Block, ...]


def draw(cabinet: Cabinet) -> Drawing:
    """Lay a cabinet's modules out: one column a string, module 1 on top."""
    strings = sorted({s.component.string or 1 for s in cabinet.shelves})
    rows = max((s.component.module or 1 for s in cabinet.shelves), default=1)
    height = min(SHELF_HEIGHT_MAX, CABINET_HEIGHT / rows)
    width = COLUMN_WIDTH / max(1, len(strings))
    column = {string: i for i, string in enumerate(strings)}
    blocks = tuple(
        Block(
            x=column[s.component.string or 1] * width,
            y=((s.component.module or 1) - 1) * height,
            width=width - 2,
            height=height - 2,
            fill=colour(s.temperature_c, cabinet.scale),
            ink=ink(s.temperature_c, cabinet.scale),
            shelf=s,
        )
        for s in cabinet.shelves
    )
    return Drawing(width=COLUMN_WIDTH, height=rows * height, blocks=blocks)


def colour(temperature_c: float | None, scale: TemperatureScale) -> str:
    """Return the fill of a temperature as `#rrggbb`, or the pattern for unknown."""
    if temperature_c is None:
        return _UNKNOWN
    at = _position(temperature_c, scale)
    for (low, cold), (high, warm) in pairwise(_ANCHORS):
        if at <= high:
            part = (at - low) / (high - low)
            mixed = (round(c + (w - c) * part) for c, w in zip(cold, warm, strict=True))
            return "#{:02x}{:02x}{:02x}".format(*mixed)
    return "#{:02x}{:02x}{:02x}".format(*_ANCHORS[-1][1])


def ink(temperature_c: float | None, scale: TemperatureScale) -> str:
    """Return a text colour that can be read on `colour`."""
    if temperature_c is None:
        return "#5d6670"
    at = _position(temperature_c, scale)
    return "#1f2a30" if 0.3 < at < 0.78 else "#ffffff"


def _position(temperature_c: float, scale: TemperatureScale) -> float:
    """Return 0 to 1: two thirds up to the medium setpoint, the rest up to the critical one."""
    if temperature_c <= scale.medium_c:
        below = (scale.medium_c - temperature_c) / _BELOW_MEDIUM_K
        return max(0.0, 0.67 * (1 - below))
    band = max(scale.critical_c - scale.medium_c, 0.1)
    return min(1.0, 0.67 + 0.33 * (temperature_c - scale.medium_c) / band)
