"""`probe` against devices on real sockets, with the profiles that ship."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from pysnmp.proto.api import v2c

from batteryd.clock import SystemClock
from batteryd.devices.address import parse_address
from batteryd.devices.probe import probe
from batteryd.devices.probe_answer import ProbeAnswer
from batteryd.devices.probe_text import answer_text
from batteryd.devices.profile import Profile, parse_profiles
from batteryd.errors import LinkError, LinkRefused, LinkTimeout, ProfileError
from simulators.modbus_server import ModbusServer
from simulators.snmp_agent import SnmpAgents
from tests.simulated import make_world
from tests.wire.lying_agent import free_port
from tests.wire.snmp_agent import SnmpAgent

pytestmark = pytest.mark.wire

FOLDER = Path(__file__).parents[2] / "config" / "profiles"
PROFILES: Mapping[str, Profile] = parse_profiles(
    {path.name: tomllib.loads(path.read_text()) for path in sorted(FOLDER.glob("*.toml"))}
)
UPS = "1.3.6.1.2.1.33.1"
CARD = {
    "1.3.6.1.2.1.1.2.0": v2c.ObjectIdentifier(UPS),
    f"{UPS}.1.1.0": v2c.OctetString("Batteryd Works"),
    f"{UPS}.1.2.0": v2c.OctetString("UPS 20k "),
    f"{UPS}.2.1.0": v2c.Integer32(2),
    f"{UPS}.2.3.0": v2c.Integer32(0),  # not calculated
    f"{UPS}.2.4.0": v2c.Integer32(97),
    f"{UPS}.2.5.0": v2c.Integer32(542),
    f"{UPS}.2.6.0": v2c.Null(""),
    f"{UPS}.2.7.0": v2c.Integer32(-273),  # no sensor
    f"{UPS}.6.1.0": v2c.Gauge32(1),
    f"{UPS}.6.2.1.2.7": v2c.ObjectIdentifier(f"{UPS}.6.3.1"),
}


@pytest.fixture
def card() -> Iterator[SnmpAgent]:
    with SnmpAgent(CARD) as agent:
        yield agent


async def ask(target: str, *, profile_name: str | None = None) -> ProbeAnswer:
    return await probe(
        parse_address(target),
        PROFILES,
        profile_name=profile_name,
        timeout_s=0.3,
        clock=SystemClock(),
    )


@pytest.mark.parametrize("version", ["1", "2c"])
async def test_a_card_that_nobody_named_is_read_by_the_standard(
    card: SnmpAgent, version: str
) -> None:
    answer = (await ask(f"snmp://127.0.0.1:{card.port}?version={version}")).as_json()

    assert answer["profile"] == "ups-mib"
    assert answer["identity"] == {
        "manufacturer": "Batteryd Works", "model": "UPS 20k", "serial": None, "firmware": None,
    }  # fmt: skip
    assert {r["quantity"]: (r["value"], r["quality"]) for r in answer["readings"]} == {
        "battery_status": (2.0, "good"),
        "time_on_battery_s": (None, "bad"),
        "runtime_remaining_s": (0.0, "uncertain"),
        "soc_pct": (97.0, "good"),
        "voltage_v": (54.2, "good"),
        "current_a": (None, "bad"),
        "temperature_c": (None, "bad"),
        "output_source": (None, "bad"),
        "load_pct": (None, "bad"),
        "alarm_count": (1.0, "good"),
        "replace_indicator": (1.0, "good"),
        "communication_lost": (0.0, "good"),
    }


async def test_the_simulated_ups_is_recognised_over_version_3() -> None:
    agents = SnmpAgents(make_world().ups)
    await agents.start()
    try:
        answer = await ask(
            f"snmp://127.0.0.1:{agents.ports['U1']}?user=simulated&auth_protocol=SHA"
            "&auth_password=simulated-auth&privacy_protocol=AES128&privacy_password=simulated-priv"
        )
    finally:
        await agents.stop()

    assert answer.profile == "ups-mib"
    assert (answer.reading.quality == 0).all()
    assert "simulated-auth" not in json.dumps(answer.as_json()) + answer_text(answer)


async def test_the_simulated_rack_is_recognised_by_its_nameplate() -> None:
    server = ModbusServer({1: make_world().racks["R1"]})
    await server.start()
    try:
        answer = await ask(f"modbus://{server.host}:{server.port}/1")
    finally:
        await server.stop()

    assert answer.profile == "lithium-rack"
    assert answer.nameplate.manufacturer == "Batteryd Works"
    assert (answer.reading.quality == 0).any()


async def test_a_profile_may_be_named(card: SnmpAgent) -> None:
    answer = await ask(f"snmp://127.0.0.1:{card.port}", profile_name="ups-mib")

    assert answer.profile == "ups-mib"


@pytest.mark.parametrize(
    ("target", "name"),
    [("snmp://127.0.0.1:{}", "lithium-rack"), ("modbus://127.0.0.1:{}/1", "ups-mib")],
)
async def test_a_profile_of_another_protocol_is_refused(target: str, name: str) -> None:
    with pytest.raises(ProfileError, match=f"profile {name} does not speak"):
        await ask(target.format(free_port()), profile_name=name)


async def test_an_agent_without_a_battery_fits_no_profile() -> None:
    power_strip = {"1.3.6.1.2.1.1.2.0": v2c.ObjectIdentifier("1.3.6.1.4.1.318.1.3.4.6")}
    told = r"sysObjectID 1\.3\.6\.1\.4\.1\.318\.1\.3\.4\.6"

    with SnmpAgent(power_strip) as agent, pytest.raises(ProfileError, match=told):
        await ask(f"snmp://127.0.0.1:{agent.port}")


async def test_a_ups_that_knows_nothing_of_its_battery_is_no_battery() -> None:
    blank = CARD | {f"{UPS}.2.{n}.0": v2c.Integer32(2147483647) for n in range(1, 8)}
    del blank[f"{UPS}.6.1.0"]
    told = "no profile finds a battery in this device"

    with SnmpAgent(blank) as agent, pytest.raises(ProfileError, match=told):
        await ask(f"snmp://127.0.0.1:{agent.port}")


@pytest.mark.parametrize(
    "target", ["snmp://127.0.0.1:{}?community=maple", "modbus://127.0.0.1:{}/1"]
)
async def test_nobody_there_is_a_link_error_without_a_secret(target: str) -> None:
    with pytest.raises(LinkError) as raised:
        await ask(target.format(free_port()))

    assert isinstance(raised.value, LinkRefused | LinkTimeout)
    assert "maple" not in str(raised.value)
