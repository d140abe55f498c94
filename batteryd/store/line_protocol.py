"""Snapshots as InfluxDB line protocol. docs/influxdb.md is the user's description of the same.

The text of a snapshot differs from the one before in its numbers and its time only. So there is one
template for each layout and set of columns that have a value, with `%r` for every number and a
control character where asset, place and time go; a snapshot costs one `%` and three `replace`.

Numbers are exact to float32: a value is written with three decimals where that is the same float32
(a sensor's 3.652), and else with all the digits of the double that equals it.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from batteryd.domain.component import Component
from batteryd.domain.quality import BAD_FROM
from batteryd.domain.snapshot import Indices, Layout, Snapshot
from batteryd.store.packing import FLOAT32, to_ms

_ASSET, _PLACE, _TIME = "\x01", "\x02", "\x03"
_TEMPLATES_MAX = 1_000  # a rack of 272 columns takes 20 kB

# Line protocol has no escape for a backslash and ends at a line break, whatever stands before it.
_UNWRITABLE = str.maketrans({"\\": "/"} | {chr(code): "_" for code in range(32)})
_ESCAPES = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ "})


class Place(NamedTuple):
    """Where an asset stands; an empty text leaves the tag out."""

    site_id: str = ""
    room_id: str = ""


class _Template(NamedTuple):
    """The `battery` lines of a snapshot, and the columns whose numbers fill them, in order."""

    text: str
    columns: Indices


class LineEncoder:
    """Writes snapshots as lines. `place_of` is asked each time, so a reload shows at once."""

    def __init__(self, place_of: Callable[[str], Place]) -> None:
        self._place_of = place_of
        self._templates: dict[tuple[str, bytes], _Template] = {}

    def encode(self, snapshot: Snapshot) -> str:
        """Return a `poll` line, and a `battery` line for each component that has a value."""
        values = snapshot.values.astype(FLOAT32)
        template = self._template(snapshot.layout, np.isfinite(values))
        text = _poll_line(snapshot) + template.text % tuple(_short(values[template.columns]))
        return (
            text.replace(_ASSET, _escaped(snapshot.asset_id))
            .replace(_PLACE, _place_tags(self._place_of(snapshot.asset_id)))
            .replace(_TIME, str(to_ms(snapshot.observed_at_s)))
        )

    def _template(self, layout: Layout, has_value: npt.NDArray[np.bool_]) -> _Template:
        key = (layout.layout_id, has_value.tobytes())
        if key not in self._templates:
            if len(self._templates) >= _TEMPLATES_MAX:
                self._templates.clear()
            self._templates[key] = _compile(layout, has_value)
        return self._templates[key]


def tag_value(text: str) -> str:
    """Return text as a tag keeps it: what cannot be written is replaced."""
    return text.translate(_UNWRITABLE)


def _escaped(text: str) -> str:
    return tag_value(text).translate(_ESCAPES)


def _compile(layout: Layout, has_value: npt.NDArray[np.bool_]) -> _Template:
    by_component: dict[Component, list[int]] = {}
    for index in np.flatnonzero(has_value).tolist():
        by_component.setdefault(layout.columns[index].component, []).append(index)
    lines = [
        f"battery,asset={_ASSET},component={component}{_PLACE} "
        + ",".join(f"{layout.columns[index].quantity}=%r" for index in indices)
        + f" {_TIME}\n"
        for component, indices in by_component.items()
    ]
    columns = [index for indices in by_component.values() for index in indices]
    return _Template("".join(lines), np.array(columns, np.intp))


def _poll_line(snapshot: Snapshot) -> str:
    bad = int(np.count_nonzero(snapshot.quality >= BAD_FROM))
    uncertain = int(np.count_nonzero(snapshot.quality)) - bad
    return (
        f"poll,asset={_ASSET}{_PLACE} failed={int(snapshot.is_failed)},"
        f"duration_s={snapshot.duration_s!r},bad={bad},uncertain={uncertain} {_TIME}\n"
    )


def _place_tags(place: Place) -> str:
    # Tags in alphabetical order spare InfluxDB the sorting.
    tags = (("room", place.room_id), ("site", place.site_id))
    return "".join(f",{name}={_escaped(value)}" for name, value in tags if value)


def _short(values: npt.NDArray[np.float32]) -> list[float]:
    exact = values.astype(np.float64)
    rounded = np.round(exact, 3)
    numbers: list[float] = np.where(rounded.astype(FLOAT32) == values, rounded, exact).tolist()
    return numbers
