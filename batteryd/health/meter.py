"""All measurements of one asset, poll by poll.

While a battery idles, a poll costs a few comparisons; arrays are looked at only where a discharge
begins or ends. A changed layout begins anew: nothing is compared across it.
"""

from collections.abc import Iterable, Iterator

from batteryd.domain.health import Measured
from batteryd.domain.inventory import Asset
from batteryd.domain.snapshot import EMPTY_LAYOUT, Layout, Snapshot
from batteryd.health.capacity import DischargeMeter
from batteryd.health.limits import HealthLimits
from batteryd.health.reading import Reading, Smoothing, read
from batteryd.health.resistance import StepMeter
from batteryd.health.strings import StringColumns, compile_strings


class Meter:
    """What discharges show of one asset."""

    def __init__(self, asset: Asset, limits: HealthLimits) -> None:
        self._asset, self._limits = asset, limits
        self._layout = EMPTY_LAYOUT
        self._strings: tuple[_StringMeter, ...] = ()

    def take(self, snapshot: Snapshot) -> list[Measured]:
        """Take one poll; return what it has completed."""
        if snapshot.is_failed:
            return []
        if snapshot.layout is not self._layout:
            self._compile(snapshot.layout)
        found: list[Measured] = []
        for meter in self._strings:
            reading = read(meter.string, snapshot)
            if reading is not None:
                found += meter.take(reading)
        return found

    def _compile(self, layout: Layout) -> None:
        is_same = layout.layout_id == self._layout.layout_id
        self._layout = layout
        if not is_same:
            strings = compile_strings(self._asset, layout).strings
            self._strings = tuple(_StringMeter(string, self._limits) for string in strings)


class _StringMeter:
    def __init__(self, string: StringColumns, limits: HealthLimits) -> None:
        self.string = string
        self._step, self._discharge = StepMeter(string, limits), DischargeMeter(string, limits)
        self._smoothing = Smoothing()
        self._at_s = -float("inf")

    def take(self, newest: Reading) -> list[Measured]:
        reading = self._smoothing.take(newest)
        if reading is None:
            return []
        if not 0 <= reading.at_s - self._at_s <= self.string.gap_s:
            self._step.restart()
        self._at_s = reading.at_s
        seen = (self._step.take(reading), self._discharge.take(reading))
        return [measured for measured in seen if measured is not None]


def measured_of(
    asset: Asset, snapshots: Iterable[Snapshot], limits: HealthLimits
) -> Iterator[Measured]:
    """Yield what a stretch of the past shows."""
    meter = Meter(asset, limits)
    for snapshot in snapshots:
        yield from meter.take(snapshot)
