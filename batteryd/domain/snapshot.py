"""What one poll of one device said: the only thing that leaves `devices`.

A snapshot is columnar. Its `Layout` (which component and quantity each column is) is compiled once
from a profile and shared by all snapshots of all devices of that kind; a poll adds one float64
array and one byte array. There is no Python object per value: that, not the network, was the
bottleneck.
A failed poll is a snapshot too, with every value NaN and a `failure`.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from batteryd.domain.component import Component, parse_component
from batteryd.domain.quality import BAD_FROM, Quality

Values = npt.NDArray[np.float64]
Qualities = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.intp]


class Column(NamedTuple):
    """What one position of a snapshot's arrays means."""

    component: Component
    quantity: str

    def __str__(self) -> str:
        return f"{self.component}:{self.quantity}"


def parse_column(text: str) -> Column:
    """Parse `s1/m03/c07:cell_voltage_v`.

    Raises:
        ValueError: the text is no column.
    """
    component, colon, quantity = text.partition(":")
    if not colon or not quantity:
        raise ValueError(f"{text!r} is no column such as s1/m03/c07:cell_voltage_v")
    return Column(parse_component(component), quantity)


@dataclass(frozen=True, eq=False)
class Layout:
    """The meaning of a snapshot's columns. Compare layouts by `layout_id`."""

    columns: tuple[Column, ...]

    @classmethod
    def of(cls, columns: Iterable[Column]) -> "Layout":
        """Build a layout.

        Raises:
            ValueError: a column stands there twice.
        """
        columns = tuple(columns)
        seen: set[Column] = set()
        for column in columns:
            if column in seen:
                raise ValueError(f"column {column} stands twice in the layout")
            seen.add(column)
        return cls(columns)

    @classmethod
    def from_text(cls, text: str) -> "Layout":
        """Parse what `text` returned (one column a line)."""
        return cls.of(parse_column(line) for line in text.splitlines())

    @cached_property
    def text(self) -> str:
        """One column a line; how the journal remembers a layout."""
        return "\n".join(str(c) for c in self.columns)

    @cached_property
    def layout_id(self) -> str:
        """Sixteen hex digits of the SHA-256 of `text`: the same columns, the same id for ever."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    @cached_property
    def index(self) -> dict[Column, int]:
        """Where each column stands."""
        return {c: i for i, c in enumerate(self.columns)}

    @cached_property
    def _by_quantity(self) -> dict[str, Indices]:
        found: dict[str, list[int]] = {}
        for i, column in enumerate(self.columns):
            found.setdefault(column.quantity, []).append(i)
        return {q: np.array(places, dtype=np.intp) for q, places in found.items()}

    def indices(self, quantity: str) -> Indices:
        """Return the positions of a quantity in column order; empty where the layout has none."""
        return self._by_quantity.get(quantity, _NOWHERE)

    def __len__(self) -> int:
        return len(self.columns)


_NOWHERE: Indices = np.empty(0, dtype=np.intp)
EMPTY_LAYOUT = Layout.of(())


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """One poll of one asset.

    `values` and `quality` have one entry a column of `layout`. A value is NaN exactly where its
    quality is bad. Do not change the arrays: snapshots are shared between threads.
    """

    asset_id: str
    observed_at_s: float  # when the answer was complete; of a failed poll, when it was given up
    layout: Layout
    values: Values
    quality: Qualities
    failure: str | None = None  # e.g. "timeout: no answer from 10.0.5.11:502 in 1.0 s"
    duration_s: float = field(default=0.0)  # from the first request to the last answer

    @property
    def is_failed(self) -> bool:
        """Whether the device did not answer at all."""
        return self.failure is not None

    def value(self, component: Component, quantity: str) -> float | None:
        """Return one value, or None where it is unknown or not in the layout. Not for hot paths."""
        at = self.layout.index.get(Column(component, quantity))
        if at is None or self.quality[at] >= BAD_FROM:
            return None
        return float(self.values[at])


def failed_snapshot(
    asset_id: str, layout: Layout, *, at_s: float, failure: str, duration_s: float = 0.0
) -> Snapshot:
    """Return the snapshot of a poll that got no usable answer."""
    values, quality = _nothing(len(layout))
    return Snapshot(asset_id, at_s, layout, values, quality, failure, duration_s)


_NOTHING: dict[int, tuple[Values, Qualities]] = {}


def _nothing(count: int) -> tuple[Values, Qualities]:
    # Shared and read-only: a site that is down must not cost an array per device and poll.
    if count not in _NOTHING:
        values = np.full(count, np.nan)
        quality = np.full(count, Quality.LINK_FAILED, dtype=np.uint8)
        values.flags.writeable = quality.flags.writeable = False
        _NOTHING[count] = (values, quality)
    return _NOTHING[count]
