"""Time-outs leave nothing behind in pysnmp's engine, which is shared and lives as long as we do."""

import asyncio
import gc

import pytest

from batteryd.devices.address import SnmpAddress
from batteryd.devices.snmp import open_snmp_link
from batteryd.errors import LinkTimeout
from tests.wire.lying_agent import LyingAgent, free_port

pytestmark = pytest.mark.wire

LOSSES = 40
SETTLED_OBJECTS_MAX = LOSSES  # less than one object for each; noise is about 5


async def test_requests_that_were_given_up_are_forgotten() -> None:
    async with LyingAgent(lambda request: [LyingAgent.good_response(request)]) as agent:
        keeper = open_snmp_link(SnmpAddress("127.0.0.1", agent.port), engine="pysnmp")
        await keeper.get(["1.3.6.1.2.1.33.1.2.1.0"])
        lost = open_snmp_link(
            SnmpAddress("127.0.0.1", free_port()), engine="pysnmp", timeout_s=0.005
        )
        await _lose(lost, 5)
        await _wait(keeper)
        before = _objects()

        await _lose(lost, LOSSES)
        await _wait(keeper)

        assert _objects() - before < SETTLED_OBJECTS_MAX
        await keeper.close()


async def _lose(link, count: int) -> None:
    for _ in range(count):
        with pytest.raises(LinkTimeout):
            await link.get(["1.3.6.1.2.1.33.1.2.1.0"])


async def _wait(keeper) -> None:
    """Let pysnmp's own time-outs pass: it looks at them every half second."""
    await asyncio.sleep(1.2)
    await keeper.get(["1.3.6.1.2.1.33.1.2.1.0"])


def _objects() -> int:
    gc.collect()
    return len(gc.get_objects())
