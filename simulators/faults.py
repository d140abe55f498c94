"""Faults by name: what each one spoils, and its parameters.

A fault acts in one realm. In the *physics* something really happens and every sensor sees it; in a
*sensor* only the number is wrong; on the *wire* (of any device, or of one protocol) the device is
well and its answers are not; in a *room* the air changes. This table is the document of record: a
scenario may only name a fault that stands here, with parameters of these names and types; those not
given keep the value shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from batteryd.domain.component import WHOLE_BATTERY, Component

Parameter = float | str


class Realm(StrEnum):
    """Where a fault acts."""

    PHYSICS = "physics"
    SENSOR = "sensor"
    WIRE = "wire"  # of any device
    MODBUS = "modbus"
    SNMP = "snmp"
    ROOM = "room"


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One row of the table. Durations of wire faults are real seconds, never scaled."""

    name: str
    realm: Realm
    meaning: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)  # name and default


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that is at work: what, on whom, where in it, how much."""

    kind: FaultKind
    target: str  # asset id of a rack or UPS, or a room id
    component: Component = WHOLE_BATTERY
    quantity: str | None = None  # of a sensor fault; None: every quantity of the component
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def number(self, name: str) -> float:
        """Return a parameter that is a number."""
        return float(self.parameters.get(name, self.kind.parameters[name]))

    def text(self, name: str) -> str:
        """Return a parameter that is a text."""
        return str(self.parameters.get(name, self.kind.parameters[name]))


_ROWS = (
    FaultKind(
        "internal_short", Realm.PHYSICS, "a resistance across a cell drains and heats it",
        {"resistance_ohm": 1.0},
    ),
    FaultKind(
        "loose_joint", Realm.PHYSICS, "a joint of a cell resists: it heats and drops voltage",
        {"resistance_mohm": 1.0},
    ),
    FaultKind(
        "heater", Realm.PHYSICS, "something heats a module from within", {"power_w": 1500.0},
    ),
    FaultKind(
        "lost_airflow", Realm.PHYSICS, "a module, or a whole rack, gets less air",
        {"remaining_fraction": 0.1},
    ),
    FaultKind("frozen", Realm.SENSOR, "keeps the number it had when the fault began"),
    FaultKind("spike", Realm.SENSOR, "shows another number", {"value": 100.0}),
    FaultKind("drift", Realm.SENSOR, "wanders off", {"per_hour": 3.0}),
    FaultKind("offset", Realm.SENSOR, "is off by a fixed amount", {"by": 10.0}),
    FaultKind("sentinel", Realm.SENSOR, "shows the device's number for unknown"),
    FaultKind("slow", Realm.WIRE, "answers late, by real seconds", {"delay_s": 0.5}),
    FaultKind("silent", Realm.WIRE, "takes requests and never answers"),
    FaultKind("drop", Realm.MODBUS, "closes the connection instead of answering"),
    FaultKind("exception", Realm.MODBUS, "answers with an exception code", {"code": 4.0}),
    FaultKind("garbage", Realm.MODBUS, "answers bytes that are no frame"),
    FaultKind("truncated", Realm.MODBUS, "sends half of its answer and no more"),
    FaultKind("wrong_transaction", Realm.MODBUS, "answers under another transaction's number"),
    FaultKind("late", Realm.MODBUS, "sends each answer only when the next request comes"),
    FaultKind("repeat", Realm.MODBUS, "answers with the block that was asked for before"),
    FaultKind(
        "missing_registers", Realm.MODBUS, "refuses reads that touch these registers (code 2)",
        {"start": 0.0, "count": 1.0},
    ),
    FaultKind("one_client", Realm.MODBUS, "accepts one connection and closes every other"),
    FaultKind(
        "missing_oids", Realm.SNMP, "does not have anything below an OID",
        {"below": "1.3.6.1.2.1.33.1.2"},
    ),
    FaultKind(
        "sentinel_oids", Realm.SNMP, "shows one number for everything numeric below an OID",
        {"below": "1.3.6.1.2.1.33.1.2", "value": -1.0},
    ),
    FaultKind(
        "cooling_lost", Realm.ROOM, "the room's air warms up", {"rise_k_per_min": 0.5},
    ),
)  # fmt: skip

FAULT_KINDS: Mapping[str, FaultKind] = MappingProxyType({row.name: row for row in _ROWS})
