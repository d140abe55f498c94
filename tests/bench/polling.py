"""Ten thousand SNMP devices every ten seconds from one process.

The devices are one small process (`snmp_responder`) on ten thousand addresses of 127.0.0.0/8; the
poller, readers and links are the daemon's own. `consume` stands for whatever takes the snapshots.
"""

import asyncio
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from time import process_time
from typing import NamedTuple

from gufo.snmp.aio import SnmpSession

from batteryd.clock import SystemClock
from batteryd.devices.build import Fleet, LinkOptions
from batteryd.devices.device import PolledDevice
from batteryd.devices.poller import Poller
from batteryd.devices.slots import SLOT_WIDTH_S
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.domain.inventory import Asset, AssetKind, Source
from batteryd.domain.snapshot import Snapshot
from tests.bench.row import BenchRow
from tests.bench.snmp_responder import device_host

DEVICE_COUNT = 10_000
INTERVAL_S = 10.0
FILES_BESIDE_SOCKETS = 200

# Fifteen values, as many as a card with the whole battery group of UPS-MIB and some of its own.
QUANTITIES = (
    "battery_status", "time_on_battery_s", "runtime_remaining_s", "soc_pct", "voltage_v",
    "current_a", "temperature_c", "output_source", "load_pct", "soh_pct", "humidity_pct",
    "ambient_temperature_c", "cycle_count", "capacity_ah", "alarm_count",
)  # fmt: skip

PROFILE = SnmpProfile.model_validate(
    {
        "name": "bench-ups",
        "title": "A UPS with fifteen values",
        "protocol": "snmp",
        "poll_interval_s": INTERVAL_S,
        "current_positive_while": "charging",
        "points": [
            {"oid": f"1.3.6.1.2.1.33.1.2.{n}.0", "quantity": quantity, "source": f"object {n}"}
            for n, quantity in enumerate(QUANTITIES, start=1)
        ],
    }
)


def run(
    *,
    duration_s: float = 60.0,
    device_count: int = DEVICE_COUNT,
    consume: Callable[[Snapshot], None] = lambda snapshot: None,
) -> list[BenchRow]:
    """Poll for `duration_s`, all devices every `INTERVAL_S`, and say what it took."""
    allow_sockets(device_count)
    with responder("tests.bench.snmp_responder") as port:
        bare_ms = asyncio.run(_bare_get_ms(port, device_count=device_count))
        took = asyncio.run(
            _poll(port, device_count=device_count, duration_s=duration_s, consume=consume)
        )
    return took.rows(f"{device_count:,} SNMP devices, {duration_s:g} s", bare_ms=bare_ms)


class Took(NamedTuple):
    """What polling took, and what was missed."""

    failed: int
    missed: int
    lag_p99_ms: float
    memory_mb: float
    processor_pct: float  # start included
    poll_ms: float  # after the first round, which opens the sessions

    def rows(
        self, name: str, *, bare_ms: float, bare_lag_ms: float | None = None
    ) -> list[BenchRow]:
        """Return the lines of the table."""
        return [
            BenchRow(f"{name}: failed polls", self.failed, None, "", "0"),
            BenchRow(f"{name}: missed polls", self.missed, None, "", "0"),
            BenchRow(f"{name}: start lag p99", self.lag_p99_ms, bare_lag_ms, "ms", "under 250"),
            BenchRow(f"{name}: memory", self.memory_mb, None, "MB", "under 400"),
            BenchRow(f"{name}: processor", self.processor_pct, None, "% of a core", "quoted"),
            BenchRow(f"{name}: processor a poll", self.poll_ms, bare_ms, "ms", "3 times at most"),
        ]


async def poll_for(
    duration_s: float, devices: Sequence[PolledDevice], *, consume: Callable[[Snapshot], None]
) -> Took:
    """Poll devices, all of them every `INTERVAL_S`."""
    clock = SystemClock()
    poller = Poller(devices, sink=consume, nameplate_sink=lambda *_: None, clock=clock)
    started_s = process_time()
    poller.start()
    await clock.sleep(INTERVAL_S)
    settled_s, settled_polls = process_time(), poller.counters.polls
    await clock.sleep(duration_s - INTERVAL_S)
    ended_s, counters, memory_mb = process_time(), poller.counters, _memory_mb()
    await poller.stop()
    return Took(
        failed=counters.failed,
        missed=counters.missed,
        lag_p99_ms=counters.lag_p99_s * 1000,
        memory_mb=memory_mb,
        processor_pct=(ended_s - started_s) / duration_s * 100,
        poll_ms=(ended_s - settled_s) / (counters.polls - settled_polls) * 1000,
    )


async def _poll(
    port: int, *, device_count: int, duration_s: float, consume: Callable[[Snapshot], None]
) -> Took:
    devices = Fleet(clock=SystemClock(), options=LinkOptions()).devices(
        (asset(number, port=port) for number in range(device_count)),
        profiles={PROFILE.name: PROFILE},
        credentials={},
    )
    return await poll_for(duration_s, devices, consume=consume)


async def _bare_get_ms(port: int, *, device_count: int) -> float:
    """Return the processor time of gufo's own GET: the same devices, objects and pace."""
    clock = SystemClock()
    sessions = [SnmpSession(device_host(number), port=port) for number in range(device_count)]
    oids = [point.oid for point in PROFILE.points]
    await sessions[0].get_many(oids)
    slot_size = ceil(device_count * SLOT_WIDTH_S / INTERVAL_S)
    began_s, next_s = process_time(), clock.monotonic_s()
    for first in range(0, device_count, slot_size):
        slot = sessions[first : first + slot_size]
        await asyncio.gather(*(session.get_many(oids) for session in slot))
        next_s += SLOT_WIDTH_S
        await clock.sleep(max(0.0, next_s - clock.monotonic_s()))
    return (process_time() - began_s) / device_count * 1000


def asset(number: int, *, port: int) -> Asset:
    """Return a device of the benchmark."""
    return Asset(
        asset_id=f"UPS-{number:05d}",
        kind=AssetKind.UPS,
        site_id="daejeon",
        room_id="b1-ups-room",
        name=f"UPS {number}",
        source=Source(f"snmp://{device_host(number)}:{port}", PROFILE.name),
    )


@contextmanager
def responder(module: str) -> Iterator[int]:
    """Run a module that answers for all devices; yield its port."""
    with subprocess.Popen([sys.executable, "-m", module], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def allow_sockets(count: int) -> None:
    """Let this process, and what it starts, open so many sockets."""
    wanted = count + FILES_BESIDE_SOCKETS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        hard = hard if hard == resource.RLIM_INFINITY else max(hard, wanted)  # root may raise it
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6
