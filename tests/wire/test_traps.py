"""Traps and informs over real sockets, sent by Net-SNMP's own commands where it matters."""

import asyncio
import logging
import os
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from pydantic import SecretStr

from batteryd.clock import SystemClock
from batteryd.devices.trap_arrival import Finding
from batteryd.devices.traps import SENDER_BURST, TrapOptions, TrapReceiver
from batteryd.errors import ConfigError
from batteryd.settings.model import Credential
from tests.polling import make_asset
from tests.wire.servers import program
from tests.wire.trap_sender import send_from, trap

pytestmark = pytest.mark.wire

GIVE_UP_S = 20.0
ON_BATTERY = "1.3.6.1.2.1.33.2.0.1"  # upsTrapOnBattery
ASSETS = (
    make_asset("ups-a", address="snmp://127.0.0.1"),
    make_asset("ups-b", address="snmp://127.0.0.2"),
)
CREDENTIALS = (
    Credential(version="2c", community=SecretStr("maple-cards")),
    Credential(
        version="3",
        user="watch",
        auth_protocol="SHA256",
        auth_password=SecretStr("maplewood-tram"),
        privacy_protocol="AES128",
        privacy_password=SecretStr("seventeen-owls"),
    ),
)
V3 = (
    "-v3", "-u", "watch", "-l", "authPriv", "-a", "SHA-256", "-A", "maplewood-tram",
    "-x", "AES", "-X", "seventeen-owls",
)  # fmt: skip


class Room:
    """A receiver, and which assets it had polled."""

    def __init__(self, *, host: str = "127.0.0.1") -> None:
        self.polls: Counter[str] = Counter()
        options = TrapOptions(host=host, port=0, interval_s=0.2)
        self.traps = TrapReceiver(options, poll_now=self._poll_now, clock=SystemClock())

    async def _poll_now(self, asset_id: str) -> None:
        self.polls[asset_id] += 1

    async def listen(self, assets=ASSETS, credentials=CREDENTIALS) -> None:
        await self.traps.begin(assets, credentials=credentials)

    async def happens(self, what: Callable[[], object]) -> None:
        async with asyncio.timeout(GIVE_UP_S):
            while not what():
                await asyncio.sleep(0.01)

    def count(self, name: str) -> int:
        return self.traps.counters[name]


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    room = Room()
    await room.listen()
    yield room
    await room.traps.end()


@pytest.fixture
def net_snmp(room: Room, tmp_path):
    async def send(command: str, *words: str, to: str | None = None) -> int:
        environment = {"MIBS": "", "SNMP_PERSISTENT_DIR": str(tmp_path), "PATH": os.environ["PATH"]}
        what = ("", ON_BATTERY) if to is None else (to, "10.0.5.20", "6", "1", "")
        sending = await asyncio.create_subprocess_exec(
            program(command), *words, f"127.0.0.1:{room.traps.port}", *what,
            env=environment, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        return await sending.wait()

    return send


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("snmptrap", ("-v2c", "-c", "maple-cards")),
        ("snmpinform", ("-v2c", "-c", "maple-cards")),
        ("snmptrap", V3),
        ("snmpinform", V3),
    ],
)
async def test_what_a_device_sends_has_it_polled(room, net_snmp, command, words):
    answered = await net_snmp(command, *words)
    await room.happens(lambda: room.polls)

    assert answered == 0
    assert room.polls == {"ups-a": 1}
    assert (room.count("hints"), room.count("refused")) == (1, 0)


async def test_a_trap_of_version_1_has_it_polled(room, net_snmp):
    await net_snmp("snmptrap", "-v1", "-c", "maple-cards", to="1.3.6.1.2.1.33.2")
    await room.happens(lambda: room.polls)

    assert room.polls == {"ups-a": 1}


@pytest.mark.parametrize(
    "words",
    [
        ("-v2c", "-c", "public"),
        (*V3[:2], "nobody", *V3[3:]),
        (*V3[:-1], "other-owls"),
        (*V3[:8], "other-tram", *V3[9:]),
        ("-v3", "-u", "watch", "-l", "noAuthNoPriv"),
    ],
)
async def test_wrong_words_are_refused_and_told_once(room, net_snmp, caplog, words):
    caplog.set_level(logging.INFO)
    for _ in range(2):
        await net_snmp("snmptrap", *words)
    await room.happens(lambda: room.count("received") == 2)
    await asyncio.sleep(0.05)

    assert (room.count("refused"), room.count("hints")) == (2, 0)
    assert not room.polls
    told = [r.getMessage() for r in caplog.records if r.name.startswith("batteryd")]
    assert told == [f"trap refused sender=127.0.0.1: {Finding.NONSENSE.value}"]


