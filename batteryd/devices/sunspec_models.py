"""The points of SunSpec's battery models that batteryd reads, as the standard lists them.

    802  battery bank: charge, current, power, state, events
    803  lithium-ion bank: extremes with their place, then one group a string
    804  one lithium-ion string, then one group a module
    805  one lithium-ion module, then one group a cell

An offset counts registers from the model's ID (of a group, from the group's start); a scale
factor's always from the model's ID. Where two models say the same of a component, the more detailed
one, that with the higher number, is believed, as far as the device implements it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

COMMON, BATTERY, BANK, STRING, MODULE = 1, 802, 803, 804, 805
BATTERY_MODELS = (BATTERY, BANK, STRING, MODULE)

CHARGE_STATUS = "bms_status_bits"  # what 802's ChaSt is kept as: bit n set where ChaSt is n
DISCHARGING, CHARGING = 3, 4  # ChaSt
_CHARGE_STATES = {state: 1 << state for state in range(1, 8)}

# What 802's State says of the contactor; the other states leave it open.
_CONTACTOR_BY_STATE = {1: 0, 3: 1}

_EVENT_BIT_COUNT = 24  # of the thirty in Evt1: more than one quantity does not hold
_COMMUNICATION_ERROR, _OPEN_DOOR_ERROR = 0, 23
_CONTACTOR_STATUS = 1  # of a string's status


@dataclass(frozen=True, slots=True)
class SunspecPoint:
    """One point of a model and the quantity of ours that it is."""

    name: str
    offset: int
    type: str
    quantity: str
    scale_offset: int | None = None
    bit: int = 0
    bit_count: int = 1  # of a bit field
    enumeration: Mapping[int, int] | None = None
    numbers: str | None = None  # the value is the number of a string, module or cell


@dataclass(frozen=True, slots=True)
class SunspecModel:
    """A model's points; `fixed_length` and `group_length` in registers, ID and length included."""

    fixed_length: int
    points: tuple[SunspecPoint, ...]
    group_length: int = 0
    group_points: tuple[SunspecPoint, ...] = ()


def _events(name: str, offset: int) -> tuple[SunspecPoint, ...]:
    # No model's events reach beyond bit 29.
    rows = (
        ("communication_lost", _COMMUNICATION_ERROR, 1),
        ("door_open", _OPEN_DOOR_ERROR, 1),
        ("bms_alarm_bits", 0, _EVENT_BIT_COUNT),
        ("bms_fault_bits", _EVENT_BIT_COUNT, 30 - _EVENT_BIT_COUNT),
    )
    return tuple(
        SunspecPoint(name, offset, "bitfield32", quantity, bit=bit, bit_count=bit_count)
        for quantity, bit, bit_count in rows
    )


def _place(name: str, offset: int, extreme: str, level: str) -> SunspecPoint:
    return SunspecPoint(name, offset, "uint16", f"{extreme}_{level}", numbers=level)


def _contactor(name: str, offset: int) -> SunspecPoint:
    return SunspecPoint(name, offset, "bitfield32", "contactor_closed", bit=_CONTACTOR_STATUS)


P = SunspecPoint  # rows below

_BATTERY = SunspecModel(
    64,
    (
        P("AHRtg", 2, "uint16", "capacity_ah", 52),
        P("SoC", 11, "uint16", "soc_pct", 56),
        P("SoH", 13, "uint16", "soh_pct", 58),
        P("NCyc", 14, "uint32", "cycle_count"),
        P("ChaSt", 16, "enum16", CHARGE_STATUS, enumeration=_CHARGE_STATES),
        P("State", 22, "enum16", "contactor_closed", enumeration=_CONTACTOR_BY_STATE),
        *_events("Evt1", 26),
        P("V", 34, "uint16", "voltage_v", 59),
        P("CellVMax", 37, "uint16", "cell_voltage_v_max", 60),
        _place("CellVMaxStr", 38, "cell_voltage_v_max", "string"),
        _place("CellVMaxMod", 39, "cell_voltage_v_max", "module"),
        P("CellVMin", 40, "uint16", "cell_voltage_v_min", 60),
        _place("CellVMinStr", 41, "cell_voltage_v_min", "string"),
        _place("CellVMinMod", 42, "cell_voltage_v_min", "module"),
        P("CellVAvg", 43, "uint16", "cell_voltage_v_mean", 60),
        P("A", 44, "int16", "current_a", 61),
        P("W", 47, "int16", "power_w", 63),
    ),
)

