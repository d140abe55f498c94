"""What every SNMP engine owes the reader: one class of tests, run over each engine.

The other end is a real agent on loopback, or a socket that answers what no agent should.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from pysnmp.proto.api import v2c

from batteryd.devices.address import SnmpAddress
from batteryd.devices.link import SnmpLink
from batteryd.devices.snmp import EngineName, open_snmp_link
from batteryd.errors import ConfigError, LinkAuthFailed, LinkError, LinkRefused, LinkTimeout
from tests.wire.lying_agent import LyingAgent, free_port
from tests.wire.snmp_agent import AUTH_KEY, PRIV_KEY, SnmpAgent

pytestmark = pytest.mark.wire

UPS = "1.3.6.1.2.1.33.1"
STATUS, ON_BATTERY, CURRENT = f"{UPS}.2.1.0", f"{UPS}.2.2.0", f"{UPS}.2.6.0"
NULL, ABSENT, ALSO_ABSENT = f"{UPS}.2.8.0", f"{UPS}.2.9.0", f"{UPS}.2.10.0"
MODEL, OBJECT_ID = f"{UPS}.1.2.0", "1.3.6.1.2.1.1.2.0"
TABLE, KINDS = f"{UPS}.3.3.1", f"{UPS}.99"
VALUES = {
    STATUS: v2c.Integer32(2),
    ON_BATTERY: v2c.Integer32(0),
    CURRENT: v2c.Integer32(-21),
    NULL: v2c.Null(""),
    MODEL: v2c.OctetString("LR-100 Größe".encode()),
    OBJECT_ID: v2c.ObjectIdentifier("1.3.6.1.4.1.318.1.3.27"),
    f"{KINDS}.1": v2c.Gauge32(4294967295),
    f"{KINDS}.2": v2c.TimeTicks(756000),
    f"{KINDS}.3": v2c.Counter64(2**64 - 1),
    f"{KINDS}.4": v2c.IpAddress("10.0.5.20"),
    f"{KINDS}.5": v2c.Opaque(hexValue="9f780442280000"),
    f"{KINDS}.6": v2c.Opaque(hexValue="9f7908404b000000000000"),
    f"{KINDS}.7": v2c.Opaque(hexValue="0102"),
    f"{KINDS}.8": v2c.OctetString(hexValue="07e5061e080000"),
    f"{KINDS}.9": v2c.Counter32(7),
} | {f"{TABLE}.{column}.{row}": v2c.Integer32(100 * column + row)
     for column in (2, 3) for row in range(1, 31)}  # fmt: skip

ENGINES = ("gufo", "pysnmp")
V3_USERS = {
    "plain": (None, None),
    "md5": ("MD5", None),
    "sha-des": ("SHA", "DES"),
    "sha-aes128": ("SHA", "AES128"),
    "md5-aes192": ("MD5", "AES192"),
    "md5-aes192c": ("MD5", "AES192C"),
    "sha-aes256": ("SHA", "AES256"),
    "sha-aes256c": ("SHA", "AES256C"),
    "sha224-aes256c": ("SHA224", "AES256C"),
    "sha256-aes128": ("SHA256", "AES128"),
    "sha384-aes256": ("SHA384", "AES256"),
    "sha512-aes128": ("SHA512", "AES128"),
}


@pytest.fixture(scope="module")
def shared_agent() -> Iterator[SnmpAgent]:
    with SnmpAgent(VALUES) as agent:
        yield agent


@pytest.fixture
def agent(shared_agent: SnmpAgent) -> SnmpAgent:
    shared_agent.reset(VALUES)
    return shared_agent


@pytest.fixture
def slow_agent() -> Iterator[SnmpAgent]:
    """An agent of its own: what it still answers late would disturb the next test."""
    with SnmpAgent(VALUES) as agent:
        yield agent


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> EngineName:
    chosen: EngineName = request.param
    return chosen


Connect = Callable[..., SnmpLink]


@pytest.fixture
async def connect(engine: EngineName) -> AsyncIterator[Connect]:
    opened: list[SnmpLink] = []

    def open_link(port: int, *, timeout_s: float = 1.0, **words) -> SnmpLink:
        address = SnmpAddress("127.0.0.1", port, **words)
        link = open_snmp_link(address, engine=engine, timeout_s=timeout_s)
        opened.append(link)
        return link

    yield open_link
    for link in opened:
        await link.close()


def v3_words(user: str) -> dict[str, Any]:
    auth, privacy = V3_USERS[user]
    words: dict[str, Any] = {"version": "3", "user": user}
    if auth:
        words |= {"auth_protocol": auth, "auth_password": SecretStr(AUTH_KEY)}
    if privacy:
        words |= {"privacy_protocol": privacy, "privacy_password": SecretStr(PRIV_KEY)}
    return words


class TestEveryEngine:
    @pytest.mark.parametrize("version", ["1", "2c"])
    async def test_a_poll_answers_numbers_and_text(self, connect, agent, version):
        link = connect(agent.port, version=version)

        answer = await link.get([STATUS, CURRENT, MODEL, OBJECT_ID])

        assert answer == {
            STATUS: 2,
            CURRENT: -21,
            MODEL: "LR-100 Größe".encode(),
            OBJECT_ID: "1.3.6.1.4.1.318.1.3.27",
        }

    @pytest.mark.parametrize("user", V3_USERS)
    async def test_version_3_is_spoken_with_every_protocol(self, connect, agent, user):
        link = connect(agent.port, **v3_words(user))

        assert await link.get([STATUS, CURRENT]) == {STATUS: 2, CURRENT: -21}
        assert len(await link.walk(f"{TABLE}.2", rows_max=100)) == 30

    @pytest.mark.parametrize("version", ["1", "2c"])
    async def test_what_the_agent_does_not_have_is_left_out(self, connect, agent, version):
        link = connect(agent.port, version=version)

        for _ in range(4):
            answer = await link.get([STATUS, ABSENT, CURRENT, ALSO_ABSENT, NULL])
            assert answer == {STATUS: 2, CURRENT: -21}

    async def test_an_agent_without_any_of_them_answers_nothing(self, connect, agent):
        assert await connect(agent.port).get([ABSENT, ALSO_ABSENT]) == {}

    async def test_version_1_asks_once_for_what_it_has_and_once_for_what_it_may_get(
        self, connect, agent
    ):
        link = connect(agent.port, version="1")
        oids = [STATUS, ABSENT, CURRENT, ALSO_ABSENT, ON_BATTERY]
        await link.get(oids)
        agent.request_count = 0

        await link.get(oids)
        agent.values[ABSENT] = v2c.Integer32(5)
        await link.get(oids)
        agent_has_it_now = await link.get(oids)

        assert agent.request_count == 6
        assert agent_has_it_now[ABSENT] == 5

    async def test_an_oid_that_spoils_every_answer_costs_itself_only(self, connect, agent):
        agent.failing = {CURRENT}
        link = connect(agent.port)

        for _ in range(3):
            assert await link.get([STATUS, CURRENT, ON_BATTERY]) == {STATUS: 2, ON_BATTERY: 0}

    async def test_what_is_too_big_is_asked_in_smaller_batches_from_then_on(self, connect, agent):
        agent.oid_count_max = 6
        oids = [f"{TABLE}.2.{row}" for row in range(1, 21)]
        link = connect(agent.port)
        first = await link.get(oids)
        agent.request_count = 0

        again = await link.get(oids)

        assert again == first == {oid: 201 + at for at, oid in enumerate(oids)}
        assert agent.request_count == 4

    async def test_many_values_are_asked_in_batches(self, connect, agent):
        oids = [f"{TABLE}.{column}.{row}" for column in (2, 3) for row in range(1, 31)]

        answer = await connect(agent.port).get(oids)

        assert list(answer) == oids
        assert agent.request_count == 3

    @pytest.mark.parametrize("version", ["1", "2c"])
    async def test_a_walk_answers_a_column_in_order(self, connect, agent, version):
        rows = await connect(agent.port, version=version).walk(f"{TABLE}.2", rows_max=100)

        assert rows == {f"{TABLE}.2.{row}": 200 + row for row in range(1, 31)}

    async def test_a_walk_ends_at_its_bound(self, connect, agent):
        assert len(await connect(agent.port).walk(TABLE, rows_max=25)) == 25

    @pytest.mark.parametrize("version", ["1", "2c"])
    @pytest.mark.parametrize("root", [f"{UPS}.50", "1.3.6.1.9", f"{TABLE}.2.3"])
    async def test_an_empty_subtree_is_empty(self, connect, agent, version, root):
        assert await connect(agent.port, version=version).walk(root, rows_max=9) == {}

    async def test_every_syntax_becomes_a_plain_value(self, connect, agent):
        rows = await connect(agent.port).walk(KINDS, rows_max=100)
        got = await connect(agent.port).get(list(rows))

        assert got == rows == {
            f"{KINDS}.1": 4294967295,
            f"{KINDS}.2": 756000,
            f"{KINDS}.3": 2**64 - 1,
            f"{KINDS}.4": "10.0.5.20",
            f"{KINDS}.5": 42.0,
            f"{KINDS}.6": 54.0,
            f"{KINDS}.7": b"\x01\x02",
            f"{KINDS}.8": bytes.fromhex("07e5061e080000"),
            f"{KINDS}.9": 7,
        }  # fmt: skip
        assert {type(value) for value in rows.values()} == {int, float, str, bytes}

    async def test_an_agent_that_is_too_slow_is_a_time_out(self, connect, slow_agent):
        slow_agent.delay_s = 0.3
        link = connect(slow_agent.port, timeout_s=0.1)

        with pytest.raises(LinkTimeout, match=r"no answer from 127\.0\.0\.1:\d+ in 0\.1 s"):
            await link.get([STATUS])

        assert link.retries == 1

    async def test_late_answers_are_not_taken_for_the_next(self, connect, slow_agent):
        link = connect(slow_agent.port, timeout_s=0.1)
        slow_agent.delay_s = 0.15
        with pytest.raises(LinkTimeout):
            await link.get([STATUS])
        slow_agent.delay_s = 0.0

        answers = [await link.get([CURRENT]) for _ in range(3)]

        assert answers == [{CURRENT: -21}] * 3

    async def test_a_lost_datagram_is_asked_for_again(self, connect, agent):
        agent.requests_to_lose = 1
        link = connect(agent.port, timeout_s=0.6)

        assert await link.get([STATUS]) == {STATUS: 2}
        assert link.retries == 1

    async def test_a_datagram_lost_in_a_walk_is_asked_for_again(self, connect, agent):
        link = connect(agent.port, timeout_s=0.6)
        await link.get([STATUS])
        agent.requests_to_lose = 1

        assert len(await link.walk(f"{TABLE}.2", rows_max=100)) == 30

    async def test_a_closed_port_is_no_answer(self, connect):
        link = connect(free_port(), timeout_s=0.1)

        for _ in range(2):
            with pytest.raises(LinkError) as raised:
                await link.get([STATUS])
            assert isinstance(raised.value, LinkRefused | LinkTimeout)

    async def test_a_link_recovers_when_its_agent_does(self, connect):
        port = free_port()
        link = connect(port, timeout_s=0.2)
        with pytest.raises(LinkError):
            await link.get([STATUS])

        with SnmpAgent(VALUES, port=port):
            assert await link.get([STATUS]) == {STATUS: 2}

    async def test_a_wrong_community_gets_no_answer_and_is_not_told(self, connect, agent):
        link = connect(agent.port, timeout_s=0.1, community=SecretStr("maplewood"))

        with pytest.raises(LinkError) as raised:
            await link.get([STATUS])

        assert "maplewood" not in str(raised.value)

    @pytest.mark.parametrize(
        "words",
        [
            {"version": "3", "user": "nobody"},
            v3_words("md5") | {"auth_password": SecretStr("not-maplewood")},
            v3_words("md5") | {"auth_protocol": "SHA"},
        ],
    )
    async def test_a_wrong_user_or_key_is_told_as_such(self, connect, agent, words):
        link = connect(agent.port, **words)

        with pytest.raises(LinkAuthFailed) as raised:
            await link.get([STATUS])

        assert "maplewood" not in str(raised.value)

    async def test_version_3_goes_on_after_the_agent_has_restarted(self, connect):
        with SnmpAgent(VALUES) as before:
            port = before.port
            link = connect(port, timeout_s=0.5, **v3_words("sha-aes128"))
            await link.get([STATUS])

        with SnmpAgent(VALUES, port=port):
            with pytest.raises(LinkError):
                await link.get([STATUS])
            assert await link.get([STATUS]) == {STATUS: 2}

    async def test_two_devices_may_give_one_user_different_passphrases(self, connect, agent):
        with SnmpAgent(VALUES, auth_key="another-maple") as other:
            here = connect(agent.port, **v3_words("md5"))
            there = connect(
                other.port, **v3_words("md5") | {"auth_password": SecretStr("another-maple")}
            )

            for _ in range(2):
                assert await here.get([STATUS]) == {STATUS: 2}
                assert await there.get([STATUS]) == {STATUS: 2}

    async def test_a_host_without_an_address_is_refused(self, engine):
        link = open_snmp_link(SnmpAddress("nowhere.invalid", 161), engine=engine)

        with pytest.raises(LinkRefused, match=r"no address for host nowhere\.invalid"):
            await link.get([STATUS])

    async def test_a_closed_link_may_be_closed_again(self, connect, agent):
        link = connect(agent.port)
        await link.get([STATUS])

        await link.close()
        await link.close()

    @pytest.mark.parametrize(
        "garbage", [b"", b"0", b"0\x82\xff\xff", b"hello, world", b"\x30\x00", b"\xff" * 1400]
    )
    async def test_garbage_is_a_link_error(self, connect, garbage):
        async with LyingAgent(lambda _: [garbage]) as liar:
            with pytest.raises(LinkError):
                await connect(liar.port, timeout_s=0.05).get([STATUS])
            with pytest.raises(LinkError):
                await connect(liar.port, timeout_s=0.05).walk(TABLE, rows_max=10)

    async def test_answers_to_other_requests_without_end_are_a_time_out(self, connect):
        async with LyingAgent(lambda _: [LyingAgent.other_response()] * 50) as liar:
            with pytest.raises(LinkTimeout):
                await connect(liar.port, timeout_s=0.1).get([STATUS])

    async def test_an_answer_in_another_order_is_read_by_its_oids(self, connect):
        async with LyingAgent(LyingAgent.rows((CURRENT, -21), (STATUS, 2))) as liar:
            answer = await connect(liar.port).get([STATUS, ON_BATTERY, CURRENT])

        assert (answer[STATUS], answer[CURRENT]) == (2, -21)
        assert ON_BATTERY not in answer

    async def test_an_answer_about_something_else_says_nothing_of_what_was_asked(self, connect):
        async with LyingAgent(LyingAgent.rows((ALSO_ABSENT, 7))) as liar:
            answer = await connect(liar.port, timeout_s=0.3).get([STATUS, CURRENT])

        assert answer.keys().isdisjoint({STATUS, CURRENT})

    async def test_an_answer_that_comes_twice_is_read_once(self, connect):
        def doubled(request: bytes) -> list[bytes]:
            return [LyingAgent.good_response(request)] * 2

        async with LyingAgent(doubled) as liar:
            link = connect(liar.port, timeout_s=0.3)
            answers = [await link.get([oid]) for oid in (STATUS, CURRENT, STATUS)]

        assert answers == [{STATUS: 2}, {CURRENT: 2}, {STATUS: 2}]

    async def test_a_walk_backwards_ends(self, connect):
        rows = [(f"{TABLE}.2.{row}", row) for row in (3, 2, 1)]
        async with LyingAgent(LyingAgent.rows(*rows)) as liar:
            found = await connect(liar.port, timeout_s=0.3).walk(f"{TABLE}.2", rows_max=1000)

        assert found.items() <= dict(rows).items()
        assert liar.request_count < 10

    async def test_a_walk_in_circles_ends(self, connect):
        async with LyingAgent(LyingAgent.same_row(f"{TABLE}.2.1")) as liar:
            rows = await connect(liar.port, timeout_s=0.3).walk(f"{TABLE}.2", rows_max=1000)

        assert len(rows) <= 1
        assert liar.request_count < 5

    async def test_no_damaged_datagram_brings_out_more_than_a_link_error(
        self, connect, agent, engine
    ):
        await connect(agent.port).get([STATUS])  # keeps pysnmp's engine from being built again
        async with LyingAgent(lambda _: []) as liar:
            link = connect(liar.port, timeout_s=0.02)

            # pysnmp drops what it can't read and waits on, so each damage takes its time-outs.
            for damage in DAMAGES if engine == "gufo" else DAMAGES[::4]:
                liar.answer = damage
                for ask in (lambda: link.get([STATUS, MODEL]), lambda: link.walk(UPS, rows_max=5)):
                    try:
                        await ask()
                    except LinkError:
                        continue


def _damages() -> list[Callable[[bytes], list[bytes]]]:
    """Collect ways to damage a good answer: cut short, lengthened, bytes changed at random."""
    found: list[Callable[[bytes], list[bytes]]] = []

    @settings(
        max_examples=150, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(
        cut=st.integers(0, 120),
        tail=st.binary(max_size=4),
        changes=st.lists(st.tuples(st.integers(0, 90), st.integers(0, 255)), max_size=4),
    )
    def collect(cut: int, tail: bytes, changes: list[tuple[int, int]]) -> None:
        found.append(lambda request: [damaged(request, cut=cut, tail=tail, changes=changes)])

    collect()
    return found


def damaged(request: bytes, *, cut: int, tail: bytes, changes: list[tuple[int, int]]) -> bytes:
    answer = bytearray(LyingAgent.good_response(request))
    for at, octet in changes:
        answer[at % len(answer)] = octet
    return bytes(answer[: len(answer) - cut] if cut < len(answer) else answer) + tail


DAMAGES = _damages()


CONTEXT = {"version": "3", "user": "plain", "context_name": "rack-7"}


TRIPLE_DES = {
    "version": "3", "user": "sha-3des",
    "auth_protocol": "SHA", "auth_password": SecretStr(AUTH_KEY),
    "privacy_protocol": "3DES", "privacy_password": SecretStr(PRIV_KEY),
}  # fmt: skip


@pytest.mark.parametrize("words", [CONTEXT, TRIPLE_DES])
async def test_what_only_one_engine_can_is_asked_of_that_one(agent: SnmpAgent, words) -> None:
    link = open_snmp_link(SnmpAddress("127.0.0.1", agent.port, **words))

    assert await link.get([STATUS]) == {STATUS: 2}
    await link.close()


@pytest.mark.parametrize(
    ("words", "told"), [(CONTEXT, "no SNMPv3 contexts"), (TRIPLE_DES, "no 3DES")]
)
def test_an_engine_that_cannot_do_what_is_asked_says_so(words, told) -> None:
    with pytest.raises(ConfigError, match=f"auto or pysnmp: gufo-snmp knows {told}"):
        open_snmp_link(SnmpAddress("10.0.5.20", 161, **words), engine="gufo")
