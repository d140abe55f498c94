"""What one table of a scenario says against another: names, targets and places that must exist.

The tables themselves are checked by their models; this is about what they say of each other.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from batteryd.domain.component import Component
from batteryd.errors import Mistake
from simulators.faults import Realm
from simulators.scenario_model import Scenario
from simulators.scenario_tables import RackTable
from simulators.timetable import (
    ClearEntry,
    FaultEntry,
    LoadEntry,
    MainsEntry,
    SwitchEntry,
    TimetableEntry,
)


def disagreements(scenario: Scenario, *, file: str) -> Iterator[Mistake]:
    """Yield a mistake for everything that names what is not there, or is there twice."""
    for key, value, allowed in (
        *_repeated(scenario),
        *_dangling(scenario),
        *_timetable(scenario),
    ):
        yield Mistake(file, key, value, allowed)


_Finding = tuple[str, str, str]  # key, value, allowed


def _repeated(scenario: Scenario) -> Iterator[_Finding]:
    names = Counter(
        [r.room_id for r in scenario.room]
        + [u.ups_id for u in scenario.ups]
        + [u.dc_bus_id for u in scenario.ups]
        + [r.asset_id for r in scenario.rack]
    )
    for name, count in names.items():
        if count > 1:
            yield "", name, "a name for one thing only, whether room, UPS, DC bus or rack"


def _dangling(scenario: Scenario) -> Iterator[_Finding]:
    sites = {s.site_id for s in scenario.site}
    rooms = {r.room_id for r in scenario.room}
    upses = {u.ups_id for u in scenario.ups}
    for table, key, rows, known in (
        ("room", "site_id", [r.site_id for r in scenario.room], sites),
        ("ups", "room_id", [u.room_id for u in scenario.ups], rooms),
        ("rack", "ups_id", [r.ups_id for r in scenario.rack], upses),
        ("service", "ups_id", [s.ups_id for s in scenario.service], upses),
        ("service", "room_id", [s.room_id for s in scenario.service], rooms),
    ):
        for number, name in enumerate(rows, start=1):
            if name is not None and name not in known:
                yield f"{table}.{number}.{key}", name, _one_of(known)


def _timetable(scenario: Scenario) -> Iterator[_Finding]:
    racks = {r.asset_id: r for r in scenario.rack}
    upses = {u.ups_id for u in scenario.ups}
    rooms = {r.room_id for r in scenario.room}
    targets_of_realm = {
        Realm.PHYSICS: set(racks),
        Realm.SENSOR: set(racks),
        Realm.WIRE: set(racks) | upses,
        Realm.MODBUS: set(racks),
        Realm.SNMP: upses,
        Realm.ROOM: rooms,
    }
    for number, entry in enumerate(scenario.at, start=1):
        known = _targets(entry, targets_of_realm, everything=set(racks) | upses | rooms)
        if entry.target not in known:
            yield f"at.{number}.target", entry.target, _one_of(known)
        if isinstance(entry, FaultEntry):
            for key, value, allowed in _fault(entry, rack=racks.get(entry.target)):
                yield f"at.{number}.{key}", value, allowed


def _targets(
    entry: TimetableEntry, targets_of_realm: Mapping[Realm, set[str]], *, everything: set[str]
) -> set[str]:
    match entry:
        case FaultEntry():
            return targets_of_realm[entry.kind.realm]
        case LoadEntry() | MainsEntry():
            return targets_of_realm[Realm.SNMP]
        case SwitchEntry():
            return targets_of_realm[Realm.WIRE]
        case ClearEntry():
            return everything


def _fault(entry: FaultEntry, *, rack: RackTable | None) -> Iterator[_Finding]:
    known = entry.kind.parameters
    for name, value in entry.parameters.items():
        if name not in known:
            yield f"parameters.{name}", str(value), _one_of(set(known)) if known else "no parameter"
        elif isinstance(value, str) is not isinstance(known[name], str):
            wanted = "a text in quotes" if isinstance(known[name], str) else "a number"
            yield f"parameters.{name}", str(value), wanted
    if rack is not None and not _exists(entry.place, rack):
        yield "component", entry.component, "a component of this rack, such as m03 or m03/c07"


def _exists(place: Component, rack: RackTable) -> bool:
    pairs = (
        (place.string, 1),
        (place.module, rack.module_count_per_string),
        (place.cell, rack.cell_count_per_module),
        (place.sensor, rack.temperature_sensor_count_per_module),
    )
    return all(number is None or 1 <= number <= count for number, count in pairs)


def _one_of(names: set[str]) -> str:
    return f"one of {', '.join(sorted(names))}" if names else "nothing: this scenario has none"
