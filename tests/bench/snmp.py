"""What an SNMP poll of fifteen values costs beside gufo's own GET of the same objects.

The agent is another process, so that processor time is ours alone. The bare call and ours take
turns in the same run, in rounds, and the best round of each counts: whatever else the machine does
only ever adds.
"""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from time import process_time

from gufo.snmp.aio import SnmpSession

from batteryd.devices.address import SnmpAddress
from batteryd.devices.snmp import EngineName, open_snmp_link
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.devices.snmp_reader import SnmpReader
from batteryd.domain.inventory import Geometry
from tests.bench.polling import QUANTITIES
from tests.bench.row import BenchRow

ROUNDS = 8
GETS_PER_ROUND = 500
HOST = "127.0.0.1"

PROFILE = SnmpProfile.model_validate(
    {
        "name": "bench-ups",
        "title": "A UPS with fifteen values",
        "protocol": "snmp",
        "poll_interval_s": 10,
        "current_positive_while": "charging",
        "points": [
            {
                "oid": f"1.3.6.1.2.1.33.1.2.{number}.0",
                "quantity": quantity,
                "source": f"object {number}",
                "sentinels": [-1, 65535],
            }
            for number, quantity in enumerate(QUANTITIES, start=1)
        ],
    }
)


def run() -> list[BenchRow]:
    """Measure the poll with both engines against gufo's bare call."""
    with responder() as port:
        gufo_ms, bare_ms = asyncio.run(_measure(port, engine="gufo"))
        pysnmp_ms, _ = asyncio.run(_measure(port, engine="pysnmp", rounds=2, gets=50))
    name = "SNMP poll of 15 values, processor time"
    return [
        BenchRow(f"{name}, gufo", gufo_ms, bare_ms, "ms", "well under 3 times"),
        BenchRow(f"{name}, pysnmp", pysnmp_ms, bare_ms, "ms", "quoted"),
    ]


@contextmanager
def responder() -> Iterator[int]:
    """Run an agent in a process of its own, and yield its port."""
    command = [sys.executable, "-m", "tests.bench.snmp_responder"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


async def _measure(
    port: int, *, engine: EngineName, rounds: int = ROUNDS, gets: int = GETS_PER_ROUND
) -> tuple[float, float]:
    """Return milliseconds of processor time of a poll of ours and of a bare GET."""
    session = SnmpSession(HOST, port=port)
    oids = [point.oid for point in PROFILE.points]
    link = open_snmp_link(SnmpAddress(HOST, port), engine=engine)
    reader = SnmpReader(PROFILE, geometry=Geometry(), link=link)
    await reader.read()
    ours, bare = [], []
    for _ in range(rounds):
        bare.append(await _round_ms(lambda: session.get_many(oids), gets=gets))
        ours.append(await _round_ms(reader.read, gets=gets))
    await reader.close()
    return min(ours), min(bare)


async def _round_ms(ask: Callable[[], Awaitable[object]], *, gets: int) -> float:
    began_s = process_time()
    for _ in range(gets):
        await ask()
    return (process_time() - began_s) / gets * 1000
