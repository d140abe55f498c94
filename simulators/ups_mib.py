"""What a simulated UPS answers by SNMP: the system group and UPS-MIB (RFC 1628), as one table.

Each row is an object as the MIB writes it: where it stands, its name and syntax, and how it follows
from what the card knows. Units are the MIB's: tenths of volts, amperes and hertz, minutes. Alarms
are a table of their own whose rows come and go.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from batteryd.domain.quantity import BatteryStatus, OutputSource
from simulators.faults import Fault

Oid = tuple[int, ...]


class Syntax(StrEnum):
    """How a value is written in SNMP."""

    INTEGER = "Integer32"
    GAUGE = "Gauge32"
    TICKS = "TimeTicks"
    TEXT = "OctetString"
    OID = "ObjectIdentifier"


class MibValue(NamedTuple):
    """One value: a whole number, or a text, which may be an OID."""

    syntax: Syntax
    value: int | str


SYS_OBJECT_ID = "1.3.6.1.2.1.33"  # as cards say that have nothing but UPS-MIB
_SYSTEM: Oid = (1, 3, 6, 1, 2, 1, 1)
_UPS_MIB: Oid = (1, 3, 6, 1, 2, 1, 33, 1)
_WELL_KNOWN_ALARMS = "1.3.6.1.2.1.33.1.6.3"
_PHASES = (1, 2, 3)
_PHASE_V = 230.0
_MAINS_HZ = 50.0
_AGENT_VERSION = "batteryd simulator"


@dataclass(frozen=True, slots=True)
class UpsReadings:
    """What a UPS's card knows at one instant. Current is positive while charging."""

    manufacturer: str
    model: str
    name: str
    uptime_s: float
    battery_status: BatteryStatus
    time_on_battery_s: float
    runtime_remaining_s: float
    soc_pct: float
    battery_voltage_v: float
    battery_current_a: float
    battery_temperature_c: float
    mains_present: bool
    output_source: OutputSource
    load_w: float
    rating_w: float

    @property
    def delivered_w(self) -> float:
        """What the load really gets."""
        return 0.0 if self.output_source is OutputSource.NONE else self.load_w

    @property
    def load_pct(self) -> float:
        """Load against rating."""
        return 100.0 * self.delivered_w / self.rating_w

    @property
    def output_v(self) -> float:
        """Voltage of each output phase."""
        return 0.0 if self.output_source is OutputSource.NONE else _PHASE_V

    @property
    def output_hz(self) -> float:
        """Frequency of the output."""
        return 0.0 if self.output_source is OutputSource.NONE else _MAINS_HZ


Value = Callable[[UpsReadings], float | str]


@dataclass(frozen=True, slots=True)
class MibObject:
    """One object type. With `per_phase` it is a column with a row for each phase."""

    at: Oid  # below its group, without instance
    name: str
    syntax: Syntax
    value: Value
    per_phase: bool = False


