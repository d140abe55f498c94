"""Looks at every polled battery for signs that somebody works on it.

The witness compares with what it saw first, so it has nothing to say of the first snapshot after a
start. A reload of the inventory changes nothing for what stays in it.
"""

from collections.abc import Mapping

from batteryd.clearance.unannounced_current import Currents
from batteryd.clearance.unannounced_modules import Modules
from batteryd.clearance.unannounced_racks import Racks
from batteryd.clearance.unannounced_sign import Detector, Sign
from batteryd.clearance.unannounced_switches import Switches
from batteryd.domain.inventory import Asset
from batteryd.domain.snapshot import Snapshot


class Witness:
    """All detectors on all batteries."""

    def __init__(self, batteries: Mapping[str, Asset]) -> None:
        self._watched = frozenset(batteries)
        self._racks, self._currents = Racks(batteries), Currents(batteries)
        self._detectors: tuple[Detector, ...] = (
            Switches(), Modules(), self._racks, self._currents,
        )  # fmt: skip

    def step(self, snapshot: Snapshot) -> tuple[Sign, ...]:
        """Take note of a poll, a failed one too; return what began and what is over."""
        if snapshot.asset_id not in self._watched:
            return ()
        return tuple(sign for detector in self._detectors for sign in detector.step(snapshot))

    def restore(self, sign: Sign) -> None:
        """Take over, after a start, a sign that stood: its end is still to be seen."""
        for detector in self._detectors:
            detector.restore(sign)

    def replace(self, batteries: Mapping[str, Asset]) -> None:
        """Go on with another inventory; what is no longer polled is forgotten."""
        for asset_id in self._watched - batteries.keys():
            for detector in self._detectors:
                detector.forget(asset_id)
        self._watched = frozenset(batteries)
        self._racks.replace(batteries)
        self._currents.replace(batteries)
