"""Our SNMP links against agents that are not ours: Net-SNMP's snmpd and snmpsim, both engines."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from batteryd.devices.address import SnmpAddress
from batteryd.devices.link import SnmpLink
from batteryd.devices.snmp import exchange_opener, open_snmp_link
from batteryd.errors import LinkAuthFailed, LinkError
from tests.wire.foreign_agents import (
    AUTH,
    AUTH_KEY,
    PRIVACY,
    PRIVACY_KEY,
    ForeignAgent,
    User,
    snmpd,
    snmpsim,
    user_name,
)

pytestmark = pytest.mark.wire

UPS = "1.3.6.1.2.1.33.1"
MODEL, STATUS, SOC, ABSENT = f"{UPS}.1.2.0", f"{UPS}.2.1.0", f"{UPS}.2.4.0", f"{UPS}.2.9.0"
COLUMN = f"{UPS}.4.4.1.5"  # upsOutputPercentLoad
ROWS = {f"{COLUMN}.{line}": 40 + line for line in range(1, 31)}
VALUES: dict[str, int | str] = {MODEL: "LR-100", STATUS: 2, SOC: 97, **ROWS}
BOOTS = "1.3.6.1.6.3.10.2.1.2.0"  # snmpEngineBoots

USERS: tuple[User, ...] = (
    *((auth, None) for auth in AUTH),
    *(("SHA", privacy) for privacy in PRIVACY),
    *(("MD5", privacy) for privacy in PRIVACY),
    ("SHA256", "AES128"),
    ("SHA224", "AES256C"),
    ("SHA384", "AES192"),
    ("SHA512", "AES256"),
)

Connect = Callable[..., SnmpLink]


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForeignAgent]:
    with snmpd(tmp_path_factory.mktemp("snmpd"), VALUES, users=USERS) as running:
        yield running


@pytest.fixture(params=["gufo", "pysnmp"])
async def connect(request: pytest.FixtureRequest) -> AsyncIterator[Connect]:
    opened: list[SnmpLink] = []

    def open_link(port: int, *, timeout_s: float = 1.0, **words) -> SnmpLink:
        address = SnmpAddress("127.0.0.1", port, **words)
        opened.append(open_snmp_link(address, engine=request.param, timeout_s=timeout_s))
        return opened[-1]

    yield open_link
    for link in opened:
        await link.close()


def words_of(user: User, *, auth_key: str = AUTH_KEY) -> dict[str, Any]:
    auth, privacy = user
    words: dict[str, Any] = {"version": "3", "user": user_name(user), "auth_protocol": auth}
    words["auth_password"] = SecretStr(auth_key)
    if privacy:
        words |= {"privacy_protocol": privacy, "privacy_password": SecretStr(PRIVACY_KEY)}
    return words


@pytest.mark.parametrize("version", ["1", "2c"])
async def test_snmpd_is_read_in_the_clear(agent, connect, version):
    link = connect(agent.port, version=version)

    for _ in range(2):
        assert await link.get([MODEL, STATUS, ABSENT, SOC]) == {
            MODEL: b"LR-100",
            STATUS: 2,
            SOC: 97,
        }
    assert await link.walk(COLUMN, rows_max=100) == ROWS


@pytest.mark.parametrize("user", USERS, ids=user_name)
async def test_snmpd_is_read_with_every_protocol_that_it_knows(agent, connect, user):
    link = connect(agent.port, **words_of(user))

    assert await link.get([STATUS, SOC]) == {STATUS: 2, SOC: 97}
    assert await link.walk(COLUMN, rows_max=100) == ROWS


async def test_a_wrong_passphrase_is_refused_credentials(agent, connect):
    link = connect(agent.port, **words_of(("SHA256", "AES128"), auth_key="another-tram"))

    with pytest.raises(LinkAuthFailed):
        await link.get([STATUS])


@pytest.mark.parametrize(
    ("user", "wrong"),
    [
        (("SHA", "AES256"), {"privacy_protocol": "AES256C"}),
        (("SHA", "AES192C"), {"privacy_protocol": "AES192"}),
        (("SHA256", "AES128"), {"privacy_password": SecretStr("another-owl")}),
    ],
)
async def test_what_snmpd_cannot_decipher_it_does_not_answer(agent, connect, user, wrong):
    link = connect(agent.port, timeout_s=0.2, **words_of(user) | wrong)

    with pytest.raises(LinkError):
        await link.get([STATUS])


@pytest.mark.parametrize("boots_after", [8, 1], ids=["counted on", "began to count anew"])
async def test_a_device_that_restarted_is_read_by_the_next_poll(connect, tmp_path, boots_after):
    user: User = ("SHA256", "AES128")
    with snmpd(tmp_path, VALUES, users=[user], boots=7) as before:
        link = connect(before.port, **words_of(user))
        assert await link.get([STATUS, BOOTS]) == {STATUS: 2, BOOTS: 7}

    with snmpd(tmp_path, VALUES, users=[user], boots=boots_after, port=before.port):
        assert await link.get([STATUS, BOOTS]) == {STATUS: 2, BOOTS: boots_after}


@pytest.mark.parametrize("engine", ["gufo", "pysnmp"])
async def test_a_device_that_restarts_in_the_middle_of_a_walk_is_walked_to_the_end(
    engine, tmp_path
):
    user: User = ("SHA256", "AES128")
    with snmpd(tmp_path, VALUES, users=[user], boots=7) as before:
        address = SnmpAddress("127.0.0.1", before.port, **words_of(user))
        session = await exchange_opener(address, engine=engine)()
        walk = session.walk(COLUMN)
        rows = []
        for _ in range(10):
            row = await walk.next()
            assert row is not None
            rows.append(row)

    with snmpd(tmp_path, VALUES, users=[user], boots=8, port=before.port):
        while (row := await walk.next()) is not None:
            rows.append(row)
    await session.close()

    assert dict(rows) == ROWS


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForeignAgent]:
    values = {"public": VALUES, "rack-7": VALUES | {SOC: 55}}
    with snmpsim(tmp_path_factory.mktemp("snmpsim"), values, user=("SHA256", "AES128")) as running:
        yield running


@pytest.mark.parametrize("version", ["1", "2c"])
async def test_snmpsim_is_read_in_the_clear(simulated, connect, version):
    link = connect(simulated.port, version=version)

    assert await link.get([MODEL, STATUS, SOC]) == {MODEL: b"LR-100", STATUS: 2, SOC: 97}
    assert await link.walk(COLUMN, rows_max=100) == ROWS


async def test_snmpsim_is_read_under_a_context(simulated):
    words = words_of(("SHA256", "AES128")) | {"context_name": "rack-7"}
    link = open_snmp_link(SnmpAddress("127.0.0.1", simulated.port, **words))

    assert await link.get([SOC]) == {SOC: 55}
    await link.close()