_BANK = SunspecModel(
    28,
    (
        P("NStrCon", 3, "uint16", "string_count_connected"),
        P("ModTmpMax", 4, "int16", "module_temperature_c_max", 23),
        _place("ModTmpMaxStr", 5, "module_temperature_c_max", "string"),
        _place("ModTmpMaxMod", 6, "module_temperature_c_max", "module"),
        P("ModTmpMin", 7, "int16", "module_temperature_c_min", 23),
        _place("ModTmpMinStr", 8, "module_temperature_c_min", "string"),
        _place("ModTmpMinMod", 9, "module_temperature_c_min", "module"),
        P("ModTmpAvg", 10, "int16", "module_temperature_c_mean", 23),
    ),
    32,
    (
        _contactor("StrSt", 1),
        P("StrSoC", 4, "uint16", "soc_pct", 26),
        P("StrSoH", 5, "uint16", "soh_pct", 25),
        P("StrA", 6, "int16", "current_a", 24),
        P("StrCellVMax", 7, "uint16", "cell_voltage_v_max", 22),
        _place("StrCellVMaxMod", 8, "cell_voltage_v_max", "module"),
        P("StrCellVMin", 9, "uint16", "cell_voltage_v_min", 22),
        _place("StrCellVMinMod", 10, "cell_voltage_v_min", "module"),
        P("StrCellVAvg", 11, "uint16", "cell_voltage_v_mean", 22),
        P("StrModTmpMax", 12, "int16", "module_temperature_c_max", 23),
        _place("StrModTmpMaxMod", 13, "module_temperature_c_max", "module"),
        P("StrModTmpMin", 14, "int16", "module_temperature_c_min", 23),
        _place("StrModTmpMinMod", 15, "module_temperature_c_min", "module"),
        P("StrModTmpAvg", 16, "int16", "module_temperature_c_mean", 23),
        *_events("StrEvt1", 20),
    ),
)

_STRING = SunspecModel(
    48,
    (
        _contactor("St", 4),
        P("SoC", 8, "uint16", "soc_pct", 38),
        P("NCyc", 10, "uint32", "cycle_count"),
        P("SoH", 12, "uint16", "soh_pct", 39),
        P("A", 13, "int16", "current_a", 41),
        P("V", 14, "uint16", "voltage_v", 42),
        P("CellVMax", 15, "uint16", "cell_voltage_v_max", 43),
        _place("CellVMaxMod", 16, "cell_voltage_v_max", "module"),
        P("CellVMin", 17, "uint16", "cell_voltage_v_min", 43),
        _place("CellVMinMod", 18, "cell_voltage_v_min", "module"),
        P("CellVAvg", 19, "uint16", "cell_voltage_v_mean", 43),
        P("ModTmpMax", 20, "int16", "module_temperature_c_max", 44),
        _place("ModTmpMaxMod", 21, "module_temperature_c_max", "module"),
        P("ModTmpMin", 22, "int16", "module_temperature_c_min", 44),
        _place("ModTmpMinMod", 23, "module_temperature_c_min", "module"),
        P("ModTmpAvg", 24, "int16", "module_temperature_c_mean", 44),
        *_events("Evt1", 28),
    ),
    16,
    (
        P("ModSoC", 1, "uint16", "soc_pct", 38),
        P("ModSoH", 2, "uint16", "soh_pct", 39),
        P("ModCellVMax", 3, "uint16", "cell_voltage_v_max", 43),
        _place("ModCellVMaxCell", 4, "cell_voltage_v_max", "cell"),
        P("ModCellVMin", 5, "uint16", "cell_voltage_v_min", 43),
        _place("ModCellVMinCell", 6, "cell_voltage_v_min", "cell"),
        P("ModCellVAvg", 7, "uint16", "cell_voltage_v_mean", 43),
        P("ModCellTmpMax", 8, "int16", "module_temperature_c_max", 44),
        P("ModCellTmpMin", 10, "int16", "module_temperature_c_min", 44),
        P("ModCellTmpAvg", 12, "int16", "module_temperature_c_mean", 44),
    ),
)

_MODULE = SunspecModel(
    44,
    (
        P("SoC", 5, "uint16", "soc_pct", 38),
        P("SoH", 7, "uint16", "soh_pct", 39),
        P("NCyc", 8, "uint32", "cycle_count"),
        P("V", 10, "uint16", "voltage_v", 41),
        P("CellVMax", 11, "uint16", "cell_voltage_v_max", 42),
        _place("CellVMaxCell", 12, "cell_voltage_v_max", "cell"),
        P("CellVMin", 13, "uint16", "cell_voltage_v_min", 42),
        _place("CellVMinCell", 14, "cell_voltage_v_min", "cell"),
        P("CellVAvg", 15, "uint16", "cell_voltage_v_mean", 42),
        P("CellTmpMax", 16, "int16", "module_temperature_c_max", 43),
        P("CellTmpMin", 18, "int16", "module_temperature_c_min", 43),
        P("CellTmpAvg", 20, "int16", "module_temperature_c_mean", 43),
    ),
    4,
    (
        P("CellV", 0, "uint16", "cell_voltage_v", 42),
        P("CellTmp", 1, "int16", "temperature_c", 43),
    ),
)

MODELS: Mapping[int, SunspecModel] = MappingProxyType(
    {BATTERY: _BATTERY, BANK: _BANK, STRING: _STRING, MODULE: _MODULE}
)