async def test_a_restarted_sender_with_another_engine_id_is_understood(room, net_snmp):
    for engine_id in ("0x8000000001020304", "0x8000000001020305"):
        await net_snmp("snmptrap", *V3, "-e", engine_id)

    await room.happens(lambda: room.count("hints") == 2)


def good() -> bytes:
    return trap("maple-cards")


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6 here")
@pytest.mark.parametrize(("sender", "host"), [("::1", "[::1]"), ("127.0.0.1", "127.0.0.1")])
async def test_one_port_hears_both_kinds_of_addresses(sender, host):
    room = Room(host="::")
    await room.listen((make_asset("ups-6", address=f"snmp://{host}"),))
    send_from(sender, room.traps.port, good())
    await room.happens(lambda: room.polls)
    await room.traps.end()

    assert room.polls == {"ups-6": 1}


async def test_a_sender_outside_the_inventory_is_counted_and_not_looked_at(room):
    send_from("127.0.0.3", room.traps.port, good(), b"whatever")
    await room.happens(lambda: room.count("received") == 2)

    assert room.count("unknown_sender") == 2
    assert not room.polls


async def test_a_storm_is_cut_before_it_is_decoded_and_is_no_storm_of_polls(room):
    storm = [good()] * 150
    send_from("127.0.0.1", room.traps.port, *storm)
    send_from("127.0.0.2", room.traps.port, good())
    await room.happens(lambda: room.count("received") == 151)
    await room.happens(lambda: room.polls["ups-b"])

    assert room.count("flooded") >= 150 - SENDER_BURST - 2
    assert room.polls["ups-a"] <= 2
    assert room.polls["ups-b"] == 1


async def test_a_reload_brings_other_assets_and_words_on_the_same_port(room):
    port = room.traps.port
    other = Credential(version="2c", community=SecretStr("other-cards"))
    await room.listen((make_asset("ups-c", address="snmp://localhost"),), (other,))

    assert room.traps.port == port
    await asyncio.sleep(0.05)
    send_from("127.0.0.1", room.traps.port, good(), trap("other-cards"))
    await room.happens(lambda: room.polls)

    assert room.polls == {"ups-c": 1}
    assert room.count("refused") == 1


async def test_a_port_that_is_taken_is_a_mistake_in_the_settings(room):
    options = TrapOptions(host="127.0.0.1", port=room.traps.port, interval_s=10.0)

    with pytest.raises(ConfigError, match=r"traps = 127\.0\.0\.1 port .* can be had"):
        TrapReceiver(options, poll_now=room._poll_now, clock=SystemClock())


async def test_two_passphrases_for_one_user_are_told(caplog):
    clash = CREDENTIALS[1].model_copy(update={"auth_password": SecretStr("another-tram")})
    room = Room()
    await room.listen(credentials=(*CREDENTIALS, clash))
    await room.traps.end()

    assert "two credentials name one user" in caplog.text
    assert "tram" not in caplog.text


def damages() -> Iterator[bytes]:
    """Yield good traps with a few octets changed, cut short, or nothing like a trap."""
    chance = random.Random(7)
    for _ in range(80):
        spoilt = bytearray(good())
        for _ in range(chance.randint(1, 4)):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        yield bytes(spoilt)
        yield good()[: chance.randrange(len(good()))]
    yield b"\x30\x80" * 700


async def test_no_datagram_brings_down_the_receiver(room, caplog):
    hosts = [f"127.0.1.{n}" for n in range(1, 12)]
    await room.listen(
        [make_asset(host, address=f"snmp://{host}") for host in (*hosts, "127.0.0.1")]
    )
    sent = tuple(damages())

    for at, datagram in enumerate(sent):
        send_from(hosts[at % len(hosts)], room.traps.port, datagram)
    send_from("127.0.0.1", room.traps.port, good())
    await room.happens(lambda: room.polls["127.0.0.1"])

    assert room.count("received") == len(sent) + 1
    assert room.count("flooded") == 0
    assert not [r for r in caplog.records if r.name == "asyncio"]
