"""Recording devices on real sockets, and reading the recordings as if they were the devices."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pysnmp.proto.api import v2c

from batteryd.cli.main import main
from batteryd.clock import SystemClock
from batteryd.devices.address import parse_address
from batteryd.devices.probe_answer import ProbeAnswer
from batteryd.devices.recorder import Recorder
from batteryd.devices.recording_file import parse_recording, recording_text
from simulators.modbus_server import ModbusServer
from tests.devices_page import shipped
from tests.simulated import make_world
from tests.wire.lying_agent import free_port
from tests.wire.snmp_agent import SnmpAgent

pytestmark = pytest.mark.wire

UPS = "1.3.6.1.2.1.33.1"
VENDOR = "1.3.6.1.4.1.59999"
CARD = {
    "1.3.6.1.2.1.1.2.0": v2c.ObjectIdentifier(f"{VENDOR}.7"),
    "1.3.6.1.2.1.1.5.0": v2c.OctetString("seoul-ups-3"),
    f"{UPS}.1.1.0": v2c.OctetString("Batteryd Works"),
    f"{UPS}.2.1.0": v2c.Integer32(2),
    f"{UPS}.2.4.0": v2c.Integer32(97),
    f"{VENDOR}.1.1.0": v2c.OctetString("Turbo 9"),
    f"{VENDOR}.1.2.0": v2c.IpAddress("10.0.5.20"),
    f"{VENDOR}.1.3.0": v2c.Integer32(42),
}
NOT_BATTERYS = {"1.3.6.1.2.1.1.2.0": v2c.ObjectIdentifier(f"{VENDOR}.8")}


@pytest.fixture
def card() -> Iterator[SnmpAgent]:
    with SnmpAgent(CARD) as agent:
        yield agent


def objects_in(file: Path) -> dict[str, Any]:
    return {oid: value for oid, _, value in json.loads(file.read_text())["objects"]}


def test_a_card_is_recorded_without_what_is_somebodys(
    card: SnmpAgent, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "card.json"

    code = main(["probe", f"snmp://127.0.0.1:{card.port}", "--record", str(file)])

    said = capsys.readouterr()
    assert code == 0
    assert "replaced: 1 x address, 1 x name, 1 x unknown text" in said.err
    assert "soc_pct" in said.out
    assert objects_in(file) == {
        "1.3.6.1.2.1.1.2.0": f"{VENDOR}.7",
        "1.3.6.1.2.1.1.5.0": "xxxxx-xxx-0",
        f"{UPS}.1.1.0": "Batteryd Works",
        f"{UPS}.2.1.0": 2,
        f"{UPS}.2.4.0": 97,
        f"{VENDOR}.1.1.0": "Xxxxx 0",
        f"{VENDOR}.1.2.0": "192.0.2.1",
        f"{VENDOR}.1.3.0": 42,
    }


def test_a_recording_is_read_as_its_device_was(
    card: SnmpAgent, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "card.json"
    main(["probe", f"snmp://127.0.0.1:{card.port}", "--record", str(file), "--json"])
    live = json.loads(capsys.readouterr().out)

    code = main(["probe", "--replay", str(file), "--json"])

    replayed = json.loads(capsys.readouterr().out)
    assert code == 0
    assert replayed["target"] == str(file)
    assert replayed["readings"] == live["readings"]
    assert replayed["profile"] == live["profile"]


def test_a_text_may_be_kept(card: SnmpAgent, tmp_path: Path) -> None:
    file = tmp_path / "card.json"

    main(["probe", f"snmp://127.0.0.1:{card.port}", "--record", str(file), "--keep", "Turbo 9"])

    assert objects_in(file)[f"{VENDOR}.1.1.0"] == "Turbo 9"


def test_a_device_that_no_profile_fits_is_recorded_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "unknown.json"

    with SnmpAgent(NOT_BATTERYS) as agent:
        code = main(["probe", f"snmp://127.0.0.1:{agent.port}", "--record", str(file)])

    assert code == 4
    assert objects_in(file) == {"1.3.6.1.2.1.1.2.0": f"{VENDOR}.8"}
    assert main(["probe", "--replay", str(file)]) == 4


def test_a_device_that_does_not_answer_leaves_no_file(tmp_path: Path) -> None:
    file = tmp_path / "silent.json"

    code = main(["probe", f"snmp://127.0.0.1:{free_port()}", "--record", str(file)])

    assert code == 3
    assert not file.exists()


async def test_a_rack_is_recorded_with_reading_functions_only() -> None:
    server = ModbusServer({1: make_world().racks["R1"]})
    await server.start()
    recorder = Recorder(
        shipped(), clock=SystemClock(), timeout_s=1.0, note="as tested", request_pause_s=0.0
    )
    try:
        address = parse_address(f"modbus://{server.host}:{server.port}/1")
        recorded = await recorder.record(address)
    finally:
        await server.stop()

    assert set(server.function_codes) <= {1, 2, 3, 4, 43}
    assert isinstance(recorded.answer, ProbeAnswer)
    assert recorded.differences == ()
    text = recording_text(recorded.recording)
    assert parse_recording(text.encode(), file="rack.json") == recorded.recording
    serial = recorded.answer.nameplate.serial
    assert serial
    assert [row.kind for row in recorded.replaced] == ["serial number"]