_SYSTEM_OBJECTS = (
    MibObject((1,), "sysDescr", Syntax.TEXT, lambda u: f"{u.manufacturer} {u.model}"),
    MibObject((2,), "sysObjectID", Syntax.OID, lambda _: SYS_OBJECT_ID),
    MibObject((3,), "sysUpTime", Syntax.TICKS, lambda u: 100 * u.uptime_s),
    MibObject((4,), "sysContact", Syntax.TEXT, lambda _: "nobody: this UPS is simulated"),
    MibObject((5,), "sysName", Syntax.TEXT, lambda u: u.name),
    MibObject((6,), "sysLocation", Syntax.TEXT, lambda _: "made up"),
)
_UPS_OBJECTS = (
    MibObject((1, 1), "upsIdentManufacturer", Syntax.TEXT, lambda u: u.manufacturer),
    MibObject((1, 2), "upsIdentModel", Syntax.TEXT, lambda u: u.model),
    MibObject((1, 3), "upsIdentUPSSoftwareVersion", Syntax.TEXT, lambda _: "1.0"),
    MibObject((1, 4), "upsIdentAgentSoftwareVersion", Syntax.TEXT, lambda _: _AGENT_VERSION),
    MibObject((1, 5), "upsIdentName", Syntax.TEXT, lambda u: u.name),
    MibObject((1, 6), "upsIdentAttachedDevices", Syntax.TEXT, lambda _: ""),
    MibObject((2, 1), "upsBatteryStatus", Syntax.INTEGER, lambda u: u.battery_status),
    MibObject((2, 2), "upsSecondsOnBattery", Syntax.INTEGER, lambda u: u.time_on_battery_s),
    MibObject(
        (2, 3), "upsEstimatedMinutesRemaining", Syntax.INTEGER, lambda u: u.runtime_remaining_s / 60
    ),
    MibObject((2, 4), "upsEstimatedChargeRemaining", Syntax.INTEGER, lambda u: u.soc_pct),
    MibObject((2, 5), "upsBatteryVoltage", Syntax.INTEGER, lambda u: 10 * u.battery_voltage_v),
    MibObject((2, 6), "upsBatteryCurrent", Syntax.INTEGER, lambda u: 10 * u.battery_current_a),
    MibObject((2, 7), "upsBatteryTemperature", Syntax.INTEGER, lambda u: u.battery_temperature_c),
    MibObject((3, 1), "upsInputLineBads", Syntax.GAUGE, lambda u: not u.mains_present),
    MibObject((3, 2), "upsInputNumLines", Syntax.INTEGER, lambda _: len(_PHASES)),
    MibObject(
        (3, 3, 1, 2), "upsInputFrequency", Syntax.INTEGER,
        lambda u: 10 * _MAINS_HZ * u.mains_present, per_phase=True,
    ),
    MibObject(
        (3, 3, 1, 3), "upsInputVoltage", Syntax.INTEGER,
        lambda u: _PHASE_V * u.mains_present, per_phase=True,
    ),
    MibObject((4, 1), "upsOutputSource", Syntax.INTEGER, lambda u: u.output_source),
    MibObject((4, 2), "upsOutputFrequency", Syntax.INTEGER, lambda u: 10 * u.output_hz),
    MibObject((4, 3), "upsOutputNumLines", Syntax.INTEGER, lambda _: len(_PHASES)),
    MibObject(
        (4, 4, 1, 2), "upsOutputVoltage", Syntax.INTEGER, lambda u: u.output_v, per_phase=True,
    ),
    MibObject(
        (4, 4, 1, 3), "upsOutputCurrent", Syntax.INTEGER,
        lambda u: 10 * u.delivered_w / len(_PHASES) / _PHASE_V, per_phase=True,
    ),
    MibObject(
        (4, 4, 1, 4), "upsOutputPower", Syntax.INTEGER,
        lambda u: u.delivered_w / len(_PHASES), per_phase=True,
    ),
    MibObject(
        (4, 4, 1, 5), "upsOutputPercentLoad", Syntax.INTEGER, lambda u: u.load_pct, per_phase=True,
    ),
    MibObject((6, 1), "upsAlarmsPresent", Syntax.GAUGE, lambda u: len(alarms_of(u))),
)  # fmt: skip

_ALARMS: Mapping[int, tuple[str, Callable[[UpsReadings], bool]]] = MappingProxyType(
    {
        2: ("upsAlarmOnBattery", lambda u: u.output_source is OutputSource.BATTERY),
        3: ("upsAlarmLowBattery", lambda u: u.battery_status is BatteryStatus.LOW),
        4: ("upsAlarmDepletedBattery", lambda u: u.battery_status is BatteryStatus.DEPLETED),
        6: ("upsAlarmInputBad", lambda u: not u.mains_present),
        14: ("upsAlarmUpsOutputOff", lambda u: u.output_source is OutputSource.NONE),
    }
)


def alarms_of(readings: UpsReadings) -> tuple[int, ...]:
    """Return the last numbers of the well-known alarms that are active."""
    return tuple(number for number, (_, is_active) in _ALARMS.items() if is_active(readings))


def objects_of(readings: UpsReadings, *, faults: Sequence[Fault] = ()) -> dict[Oid, MibValue]:
    """Return everything the agent has, by full OID in order, as its faults leave it."""
    found: dict[Oid, MibValue] = {}
    for row in _SYSTEM_OBJECTS:
        found[(*_SYSTEM, *row.at, 0)] = _encoded(row, readings)
    for row in _UPS_OBJECTS:
        for instance in _PHASES if row.per_phase else (0,):
            found[(*_UPS_MIB, *row.at, instance)] = _encoded(row, readings)
    for index, number in enumerate(alarms_of(readings), start=1):
        found[(*_UPS_MIB, 6, 2, 1, 2, index)] = MibValue(
            Syntax.OID, f"{_WELL_KNOWN_ALARMS}.{number}"
        )
    for fault in faults:
        found = _spoilt(found, fault)
    return dict(sorted(found.items()))


def _encoded(row: MibObject, readings: UpsReadings) -> MibValue:
    value = row.value(readings)
    return MibValue(row.syntax, value if isinstance(value, str) else round(value))


def _spoilt(objects: Mapping[Oid, MibValue], fault: Fault) -> dict[Oid, MibValue]:
    match fault.kind.name:
        case "missing_oids":
            below = oid_of(fault.text("below"))
            return {oid: v for oid, v in objects.items() if oid[: len(below)] != below}
        case "sentinel_oids":
            below, number = oid_of(fault.text("below")), int(fault.number("value"))
            return {
                oid: MibValue(Syntax.INTEGER, number)
                if oid[: len(below)] == below and has.syntax is Syntax.INTEGER
                else has
                for oid, has in objects.items()
            }
        case _:  # a fault of the wire leaves the objects alone
            return dict(objects)


def oid_of(text: str) -> Oid:
    """Return the numbers of an OID as text."""
    return tuple(int(part) for part in text.strip(".").split("."))
