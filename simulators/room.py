"""A simulated room on real sockets: servers, agents, and the loop that lets time pass in it.

The clock is given: with a `ScaledClock` that the daemon shares, both live at the same speed. The
loop wakes often in real time and moves the world to the clock's time; where the machine cannot keep
up, the world lags behind and says by how much, and it never skips.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping

from batteryd.clock import Clock
from batteryd.devices.modbus_profile import ModbusProfile
from simulators.modbus_server import ModbusServer
from simulators.scenario_model import Scenario
from simulators.snmp_agent import SnmpAgents
from simulators.world import World

_WAKE_REAL_S = 0.05
# Simulated, in one go: four times what a speed-up of 600 needs, and the servers get their turn.
_ADVANCE_S_MAX = 120.0


class SimulatedRoom:
    """Everything of one scenario, between `start` and `stop`."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        profile: ModbusProfile,
        clock: Clock,
        host: str = "127.0.0.1",
    ) -> None:
        self.scenario = scenario
        self.start_s = scenario.start_s(now_s=clock.now_s())
        self.world = World(scenario, profile=profile)
        self._clock = clock
        self._host = host
        self._units = _units_by_gateway(scenario)
        self._servers = {
            name: ModbusServer({u: self.world.racks[a] for u, a in units.items()}, host=host)
            for name, units in self._units.items()
        }
        self._agents = SnmpAgents(self.world.ups, host=host)
        self._living: asyncio.Task[None] | None = None

    @property
    def addresses(self) -> Mapping[str, str]:
        """Where each asset is read, as the inventory writes it; complete after `start`."""
        racks = {
            asset: f"modbus://{self._host}:{self._servers[name].port}/{unit}"
            for name, units in self._units.items()
            for unit, asset in units.items()
        }
        agents = self._agents.ports.items()
        return racks | {name: f"snmp://{self._host}:{port}?version=2c" for name, port in agents}

    @property
    def function_codes(self) -> Mapping[int, int]:
        """Every Modbus function code that anybody sent, and how often."""
        return sum((server.function_codes for server in self._servers.values()), Counter())

    @property
    def lag_s(self) -> float:
        """How far the world is behind the clock, simulated seconds."""
        return self._clock.now_s() - self.start_s - self.world.now_s

    async def start(self) -> None:
        """Open all sockets and let time pass."""
        for server in self._servers.values():
            await server.start()
        await self._agents.start()
        self._living = asyncio.create_task(self._live(), name="simulated room")

    async def stop(self) -> None:
        """Stop time and close all sockets."""
        if self._living is not None:
            self._living.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._living
            self._living = None
        await self._agents.stop()
        for server in self._servers.values():
            await server.stop()

    async def _live(self) -> None:
        while True:
            due_s = self._clock.now_s() - self.start_s
            self.world.advance(to_s=min(due_s, self.world.now_s + _ADVANCE_S_MAX))
            await self._clock.sleep(_WAKE_REAL_S * self._clock.rate)


def _units_by_gateway(scenario: Scenario) -> dict[str, dict[int, str]]:
    """Return asset ids by listener and unit id; a rack without a gateway is unit 1 of its own."""
    found: dict[str, dict[int, str]] = {}
    for rack in scenario.rack:
        units = found.setdefault(rack.gateway or f"rack {rack.asset_id}", {})
        units[len(units) + 1] = rack.asset_id
    return found
