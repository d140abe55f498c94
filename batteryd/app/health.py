"""Measures the health of all batteries beside the watch, and keeps what it finds.

    snapshots of a cycle --take--> a meter an asset --points--> health.db
    journal, last 12 h, one asset at a time --catch up--> a meter that has seen what ran at the stop

A discharge may be running when batteryd stops. So after a start each asset's meter is led past what
the journal has of the last 12 hours, one asset every two seconds: the journal has all that has been
read since, so the meter is then where it would have been, and points that are found again are the
same rows. Assets without a discharge in these hours are passed over.

None of it may cost a poll or an alarm: a mistake in one asset's values ends the measurement of that
asset until the next start, with one line in the log. What cannot be written waits, and is bounded.
"""

import logging
from collections import deque
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from batteryd.clock import Clock
from batteryd.domain.health import Measured
from batteryd.domain.inventory import Asset
from batteryd.domain.snapshot import Snapshot
from batteryd.errors import StoreError
from batteryd.health.limits import HealthLimits
from batteryd.health.meter import Meter
from batteryd.health.resistance import REST_C
from batteryd.store.health import HealthStore
from batteryd.store.journal import Journal

_log = logging.getLogger(__name__)

LOOKBACK_S = 12 * 3600.0
CATCH_UP_EVERY_S = 2.0
WAITING_MAX = 1000  # points that the store could not take yet


class HealthWatch:
    """The meters of one site. All of it runs in the monitor's thread."""

    def __init__(
        self, *, store: HealthStore, journal: Journal, limits: HealthLimits, clock: Clock
    ) -> None:
        self._store, self._journal, self._limits, self._clock = store, journal, limits, clock
        self._assets: Mapping[str, Asset] = {}
        self._meters: dict[str, Meter] = {}
        self._to_catch_up: list[str] = []
        self._waiting: deque[tuple[str, Measured]] = deque(maxlen=WAITING_MAX)
        self._is_in_trouble = False

    def follow(self, assets: Mapping[str, Asset]) -> None:
        """Measure these assets from now on; one that has changed begins anew."""
        for asset_id in self._meters.keys() - assets.keys():
            del self._meters[asset_id]
        for asset_id, asset in assets.items():
            if asset != self._assets.get(asset_id):
                self._meters[asset_id] = Meter(asset, self._limits)
                self._to_catch_up.append(asset_id)
        self._assets = assets

    def take(self, snapshots: Sequence[Snapshot]) -> None:
        """Take what was read since the last time; it is in the journal already."""
        for snapshot in snapshots:
            if snapshot.asset_id in self._meters:
                self._measure(snapshot.asset_id, (snapshot,))
        self._keep()

    def catch_up(self) -> None:
        """Lead the next asset's meter past what was read before the start."""
        if not self._to_catch_up:
            return
        asset_id = self._to_catch_up.pop(0)
        asset, now_s = self._assets.get(asset_id), self._clock.now_s()
        stretch = (now_s - LOOKBACK_S, now_s + LOOKBACK_S)  # a clock may have run back
        if asset is None or not self._has_discharged(asset, stretch):
            return
        self._meters[asset_id] = Meter(asset, self._limits)
        self._measure(asset_id, self._journal.read(asset_id, *stretch))
        self._keep()

    def _has_discharged(self, asset: Asset, stretch: tuple[float, float]) -> bool:
        """Whether the journal has a current that a meter takes for a discharge."""
        strings = asset.geometry.string_count or 1
        limit_a = -REST_C * (asset.capacity_ah or np.inf) / strings
        columns = {
            layout.columns[at]
            for _, layout in self._journal.names.layouts
            for at in layout.indices("current_a")
        }
        found = (self._journal.series(asset.asset_id, column, *stretch) for column in columns)
        return any(bool((series.value < limit_a).any()) for series in found)

    def _measure(self, asset_id: str, snapshots: Iterable[Snapshot]) -> None:
        meter = self._meters[asset_id]
        try:
            for snapshot in snapshots:
                self._waiting.extend((asset_id, one) for one in meter.take(snapshot))
        except StoreError as error:
            _log.error("health is not caught up asset=%s error=%r", asset_id, str(error))
        except Exception:  # noqa: BLE001  outermost: the watch over this and all others goes on
            _log.error("health is no longer measured asset=%s", asset_id, exc_info=True)
            del self._meters[asset_id]

    def _keep(self) -> None:
        """Write what waits; what cannot be written waits for the next time."""
        while self._waiting:
            asset_id, measured = self._waiting[0]
            try:
                self._store.put(asset_id, [measured])
            except StoreError as error:
                if not self._is_in_trouble:
                    _log.error("health cannot be stored error=%r", str(error))
                self._is_in_trouble = True
                return
            self._is_in_trouble = False
            self._waiting.popleft()
