"""Racks behind one Modbus gateway, over real sockets: turns, silence, loss and recovery.

The poller lives fifty times as fast as the machine, so an interval of 5 s is a tenth of a second
and the longest back-off, 30 s, is over in less than one.
"""

import asyncio
import logging
from collections.abc import Callable

import numpy as np
import pytest

from batteryd.clock import ScaledClock
from batteryd.devices.build import Fleet, LinkOptions
from batteryd.devices.poller import Poller
from batteryd.devices.profile import parse_profile
from batteryd.domain.component import WHOLE_BATTERY
from batteryd.domain.snapshot import Snapshot
from simulators.faults import FAULT_KINDS, Fault
from simulators.modbus_pdu import Block, Image
from simulators.modbus_server import ModbusServer
from tests.polling import make_asset

pytestmark = pytest.mark.wire

RATE = 50.0
GIVE_UP_S = 30.0

PROFILE = parse_profile(
    {
        "name": "rack-bms",
        "title": "A rack with two registers",
        "protocol": "modbus",
        "poll_interval_s": 5,
        "points": [
            {
                "address": 0, "type": "uint16", "scale": 0.1,
                "quantity": "voltage_v", "source": "Rack voltage",
            },
            {
                "address": 1, "type": "uint16", "scale": 0.1,
                "quantity": "soc_pct", "source": "State of charge",
            },
        ],
    },
    file="rack-bms.toml",
)  # fmt: skip


class RackUnit:
    """A rack of 400.0 V plus a tenth for its unit id."""

    def __init__(self, unit: int) -> None:
        self.fault: Fault | None = None
        words = np.array([4000 + unit, 550], dtype=np.uint16)
        self._image = Image({3: (Block(0, words),)})

    def image(self) -> Image:
        return self._image

    def modbus_fault(self) -> Fault | None:
        return self.fault

    def misbehave(self, kind: str) -> None:
        self.fault = Fault(FAULT_KINDS[kind], target="B1")


class Gateway:
    """Six racks behind one address, and a poller that reads them."""

    def __init__(self) -> None:
        self.units = {unit: RackUnit(unit) for unit in range(1, 7)}
        self.server = ModbusServer(self.units)
        self.snapshots: list[Snapshot] = []
        self.clock = ScaledClock(start_s=1_790_000_000.0, rate=RATE)

    def poller(self) -> Poller:
        fleet = Fleet(clock=self.clock, options=LinkOptions(modbus_timeout_s=1.0))
        at = f"modbus://{self.server.host}:{self.server.port}"
        racks = [make_asset(f"B1-R{unit}", address=f"{at}/{unit}") for unit in self.units]
        return Poller(
            fleet.devices(racks, profiles={"rack-bms": PROFILE}, credentials={}),
            sink=self.snapshots.append,
            nameplate_sink=lambda asset_id, nameplate: None,
            clock=self.clock,
        )

    def latest(self) -> dict[str, Snapshot]:
        return {snapshot.asset_id: snapshot for snapshot in self.snapshots}

    def all_read(self) -> bool:
        latest = self.latest()
        return len(latest) == len(self.units) and not any(s.is_failed for s in latest.values())

    def all_failed(self) -> bool:
        latest = self.latest()
        return len(latest) == len(self.units) and all(s.is_failed for s in latest.values())


@pytest.fixture
async def gateway():
    gateway = Gateway()
    await gateway.server.start()
    yield gateway
    await gateway.server.stop()


async def happens(what: Callable[[], object]) -> None:
    async with asyncio.timeout(GIVE_UP_S):
        while not what():
            await asyncio.sleep(0.01)


async def test_racks_take_turns_on_the_one_connection_that_a_gateway_admits(gateway):
    gateway.units[1].misbehave("one_client")
    poller = gateway.poller()

    poller.start()
    await happens(lambda: len(gateway.snapshots) >= 24)
    await poller.stop()

    assert gateway.all_read()
    assert gateway.server.refused_connections == 0
    volts = {a: s.value(WHOLE_BATTERY, "voltage_v") for a, s in gateway.latest().items()}
    assert volts == {f"B1-R{unit}": pytest.approx(400 + unit / 10) for unit in gateway.units}


async def test_a_silent_rack_does_not_silence_its_neighbours(gateway):
    gateway.units[3].misbehave("silent")
    poller = gateway.poller()

    poller.start()
    await happens(lambda: sum(s.asset_id == "B1-R3" for s in gateway.snapshots) >= 4)
    await poller.stop()

    assert {s.asset_id for s in gateway.snapshots if s.is_failed} == {"B1-R3"}
    assert len(gateway.latest()) == len(gateway.units)


async def test_a_gateway_that_went_away_is_found_again_and_told_once_each_way(gateway, caplog):
    poller = gateway.poller()
    with caplog.at_level(logging.INFO, "batteryd.devices.device"):
        poller.start()
        await happens(gateway.all_read)

        await gateway.server.stop()
        await happens(gateway.all_failed)
        await happens(lambda: "backoff" in poller.counters.failed_by_reason)
        lost_at = len(gateway.snapshots)
        await happens(lambda: len(gateway.snapshots) >= lost_at + 60)

        await gateway.server.start()
        await happens(gateway.all_read)
        await poller.stop()

    told = sorted(r.message.split(" endpoint=")[0] for r in caplog.records)
    assert told == sorted(
        f"device {what} asset=B1-R{unit}" for unit in gateway.units for what in ("lost", "back")
    )
    # Six racks at ten rounds and more: nearly all of it cost nothing.
    by_reason = poller.counters.failed_by_reason
    assert by_reason["backoff"] > by_reason["refused"]


async def test_a_stopped_poller_leaves_the_gateway_to_the_next_one(gateway):
    gateway.units[1].misbehave("one_client")
    first = gateway.poller()
    first.start()
    await happens(gateway.all_read)

    await first.stop()
    gateway.snapshots.clear()
    second = gateway.poller()
    second.start()
    await happens(gateway.all_read)
    await second.stop()

    assert not any(s.is_failed for s in gateway.snapshots)
    assert gateway.server.refused_connections == 0


async def test_nothing_but_reads_ever_reaches_a_gateway(gateway):
    poller = gateway.poller()

    poller.start()
    await happens(lambda: len(gateway.snapshots) >= 12)
    await poller.stop()

    assert set(gateway.server.function_codes) == {3}
