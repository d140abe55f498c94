"""What a rack's BMS measures: the truth of the physics through sensors that are a little wrong.

Every temperature sensor is off by a fixed amount, every reading carries noise, and all is rounded
as the BMS rounds it. Noise is drawn from the seed and the number of the scan (the BMS scans once a
simulated second), so a reading depends on when it is taken but not on how often anybody asks.

The state of charge is what the BMS believes: `soc_error_pct` is how far its coulomb counter is off.
"""

from dataclasses import dataclass

import numpy as np

from batteryd.domain.component import WHOLE_BATTERY, Component
from batteryd.domain.snapshot import Column, Layout
from simulators.battery import Electrics, RackBuild, RackState
from simulators.chemistry import Floats

SCAN_S = 1.0
_CELL_NOISE_V = 0.0005
_TEMPERATURE_NOISE_K = 0.06
_SENSOR_OFFSET_K = 0.25
_CURRENT_NOISE_A = 0.03
_HEALTHY_INSULATION_KOHM = 2400.0
_LOCAL_WARMTH_K = 0.4  # the middle of a module against its ends
_ALARM_OVER_TEMPERATURE_C = 60.0
_ALARM_UNDERVOLTAGE_V = 2.5
_ALARM_OVERVOLTAGE_V = 4.25

BATTERY_QUANTITIES = (
    "soc_pct", "soh_pct", "voltage_v", "bus_voltage_v", "current_a", "power_w",
    "ambient_temperature_c", "humidity_pct", "cell_voltage_v_min", "cell_voltage_v_max",
    "cell_voltage_v_mean", "module_temperature_c_min", "module_temperature_c_max",
    "module_temperature_c_mean", "insulation_kohm", "cycle_count", "energy_throughput_kwh",
    "capacity_ah", "string_count_connected", "contactor_closed", "breaker_closed", "door_open",
    "gas_alarm", "smoke_alarm", "communication_lost", "alarm_count", "bms_alarm_bits",
    "bms_fault_bits", "bms_status_bits",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RackTruth:
    """Everything that is true of a rack at one instant, as far as its BMS could know."""

    state: RackState
    electrics: Electrics
    current_a: float
    bus_voltage_v: float
    air_c: float
    humidity_pct: float
    contactor_closed: bool
    breaker_closed: bool
    soh_pct: float
    soc_error_pct: float
    cycle_count: float  # at the beginning
    energy_throughput_kwh: float  # at the beginning


class RackSensors:
    """The sensors of one rack; `layout` says what each number of a reading is."""

    def __init__(self, build: RackBuild, *, sensor_count_per_module: int, seed: int) -> None:
        self.layout = _layout(build, sensor_count_per_module)
        self._capacity_ah = build.capacity_ah
        self._seed = seed
        rng = np.random.default_rng(seed)
        shape = (build.module_count, sensor_count_per_module)
        middle = np.sin(np.linspace(0.3, np.pi - 0.3, sensor_count_per_module))
        self._offset_k = rng.normal(0.0, _SENSOR_OFFSET_K, shape) + _LOCAL_WARMTH_K * middle

    def read(self, truth: RackTruth, *, scan_number: int) -> Floats:
        """Return what this scan of the BMS measures, in the order of the layout."""
        rng = np.random.default_rng((self._seed, scan_number))
        cells = truth.electrics.cell_voltage_v(truth.current_a)
        cells = np.round(cells + rng.normal(0.0, _CELL_NOISE_V, cells.shape), 3)
        sensors = truth.state.temperature_c[:, None] + self._offset_k
        sensors = np.round(sensors + rng.normal(0.0, _TEMPERATURE_NOISE_K, sensors.shape), 1)
        current_a = truth.current_a
        if truth.contactor_closed and truth.breaker_closed:
            current_a += float(rng.normal(0.0, _CURRENT_NOISE_A))
        whole = self._whole(truth, cells=cells, sensors=sensors, current_a=current_a)
        return np.concatenate([whole, cells.sum(axis=1), cells.ravel(), sensors.ravel()])

    def _whole(
        self, truth: RackTruth, *, cells: Floats, sensors: Floats, current_a: float
    ) -> Floats:
        voltage_v = float(cells.sum())
        connected = truth.contactor_closed and truth.breaker_closed
        alarms = _alarm_bits(cells, sensors)
        soc_pct = 100.0 * float(truth.state.soc.mean()) + truth.soc_error_pct
        state = truth.state
        values = {
            "soc_pct": min(max(soc_pct, 0.0), 100.0),
            "soh_pct": truth.soh_pct,
            "voltage_v": voltage_v,
            "bus_voltage_v": truth.bus_voltage_v,
            "current_a": current_a,
            "power_w": voltage_v * current_a,
            "ambient_temperature_c": truth.air_c,
            "humidity_pct": truth.humidity_pct,
            "cell_voltage_v_min": cells.min(),
            "cell_voltage_v_max": cells.max(),
            "cell_voltage_v_mean": cells.mean(),
            "module_temperature_c_min": sensors.min(),
            "module_temperature_c_max": sensors.max(),
            "module_temperature_c_mean": sensors.mean(),
            "insulation_kohm": _HEALTHY_INSULATION_KOHM,
            "cycle_count": truth.cycle_count + state.discharged_ah / self._capacity_ah,
            "energy_throughput_kwh": truth.energy_throughput_kwh + state.discharged_kwh,
            "capacity_ah": self._capacity_ah * truth.soh_pct / 100.0,
            "string_count_connected": connected,
            "contactor_closed": truth.contactor_closed,
            "breaker_closed": truth.breaker_closed,
            "door_open": 0,
            "gas_alarm": 0,
            "smoke_alarm": 0,
            "communication_lost": 0,
            "alarm_count": alarms.bit_count(),
            "bms_alarm_bits": alarms,
            "bms_fault_bits": 0,
            "bms_status_bits": int(connected),
        }
        return np.array([values[name] for name in BATTERY_QUANTITIES], dtype=np.float64)


def _alarm_bits(cells: Floats, sensors: Floats) -> int:
    tests = (
        cells.max() > _ALARM_OVERVOLTAGE_V,
        cells.min() < _ALARM_UNDERVOLTAGE_V,
        sensors.max() > _ALARM_OVER_TEMPERATURE_C,
    )
    return sum(1 << bit for bit, is_set in enumerate(tests) if is_set)


def _layout(build: RackBuild, sensor_count_per_module: int) -> Layout:
    modules = range(1, build.module_count + 1)
    cells = range(1, build.cell_count_per_module + 1)
    sensors = range(1, sensor_count_per_module + 1)
    return Layout.of(
        [
            *(Column(WHOLE_BATTERY, quantity) for quantity in BATTERY_QUANTITIES),
            *(Column(Component(1, m), "voltage_v") for m in modules),
            *(Column(Component(1, m, cell=c), "cell_voltage_v") for m in modules for c in cells),
            *(Column(Component(1, m, sensor=t), "temperature_c") for m in modules for t in sensors),
        ]
    )
