"""Our simulated devices, read by other people's clients: they see what we see."""

import asyncio
import os
import re
from collections.abc import AsyncIterator

import numpy as np
import pytest

from batteryd.clock import SystemClock
from batteryd.devices.address import parse_address
from batteryd.devices.modbus import PymodbusLink
from batteryd.devices.modbus_line import TcpLine
from batteryd.devices.probe import probe
from simulators.modbus_server import ModbusServer
from simulators.snmp_agent import (
    COMMUNITY,
    V3_AUTH_PASSWORD,
    V3_PRIVACY_PASSWORD,
    V3_USER,
    SnmpAgents,
)
from tests.devices_page import shipped
from tests.simulated import make_world
from tests.wire.servers import program

pytestmark = pytest.mark.wire

NUT_DRIVER = "/lib/nut/snmp-ups"
NUT_WORDS = {
    "v1": {"community": COMMUNITY},
    "v2c": {"community": COMMUNITY},
    "v3": {
        "secLevel": "authPriv", "secName": V3_USER,
        "authProtocol": "SHA", "authPassword": V3_AUTH_PASSWORD,
        "privProtocol": "AES", "privPassword": V3_PRIVACY_PASSWORD,
    },
}  # fmt: skip


async def output_of(*command: str, **environment: str) -> str:
    running = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | environment,
    )
    out, err = await running.communicate()
    assert running.returncode == 0, out + err
    return out.decode()


@pytest.fixture
async def card() -> AsyncIterator[int]:
    agents = SnmpAgents(make_world().ups)
    await agents.start()
    yield agents.ports["U1"]
    await agents.stop()


@pytest.mark.parametrize("version", NUT_WORDS)
async def test_nut_reads_the_simulated_ups_as_we_do(card, tmp_path, version):
    words = {"mibs": "ietf", "port": f"127.0.0.1:{card}", "snmp_version": version}
    options = [f"-x{key}={word}" for key, word in (words | NUT_WORDS[version]).items()]
    said = await output_of(
        program(NUT_DRIVER), "-s", "simulated", *options, "-d", "1", NUT_STATEPATH=str(tmp_path)
    )
    nut = dict(re.findall(r"(?m)^([\w.]+): (.*)$", said))

    answer = await probe(
        parse_address(f"snmp://127.0.0.1:{card}"), shipped(), timeout_s=2.0, clock=SystemClock()
    )
    ours = {r["quantity"]: r["value"] for r in answer.as_json()["readings"]}
    assert {
        "soc_pct": float(nut["battery.charge"]),
        "voltage_v": float(nut["battery.voltage"]),
        "runtime_remaining_s": float(nut["battery.runtime"]),
        "temperature_c": float(nut["battery.temperature"]),
        "load_pct": float(nut["output.L1.power.percent"]),
    }.items() <= ours.items()
    assert nut["ups.status"] == "OL"
    assert nut["ups.model"] == answer.nameplate.model


async def test_mbpoll_reads_the_simulated_rack_as_we_do():
    server = ModbusServer({1: make_world().racks["R1"]})
    await server.start()
    link = PymodbusLink(TcpLine(server.host, server.port))
    try:
        said = await output_of(
            program("mbpoll"), "-m", "tcp", "-a", "1", "-0", "-r", "0", "-c", "20", "-t", "4:hex",
            "-1", "-p", str(server.port), server.host,
        )  # fmt: skip
        ours = await link.read(unit=1, function=3, start=0, count=20)
    finally:
        await link.close()
        await server.stop()

    theirs = [int(word, 16) for word in re.findall(r"(?m)^\[\d+\]:\s+0x([0-9A-F]{4})", said)]
    assert np.count_nonzero(ours) > 5
    assert theirs == ours
    assert set(server.function_codes) == {3}
