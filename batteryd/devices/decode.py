"""Decodes registers into quantities, a whole poll at once.

A profile and a geometry are compiled once into index arrays (`compiler`); a poll is then a handful
of numpy operations for every data type, whatever the number of values. Theory of operation:

    image    all registers that the plan reads, one after the other, each with a state (good,
             missing, rejected ...). Which request fetched a register does not matter here.
    group    the values of one data type. Their registers are gathered from the image least
             significant first, so that the little-endian memory they form *is* the number.
    value    is what scale, offset and sign make of a raw number (`arithmetic`).
    quality  starts good. A sentinel, a missing scale factor or an unknown enumeration number spoils
             it, then an implausible value, and above all a register that did not arrive. A spoilt
             value is NaN.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from batteryd.devices.arithmetic import Arithmetic, Enumeration
from batteryd.devices.link import RawReading
from batteryd.devices.plan import Request
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Indices, Layout, Qualities, Values

Words = npt.NDArray[np.uint16]

_GOOD = Quality.GOOD.value
_SCALE_MISSING = -0x8000  # SunSpec: scale factor not implemented
_SCALE_MAX = 10  # SunSpec: powers of ten from -10 to 10
_POWERS = 10.0 ** np.arange(_SCALE_MAX + 1)


class Image:
    """The registers of one poll and what became of each. Starts with every register missing."""

    def __init__(self, word_count: int) -> None:
        self.words: Words = np.zeros(word_count, dtype="<u2")
        self.states: Qualities = np.full(word_count, Quality.MISSING, dtype=np.uint8)

    def put(self, request: Request, answer: Sequence[int]) -> None:
        """Note an answer. One that does not fit the request costs its own values only."""
        place = slice(request.slot, request.slot + request.count)
        try:
            self.words[place] = np.array(answer, dtype=np.uint16).reshape(request.count)
        except (OverflowError, TypeError, ValueError):
            self.states[place] = Quality.UNDECODABLE
        else:
            self.states[place] = _GOOD

    def mark(self, request: Request, quality: Quality) -> None:
        """Note why a request has no answer."""
        self.states[request.slot : request.slot + request.count] = quality


@dataclass(frozen=True, eq=False)
class RegisterDecoder:
    """A profile compiled for one geometry."""

    layout: Layout
    sources: tuple[str, ...]
    requests: tuple[Request, ...]
    word_count: int
    groups: tuple["Group", ...] = field(repr=False)
    scale_factors: "ScaleFactors | None" = field(repr=False)
    enumerations: tuple[Enumeration, ...] = field(repr=False)
    arithmetic: Arithmetic = field(repr=False)
    state_words: Indices = field(repr=False)  # column x the registers that it depends on

    def image(self) -> Image:
        """Return an image to be filled by one poll."""
        return Image(self.word_count)

    def decode(self, image: Image) -> RawReading:
        """Return values and qualities in the order of the layout. Never raises on device data."""
        values: Values = np.empty(len(self.layout))
        quality: Qualities = np.zeros(len(self.layout), dtype=np.uint8)
        with np.errstate(all="ignore"):  # a broken float is bad data, not an error of ours
            for group in self.groups:
                group.decode(image.words, values=values, quality=quality)
            if self.scale_factors is not None:
                self.scale_factors.apply(image.words, values=values, quality=quality)
            for enumeration in self.enumerations:
                enumeration.apply(values=values, quality=quality)
            self.arithmetic.apply(values=values, quality=quality)
        if image.states.any():
            states = image.states[self.state_words].max(axis=1)
            np.copyto(quality, states, where=states != _GOOD)
        values[quality != _GOOD] = np.nan
        return RawReading(values, quality)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Values of one data type: where their registers are and what their raw numbers mean."""

    columns: Indices
    words: Indices  # column x register, least significant first
    unsigned: str  # the raw bits, for sentinels and bit fields
    number: str | None  # what the bits are; None: a bit field
    is_swapped: bool
    shifts: npt.NDArray[np.uint32]
    masks: npt.NDArray[np.uint32]
    sentinel_places: Indices  # one entry a sentinel: which member of the group may show it
    sentinels: npt.NDArray[np.uint64]

    def decode(self, words: Words, *, values: Values, quality: Qualities) -> None:
        """Write the group's raw numbers, and which of them are sentinels."""
        gathered = words[self.words]
        if self.is_swapped:
            gathered = gathered.byteswap()
        bits = gathered.view(self.unsigned)[:, 0]
        if self.number is None:
            values[self.columns] = (bits >> self.shifts) & self.masks
        else:
            values[self.columns] = bits.view(self.number)
        shown = bits[self.sentinel_places] == self.sentinels
        if shown.any():
            quality[self.columns[self.sentinel_places[shown]]] = Quality.SENTINEL


@dataclass(frozen=True, slots=True, eq=False)
class ScaleFactors:
    """Powers of ten that the device keeps in registers of its own."""

    columns: Indices
    words: Indices

    def apply(self, words: Words, *, values: Values, quality: Qualities) -> None:
        """Multiply by the powers of ten, and mark values whose power is unusable."""
        exponents = words[self.words].view("<i2").astype(np.intp)
        is_usable = np.abs(exponents) <= _SCALE_MAX
        powers = _POWERS[np.where(is_usable, np.abs(exponents), 0)]
        raw = values[self.columns]
        values[self.columns] = np.where(exponents < 0, raw / powers, raw * powers)
        quality[self.columns[~is_usable]] = Quality.UNDECODABLE
        quality[self.columns[exponents == _SCALE_MISSING]] = Quality.NOT_IMPLEMENTED
