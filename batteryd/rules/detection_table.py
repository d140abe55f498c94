"""All kinds of the detection family, in the order in which they are asked.

Leaks come before joints, whose text they suppress, and what locates comes before what does not.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from batteryd.rules.cell_joint import CellJoint, CellJointSettings
from batteryd.rules.cell_leak import (
    CellFastLeak,
    CellFastLeakSettings,
    CellLeak,
    CellLeakSettings,
)
from batteryd.rules.detector import Detector, DetectorSettings
from batteryd.rules.heat_charge import HeatCharge, HeatChargeSettings
from batteryd.rules.heat_cooling import HeatCooling, HeatCoolingSettings
from batteryd.rules.heat_drift import HeatDrift, HeatDriftSettings
from batteryd.rules.heat_pattern import HeatPattern, HeatPatternSettings
from batteryd.rules.heat_peer import HeatPeer, HeatPeerSettings
from batteryd.rules.heat_rise import HeatRise, HeatRiseSettings
from batteryd.rules.heat_room import HeatRoom, HeatRoomSettings
from batteryd.rules.rack import Rack
from batteryd.rules.sensor_faults import (
    SensorCold,
    SensorColdSettings,
    SensorInvalid,
    SensorInvalidSettings,
    SensorStuck,
    SensorStuckSettings,
)


class DetectorKind(NamedTuple):
    """A row of `DETECTORS`; `make` takes the settings of its own class."""

    settings: type[DetectorSettings]
    make: Callable[[Any, Rack], Detector]
    needs_cells: bool = False


DETECTORS: Mapping[str, DetectorKind] = MappingProxyType(
    {
        "heat_room": DetectorKind(HeatRoomSettings, HeatRoom),
        "cell_fast_leak": DetectorKind(CellFastLeakSettings, CellFastLeak, needs_cells=True),
        "cell_leak": DetectorKind(CellLeakSettings, CellLeak, needs_cells=True),
        "heat_peer": DetectorKind(HeatPeerSettings, HeatPeer),
        "heat_rise": DetectorKind(HeatRiseSettings, HeatRise),
        "heat_drift": DetectorKind(HeatDriftSettings, HeatDrift),
        "cell_joint": DetectorKind(CellJointSettings, CellJoint, needs_cells=True),
        "heat_cooling": DetectorKind(HeatCoolingSettings, HeatCooling),
        "heat_charge": DetectorKind(HeatChargeSettings, HeatCharge),
        "heat_pattern": DetectorKind(HeatPatternSettings, HeatPattern),
        "sensor_invalid": DetectorKind(SensorInvalidSettings, SensorInvalid),
        "sensor_stuck": DetectorKind(SensorStuckSettings, SensorStuck),
        "sensor_cold": DetectorKind(SensorColdSettings, SensorCold),
    }
)
