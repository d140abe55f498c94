"""The vocabulary of measured quantities: name, unit, what is plausible, what it means.

This table is the document of record: a profile may only name a quantity that stands here. The
plausible range is the widest that any lithium-ion UPS battery could show; a profile narrows it for
its device. A value outside is bad data, not an alarm: 2 000 000 000 V is a broken register.
"""

from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType


class BatteryStatus(IntEnum):
    """`battery_status` (UPS-MIB upsBatteryStatus)."""

    UNKNOWN = 1
    NORMAL = 2
    LOW = 3
    DEPLETED = 4


class OutputSource(IntEnum):
    """`output_source` (UPS-MIB upsOutputSource)."""

    OTHER = 1
    NONE = 2
    NORMAL = 3
    BYPASS = 4
    BATTERY = 5
    BOOSTER = 6
    REDUCER = 7


@dataclass(frozen=True, slots=True)
class Quantity:
    """One row of the vocabulary. `plausible_min` and `plausible_max` are in `unit`."""

    name: str
    unit: str  # as shown to people; "" for counts, enumerations and flags
    plausible_min: float
    plausible_max: float
    meaning: str
    is_flag: bool = False  # 0 or 1
    is_enumeration: bool = False  # whole number with named values
    is_bits: bool = False  # whole number whose bits are flags; at most 24 (exact in a float32)
    unknown: int | None = None  # with which a device says that it does not know itself


_BITS_MAX = float(2**24 - 1)


def _flag(name: str, meaning: str) -> Quantity:
    return Quantity(name, "", 0, 1, meaning, is_flag=True)


def _place(extreme: str, level: str) -> Quantity:
    return Quantity(f"{extreme}_{level}", "", 1, 9999, f"number of the {level} with that extreme")


def _bits(name: str, meaning: str) -> Quantity:
    return Quantity(name, "", 0, _BITS_MAX, meaning, is_bits=True)


_ROWS = (
    Quantity("soc_pct", "%", 0, 100, "state of charge"),
    Quantity("soh_pct", "%", 0, 110, "state of health, as the device reports it"),
    Quantity("voltage_v", "V", 0, 1500, "voltage at the terminals of the component"),
    Quantity("bus_voltage_v", "V", 0, 1500, "voltage on the DC bus side of contactor and breaker"),
    Quantity("current_a", "A", -10000, 10000, "current, positive while charging"),
    Quantity("power_w", "W", -1e7, 1e7, "power, positive while charging"),
    Quantity("temperature_c", "°C", -40, 150, "temperature at one sensor, or of the battery"),
    Quantity("ambient_temperature_c", "°C", -40, 90, "air temperature of the room"),
    Quantity("humidity_pct", "%", 0, 100, "relative humidity of the room"),
    Quantity("cell_voltage_v", "V", 0, 5.5, "voltage of one cell"),
    Quantity("cell_voltage_v_min", "V", 0, 5.5, "lowest cell voltage of the component"),
    Quantity("cell_voltage_v_max", "V", 0, 5.5, "highest cell voltage of the component"),
    Quantity("cell_voltage_v_mean", "V", 0, 5.5, "mean cell voltage of the component"),
    Quantity("module_temperature_c_min", "°C", -40, 150, "lowest module temperature"),
    Quantity("module_temperature_c_max", "°C", -40, 150, "highest module temperature"),
    Quantity("module_temperature_c_mean", "°C", -40, 150, "mean module temperature"),
    Quantity("insulation_kohm", "kΩ", 0, 1e6, "insulation resistance to earth"),
    Quantity("cycle_count", "", 0, 1e6, "executed cycles"),
    Quantity("energy_throughput_kwh", "kWh", 0, 1e9, "energy discharged since commissioning"),
    Quantity("capacity_ah", "Ah", 0, 1e5, "capacity as the device reports it"),
    Quantity("runtime_remaining_s", "s", 0, 30 * 86400, "estimated time until depletion"),
    Quantity("time_on_battery_s", "s", 0, 30 * 86400, "time since the UPS went on battery"),
    Quantity("load_pct", "%", 0, 200, "load on the UPS's output"),
    Quantity("string_count_connected", "", 0, 1000, "strings whose contactor is closed"),
    Quantity(
        "battery_status", "", 1, 4, "1 unknown, 2 normal, 3 low, 4 depleted", is_enumeration=True,
        unknown=BatteryStatus.UNKNOWN,
    ),
    Quantity(
        "output_source", "", 1, 7,
        "1 other, 2 none, 3 normal, 4 bypass, 5 battery, 6 booster, 7 reducer", is_enumeration=True,
    ),
    _flag("replace_indicator", "the device asks for a new battery"),
    _flag("battery_fault", "the device says that its battery has a fault"),
    _flag("contactor_closed", "the contactor connects this component to the DC bus"),
    _flag("breaker_closed", "the breaker connects this component to the DC bus"),
    _flag("door_open", "the cabinet's door is open"),
    _flag("gas_alarm", "off-gas detector"),
    _flag("smoke_alarm", "smoke detector"),
    _flag("communication_lost", "the device has lost its own sub-devices"),
    Quantity("alarm_count", "", 0, 1e5, "alarms active in the device"),
    _bits("bms_alarm_bits", "alarm bits as the BMS sends them"),
    _bits("bms_fault_bits", "fault bits as the BMS sends them"),
    _bits("bms_status_bits", "status bits as the BMS sends them"),
    # Where an extreme was found, for devices that say so; numbers count from 1.
    *(
        _place(extreme, level)
        for extreme in (
            "cell_voltage_v_max", "cell_voltage_v_min",
            "module_temperature_c_max", "module_temperature_c_min",
        )
        for level in ("string", "module", "cell")
    ),
)  # fmt: skip

QUANTITIES = MappingProxyType({row.name: row for row in _ROWS})
