"""The simulated UPS cards on real sockets, seen by pysnmp."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    UsmUserData,
    bulk_cmd,
    get_cmd,
    next_cmd,
    set_cmd,
    usmAesCfb128Protocol,
    usmHMACSHAAuthProtocol,
)
from pysnmp.proto.rfc1902 import Integer32
from pysnmp.proto.rfc1905 import EndOfMibView, NoSuchInstance

from batteryd.clock import SystemClock
from simulators.snmp_agent import (
    COMMUNITY,
    V3_AUTH_PASSWORD,
    V3_PRIVACY_PASSWORD,
    V3_USER,
    SnmpAgents,
)
from simulators.world import World
from tests.simulated import ROOM, fault, make_world

pytestmark = pytest.mark.wire

UPS_MIB = "1.3.6.1.2.1.33.1"
NAME = f"{UPS_MIB}.1.5.0"
CHARGE = f"{UPS_MIB}.2.4.0"
ALARMS_PRESENT = f"{UPS_MIB}.6.1.0"  # the last object as long as there is no alarm

CREDENTIALS = {
    "1": CommunityData(COMMUNITY, mpModel=0),
    "2c": CommunityData(COMMUNITY, mpModel=1),
    "3": UsmUserData(
        V3_USER,
        V3_AUTH_PASSWORD,
        V3_PRIVACY_PASSWORD,
        authProtocol=usmHMACSHAAuthProtocol,
        privProtocol=usmAesCfb128Protocol,
    ),
}
UPS_2 = ROOM["ups"][0] | {"ups_id": "U2", "dc_bus_id": "D2", "name": "UPS 2"}


@pytest.fixture
async def engine() -> AsyncIterator[SnmpEngine]:
    engine = SnmpEngine()
    yield engine
    engine.close_dispatcher()


class Card:
    """A client of one agent."""

    def __init__(self, engine: SnmpEngine, port: int, *, version: str = "2c") -> None:
        self._engine, self._port, self._version = engine, port, version

    async def ask(self, command: Any, *oids: str, **options: Any) -> tuple[Any, Any, Any]:
        target = await UdpTransportTarget.create(("127.0.0.1", self._port), timeout=0.4, retries=0)
        objects = [ObjectType(ObjectIdentity(oid)) for oid in oids]
        before = [options.pop("non_repeaters"), options.pop("count")] if options else []
        indication, status, _, found = await command(
            self._engine, CREDENTIALS[self._version], target, ContextData(), *before, *objects,
            lookupMib=False,
        )  # fmt: skip
        return indication, int(status), found


class Agents:
    """Agents of a world, with a client for each."""

    def __init__(self, world: World, engine: SnmpEngine) -> None:
        self._agents = SnmpAgents(world.ups)
        self._engine = engine

    async def __aenter__(self) -> "Agents":
        await self._agents.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._agents.stop()

    def card(self, name: str, *, version: str = "2c") -> Card:
        return Card(self._engine, self._agents.ports[name], version=version)


@pytest.mark.parametrize("version", CREDENTIALS)
async def test_every_version_reads_the_same_card(version: str, engine: SnmpEngine) -> None:
    async with Agents(make_world(), engine) as agents:
        indication, status, found = await agents.card("U1", version=version).ask(
            get_cmd, NAME, CHARGE
        )

    assert (indication, status) == (None, 0)
    assert bytes(found[0][1]) == b"UPS 1"
    assert int(found[1][1]) == 80


async def test_two_cards_on_one_engine_are_two_devices(engine: SnmpEngine) -> None:
    world = make_world(ups=[*ROOM["ups"], UPS_2])

    async with Agents(world, engine) as agents:
        names = [
            bytes((await agents.card(name).ask(get_cmd, NAME))[2][0][1]) for name in ("U1", "U2")
        ]

    assert names == [b"UPS 1", b"UPS 2"]


async def test_the_next_object_and_the_end_of_the_view_are_found(engine: SnmpEngine) -> None:
    async with Agents(make_world(), engine) as agents:
        _, _, after_name = await agents.card("U1").ask(next_cmd, NAME)
        _, _, after_all = await agents.card("U1").ask(next_cmd, ALARMS_PRESENT)

    assert str(after_name[0][0]) == f"{UPS_MIB}.1.6.0"
    assert isinstance(after_all[0][1], EndOfMibView)


async def test_a_bulk_request_walks_in_order(engine: SnmpEngine) -> None:
    async with Agents(make_world(), engine) as agents:
        _, _, found = await agents.card("U1").ask(
            bulk_cmd, f"{UPS_MIB}.2", non_repeaters=0, count=7
        )

    assert [str(oid) for oid, _ in found] == [f"{UPS_MIB}.2.{n}.0" for n in range(1, 8)]


@pytest.mark.parametrize(("version", "status"), [("1", 2), ("2c", 0)])
async def test_what_a_card_does_not_have_is_missing_in_the_words_of_the_version(
    version: str, status: int, engine: SnmpEngine
) -> None:
    missing = fault("missing_oids", "U1", parameters={"below": f"{UPS_MIB}.2"})

    async with Agents(make_world(missing), engine) as agents:
        card = agents.card("U1", version=version)
        _, found_status, found = await card.ask(get_cmd, CHARGE)
        _, _, there = await card.ask(get_cmd, NAME)

    assert found_status == status
    assert version == "1" or isinstance(found[0][1], NoSuchInstance)
    assert bytes(there[0][1]) == b"UPS 1"


async def test_a_sentinel_replaces_numbers(engine: SnmpEngine) -> None:
    sentinel = fault("sentinel_oids", "U1", parameters={"below": CHARGE, "value": 255})

    async with Agents(make_world(sentinel), engine) as agents:
        _, _, found = await agents.card("U1").ask(get_cmd, CHARGE)

    assert int(found[0][1]) == 255


async def test_a_silent_card_is_silent_and_its_neighbour_is_not(engine: SnmpEngine) -> None:
    world = make_world(fault("silent", "U1"), ups=[*ROOM["ups"], UPS_2])

    async with Agents(world, engine) as agents:
        silent, _, _ = await agents.card("U1").ask(get_cmd, NAME)
        heard, _, found = await agents.card("U2").ask(get_cmd, NAME)

    assert "No SNMP response" in str(silent)
    assert heard is None
    assert bytes(found[0][1]) == b"UPS 2"


async def test_a_slow_card_answers_after_its_real_seconds(engine: SnmpEngine) -> None:
    clock = SystemClock()
    slow = fault("slow", "U1", parameters={"delay_s": 0.15})

    async with Agents(make_world(slow), engine) as agents:
        began_s = clock.monotonic_s()
        indication, _, _ = await agents.card("U1").ask(get_cmd, NAME)

    assert indication is None
    assert clock.monotonic_s() - began_s >= 0.15


async def test_nothing_can_be_set(engine: SnmpEngine) -> None:
    async with Agents(make_world(), engine) as agents:
        target = await UdpTransportTarget.create(
            ("127.0.0.1", agents._agents.ports["U1"]), timeout=1, retries=0
        )
        new = ObjectType(ObjectIdentity(CHARGE), Integer32(5))
        _, status, _, _ = await set_cmd(
            engine, CREDENTIALS["2c"], target, ContextData(), new, lookupMib=False
        )
        _, _, found = await agents.card("U1").ask(get_cmd, CHARGE)

    assert int(status) != 0
    assert int(found[0][1]) == 80
