"""The made-up room at one instant: racks, UPSs and air, and what the timetable does to them.

No sockets and no clock in here: `advance` moves everything to a simulated time in steps of
a second at most, and stops at every row of the timetable. The same scenario and seed give the same
world at the same time, however it was called to get there.
"""

from collections.abc import Iterator
from typing import Protocol

from batteryd.devices.modbus_profile import ModbusProfile
from simulators.battery import Load
from simulators.faults import Fault
from simulators.rack import SimulatedRack
from simulators.room_air import RoomAir
from simulators.scenario_model import Scenario
from simulators.timetable import (
    ClearEntry,
    FaultEntry,
    LoadEntry,
    MainsEntry,
    SwitchEntry,
    TimetableEntry,
)
from simulators.ups_unit import SimulatedUps

STEP_S = 1.0


class Simulated(Protocol):
    """What racks, UPSs and air have in common."""

    def advance(self, *, to_s: float, dt_s: float) -> None:
        """Live through one step that ends at `to_s`."""
        ...

    def begin(self, fault: Fault) -> None:
        """Let a fault act from now on."""
        ...

    def end(self, *, name: str | None = None) -> None:
        """Lift the faults of this name, or all."""
        ...


class World:
    """Everything that is simulated. `now_s` counts simulated seconds since the start."""

    def __init__(self, scenario: Scenario, *, profile: ModbusProfile) -> None:
        self.scenario = scenario
        self.now_s = 0.0
        rooms = {room.room_id: room for room in scenario.room}
        room_of_ups = {ups.ups_id: rooms[ups.room_id] for ups in scenario.ups}
        self.air = {name: RoomAir(room) for name, room in rooms.items()}
        self.racks = {
            table.asset_id: SimulatedRack(
                table,
                room=room_of_ups[table.ups_id],
                profile=profile,
                seed=scenario.scenario.seed * 1000 + number,
            )
            for number, table in enumerate(scenario.rack)
        }
        self.ups = {
            table.ups_id: SimulatedUps(
                table,
                racks=[r for r in self.racks.values() if r.table.ups_id == table.ups_id],
            )
            for table in scenario.ups
        }
        self._simulated: dict[str, Simulated] = {**self.air, **self.racks, **self.ups}
        self._due = sorted(_with_endings(scenario.at), key=lambda entry: entry.at_s)
        self._apply_due()

    def advance(self, *, to_s: float) -> None:
        """Live on until `to_s`; a time that is past changes nothing."""
        while self.now_s < to_s:
            next_s = min(to_s, self.now_s + STEP_S)
            if self._due:
                next_s = min(next_s, self._due[0].at_s)
            self._step(next_s)
            self._apply_due()

    def _step(self, to_s: float) -> None:
        dt_s = to_s - self.now_s
        for thing in self._simulated.values():
            thing.advance(to_s=to_s, dt_s=dt_s)
        self.now_s = to_s

    def _apply_due(self) -> None:
        while self._due and self._due[0].at_s <= self.now_s:
            self._apply(self._due.pop(0))
        for ups in self.ups.values():
            self._share_current(ups)

    def _apply(self, entry: TimetableEntry) -> None:
        match entry:
            case FaultEntry():
                self._simulated[entry.target].begin(entry.begun())
            case ClearEntry():
                self._simulated[entry.target].end(name=entry.fault)
            case LoadEntry():
                self.ups[entry.target].change_load(load_w=1000.0 * entry.load_kw)
            case MainsEntry():
                self.ups[entry.target].change_mains(present=entry.present)
            case SwitchEntry():
                self._switch(entry)

    def _switch(self, entry: SwitchEntry) -> None:
        closed = entry.action == "close"
        if entry.target in self.racks:
            self.racks[entry.target].switch(part=entry.part, closed=closed)
        else:
            self.ups[entry.target].switch(closed=closed)

    def _share_current(self, ups: SimulatedUps) -> None:
        flow = ups.meet_racks()
        air_c = self.air[ups.table.room_id].air_c
        for rack in ups.racks:
            current_a = flow.rack_current_a.get(rack.table.asset_id, 0.0)
            rack.meet(Load(current_a=current_a, air_c=air_c), bus_voltage_v=flow.voltage_v)


def _with_endings(entries: tuple[TimetableEntry, ...]) -> Iterator[TimetableEntry]:
    for entry in entries:
        yield entry
        if isinstance(entry, FaultEntry) and entry.lasts_s is not None:
            yield ClearEntry(
                action="clear",
                target=entry.target,
                fault=entry.fault,
                second=entry.at_s + entry.lasts_s,
            )
