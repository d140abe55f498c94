"""Polls faster where people work, and as before once they are done.

What is decided is pure: of everything around started work, which asset is polled how often. The
shell tells the poller what has changed since it was last told. It must run on the poller's event
loop; calling it in every cycle costs nothing while nobody works.
"""

from collections.abc import Collection, Mapping
from typing import Protocol

SPEEDUP = 2.0


class PolledAsset(Protocol):
    """What is to be known of a polled asset."""

    @property
    def interval_s(self) -> float:
        """How often it is polled as configured, s."""
        ...


class Poller(Protocol):
    """What is asked of a poller."""

    @property
    def devices(self) -> Mapping[str, PolledAsset]:
        """Return what is polled at present, by asset id."""
        ...

    def override_interval(self, asset_id: str, *, interval_s: float | None) -> None:
        """Poll an asset at another interval until told otherwise; None: as configured again."""
        ...


def faster_intervals(
    at_work: Collection[str], configured_s: Mapping[str, float], *, interval_s_min: float
) -> dict[str, float]:
    """Return the intervals, in s, of those assets that are to be polled faster than configured.

    Half the configured interval and not below `interval_s_min`; what is polled as often already
    stays as it is.
    """
    wanted = {
        a: max(configured_s[a] / SPEEDUP, interval_s_min) for a in at_work if a in configured_s
    }
    return {a: interval_s for a, interval_s in wanted.items() if interval_s < configured_s[a]}


class Pace:
    """What the poller was told."""

    def __init__(self, poller: Poller, *, interval_s_min: float) -> None:
        self._poller = poller
        self._interval_s_min = interval_s_min
        self._told_s: dict[str, float] = {}

    def follow(self, at_work: Collection[str]) -> None:
        """Poll faster what is around started work, and everything else as configured.

        An asset that left the poller keeps its override there, and may come back with a later
        reload; it is told then.
        """
        if not at_work and not self._told_s:
            return
        devices = self._poller.devices
        configured_s = {a: devices[a].interval_s for a in {*at_work, *self._told_s} if a in devices}
        wanted = faster_intervals(at_work, configured_s, interval_s_min=self._interval_s_min)
        for asset_id in configured_s:
            interval_s = wanted.get(asset_id)
            if interval_s != self._told_s.get(asset_id):
                self._poller.override_interval(asset_id, interval_s=interval_s)
            if interval_s is None:
                self._told_s.pop(asset_id, None)
            else:
                self._told_s[asset_id] = interval_s
