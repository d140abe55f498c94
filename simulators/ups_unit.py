"""One simulated UPS with its network card: rating, supply, faults, and what UPS-MIB says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from batteryd.domain.quantity import BatteryStatus, OutputSource
from simulators.faults import Fault, Realm
from simulators.rack import SimulatedRack
from simulators.scenario_tables import UpsTable
from simulators.ups import (
    BusFlow,
    UpsBuild,
    UpsState,
    UpsSupply,
    advance_ups,
    battery_status,
    flow,
    runtime_remaining_s,
)
from simulators.ups_mib import MibValue, Oid, UpsReadings, objects_of


class SimulatedUps:
    """A UPS that changes only by its methods; `racks` stand on its DC bus."""

    def __init__(self, table: UpsTable, *, racks: Sequence[SimulatedRack]) -> None:
        self.table = table
        self.build = _build(table, racks)
        self.supply = UpsSupply(load_w=1000.0 * table.load_kw)
        self.state = UpsState()
        self.faults: tuple[Fault, ...] = ()
        self.flow = BusFlow(OutputSource.NORMAL, self.build.charge_voltage_v, 0.0, {})
        self.racks = racks
        self._now_s = 0.0

    def meet_racks(self) -> BusFlow:
        """Return what flows on the bus from now on, with the racks that are connected to it."""
        sources = {r.table.asset_id: r.electrics for r in self.racks if r.is_connected}
        self.flow = flow(self.build, self.state, supply=self.supply, racks=sources)
        return self.flow

    def advance(self, *, to_s: float, dt_s: float) -> None:
        """Live through one step that ends at `to_s` (simulated seconds since the start)."""
        self.state = advance_ups(
            self.build, self.state, supply=self.supply, now=self.flow, dt_s=dt_s
        )
        self._now_s = to_s

    def change_load(self, *, load_w: float) -> None:
        """Let the load ask for this much."""
        self.supply = replace(self.supply, load_w=load_w)

    def change_mains(self, *, present: bool) -> None:
        """Let mains fail or come back."""
        self.supply = replace(self.supply, mains_present=present)

    def switch(self, *, closed: bool) -> None:
        """Open or close the breaker between the UPS and its DC bus."""
        self.supply = replace(self.supply, battery_breaker_closed=closed)

    def begin(self, fault: Fault) -> None:
        """Let a fault act from now on."""
        self.faults += (fault,)

    def end(self, *, name: str | None = None) -> None:
        """Lift the faults of this name, or all."""
        self.faults = tuple(f for f in self.faults if name not in (None, f.kind.name))

    def snmp_faults(self) -> tuple[Fault, ...]:
        """Return the faults that act on what the card answers."""
        return tuple(f for f in self.faults if f.kind.realm in (Realm.WIRE, Realm.SNMP))

    def snmp_objects(self) -> Mapping[Oid, MibValue]:
        """Return what the card's agent has."""
        return objects_of(self.readings(), faults=self.snmp_faults())

    def readings(self) -> UpsReadings:
        """Return what the card knows."""
        connected = [r for r in self.racks if r.is_connected]
        is_connected = bool(connected) and self.supply.battery_breaker_closed
        soc = float(np.mean([r.state.soc.mean() for r in connected])) if connected else 0.0
        energy_wh = sum(1000.0 * r.table.energy_kwh * float(r.state.soc.mean()) for r in connected)
        status = battery_status(self.state, soc_pct=100.0 * soc, is_connected=is_connected)
        runtime_s = runtime_remaining_s(energy_wh=energy_wh, load_w=self.supply.load_w)
        warmest = max((float(r.state.temperature_c.max()) for r in self.racks), default=0.0)
        return UpsReadings(
            manufacturer=self.table.manufacturer,
            model=self.table.model,
            name=self.table.name,
            uptime_s=self._now_s,
            battery_status=status,
            time_on_battery_s=self.state.time_on_battery_s,
            runtime_remaining_s=0.0 if status is BatteryStatus.UNKNOWN else runtime_s,
            soc_pct=100.0 * soc,
            battery_voltage_v=self.flow.voltage_v,
            battery_current_a=self.flow.current_a if is_connected else 0.0,
            battery_temperature_c=warmest,
            mains_present=self.supply.mains_present,
            output_source=self.flow.output_source,
            load_w=self.supply.load_w,
            rating_w=self.build.rating_w,
        )


def _build(table: UpsTable, racks: Sequence[SimulatedRack]) -> UpsBuild:
    # All racks of a bus have to agree on its voltage; where they do not, the lowest one rules.
    charge_v = min(
        (r.build.chemistry.charge_v_max * r.build.cell_count for r in racks), default=0.0
    )
    stop_v = max(
        (r.build.chemistry.discharge_v_min * r.build.cell_count for r in racks), default=0.0
    )
    return UpsBuild(
        rating_w=1000.0 * table.rating_kw,
        charge_voltage_v=charge_v,
        charge_current_a_max=table.charge_current_a_max,
        cutoff_voltage_v=stop_v,
    )
