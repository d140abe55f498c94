"""One simulated rack with its BMS: physics, sensors, switches and faults behind a unit id.

What a client reads is one scan: the registers are written at most once a simulated second, however
often they are asked for, as a BMS's are.
"""

import numpy as np

from batteryd.devices.modbus_profile import ModbusProfile
from batteryd.domain.snapshot import Layout
from simulators.battery import (
    Electrics,
    Load,
    RackState,
    advance,
    build_rack,
    electrics,
    rested_state,
)
from simulators.chemistry import Floats
from simulators.damage import Distortion, damage_of
from simulators.faults import Fault, Realm
from simulators.modbus_image import RegisterWriter
from simulators.modbus_pdu import Image
from simulators.scenario_tables import RackTable, RoomTable
from simulators.sensors import SCAN_S, RackSensors, RackTruth

_WIRE_REALMS = (Realm.WIRE, Realm.MODBUS)


class SimulatedRack:
    """A rack that changes only by `advance`, `meet`, `switch`, `begin` and `end`."""

    def __init__(
        self, table: RackTable, *, room: RoomTable, profile: ModbusProfile, seed: int
    ) -> None:
        rng = np.random.default_rng(seed)
        self.table = table
        self.build = build_rack(
            table.chemistry,
            capacity_ah=table.capacity_ah,
            module_count=table.module_count_per_string,
            cell_count_per_module=table.cell_count_per_module,
            rng=rng,
        )
        self.state: RackState = rested_state(
            self.build, soc=table.soc_pct / 100.0, air_c=room.air_c, rng=rng
        )
        self.contactor_closed = True
        self.breaker_closed = True
        self.faults: tuple[Fault, ...] = ()
        self._damage = damage_of(self.build, ())
        self._electrics: Electrics | None = None
        self._distortions: tuple[Distortion, ...] = ()
        self._sensors = RackSensors(
            self.build, sensor_count_per_module=table.temperature_sensor_count_per_module, seed=seed
        )
        self._writer = RegisterWriter(profile, geometry=table.geometry, layout=self._sensors.layout)
        self._humidity_pct = room.humidity_pct
        self._load = Load(current_a=0.0, air_c=room.air_c)
        self._bus_voltage_v = 0.0
        self._now_s = 0.0
        self._image: tuple[int, Image] | None = None  # scan number and what it wrote

    @property
    def layout(self) -> Layout:
        """What each number of a reading is."""
        return self._sensors.layout

    @property
    def is_connected(self) -> bool:
        """Whether contactor and breaker put the rack on its DC bus."""
        return self.contactor_closed and self.breaker_closed

    @property
    def electrics(self) -> Electrics:
        """The rack as its DC bus sees it now."""
        if self._electrics is None:
            self._electrics = electrics(self.build, self.state, self._damage)
        return self._electrics

    def meet(self, load: Load, *, bus_voltage_v: float) -> None:
        """Take what acts on the rack from outside until the next time."""
        self._load = load
        self._bus_voltage_v = bus_voltage_v

    def advance(self, *, to_s: float, dt_s: float) -> None:
        """Live through one step that ends at `to_s` (simulated seconds since the start)."""
        self.state = advance(
            self.build,
            self.state,
            load=self._load,
            damage=self._damage,
            now=self.electrics,
            dt_s=dt_s,
        )
        self._electrics = None
        self._now_s = to_s

    def switch(self, *, part: str, closed: bool) -> None:
        """Open or close the contactor, the breaker or both."""
        if part in ("contactor", "both"):
            self.contactor_closed = closed
        if part in ("breaker", "both"):
            self.breaker_closed = closed
        self._image = None

    def begin(self, fault: Fault) -> None:
        """Let a fault act from now on."""
        if fault.kind.realm is Realm.SENSOR:
            begun = Distortion.begin(
                fault, layout=self._sensors.layout, reading=self.reading(), at_s=self._now_s
            )
            self._distortions += (begun,)
        self.faults += (fault,)
        self._refresh()

    def end(self, *, name: str | None = None) -> None:
        """Lift the faults of this name, or all."""
        self.faults = tuple(f for f in self.faults if name not in (None, f.kind.name))
        self._distortions = tuple(d for d in self._distortions if d.fault in self.faults)
        self._refresh()

    def reading(self) -> Floats:
        """Return what leaves the BMS now, in the order of `layout`."""
        reading = self._sensors.read(self._truth(), scan_number=self._scan_number)
        for distortion in self._distortions:
            reading = distortion.applied(reading, at_s=self._now_s)
        return reading

    def image(self) -> Image:
        """Return the registers as the last scan wrote them."""
        if self._image is None or self._image[0] != self._scan_number:
            written = self._writer.image(self.reading(), nameplate=self._nameplate())
            self._image = (self._scan_number, written)
        return self._image[1]

    def modbus_fault(self) -> Fault | None:
        """Return the last fault that acts on the wire."""
        wired = [f for f in self.faults if f.kind.realm in _WIRE_REALMS]
        return wired[-1] if wired else None

    @property
    def _scan_number(self) -> int:
        return int(self._now_s // SCAN_S)

    def _refresh(self) -> None:
        self._damage = damage_of(
            self.build, (f for f in self.faults if f.kind.realm is Realm.PHYSICS)
        )
        self._electrics = None
        self._image = None

    def _truth(self) -> RackTruth:
        table = self.table
        return RackTruth(
            state=self.state,
            electrics=self.electrics,
            current_a=self._load.current_a,
            bus_voltage_v=self._bus_voltage_v,
            air_c=self._load.air_c,
            humidity_pct=self._humidity_pct,
            contactor_closed=self.contactor_closed,
            breaker_closed=self.breaker_closed,
            soh_pct=table.soh_pct,
            soc_error_pct=table.soc_error_pct,
            cycle_count=table.cycle_count,
            energy_throughput_kwh=table.cycle_count * table.energy_kwh,
        )

    def _nameplate(self) -> dict[str, str]:
        table = self.table
        made_on = table.manufactured_on
        return {
            "manufacturer": table.manufacturer,
            "model": table.model,
            "serial": table.serial_number,
            "firmware": f"{table.firmware:g}",
            "manufactured_on": made_on.isoformat() if made_on else "",
        }
