"""A thousand racks of 272 cells and sensors every ten seconds in one process, rules and all.

Poller, decoder, monitor, journal, roll-up, and keeping what was learned are the daemon's own; the
racks are `rack_responder`. The rules have known them for hours, at rest: they compare everything
from the first poll on. The bare side is the same polling with nothing behind it. "Longest" is how
long one thing has held the monitor's thread, in which nothing else is judged meanwhile; the longest
cycle is one of the first, in which rules are made for racks that are seen for the first time.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from batteryd.app.learning import SLICE_S, Learning
from batteryd.clock import SystemClock
from batteryd.devices.build import Fleet, LinkOptions
from batteryd.devices.device import PolledDevice
from batteryd.domain.inventory import Asset, Geometry, Source
from batteryd.domain.snapshot import Snapshot
from batteryd.rules.engine import Engine
from batteryd.rules.kind import Learned
from batteryd.store.learned import LEARNED_FILE, LearnedStore
from batteryd.store.rollup import Rollup
from tests.bench.end_to_end import MonitorThread
from tests.bench.polling import Took, allow_sockets, poll_for, responder
from tests.bench.row import BenchRow
from tests.bench.snmp_responder import device_host
from tests.rulebooks import make_asset, shipped_rulebook
from tests.simulated import rack_profile

RACK_COUNT = 1_000
KNOWN_FOR_S, STEP_S = 4 * 3600.0, 30.0  # what the rules have seen before, and how closely
ROLLUP_S = 60.0
HOLDS = {"roll up": "100 on an idle core (bare: in one go)"}


def run(*, duration_s: float = 60.0, rack_count: int = RACK_COUNT) -> list[BenchRow]:
    """Poll, journal and judge for `duration_s`."""
    allow_sockets(rack_count)
    name = f"{rack_count:,} in {duration_s:g} s"
    with responder("tests.bench.rack_responder") as port:
        assets = [_asset(number, port=port) for number in range(rack_count)]
        bare = asyncio.run(_poll(assets, duration_s=duration_s / 2, consume=lambda _: None))
        with MonitorThread.of(assets) as watch, _learning(watch, assets) as learning:
            jobs: dict[str, tuple[float, Callable[[], object]]] = {
                "keep what was learned": (SLICE_S, learning.keep_some),
                "roll up": (ROLLUP_S, Rollup(watch.journal).step),
            }
            with watch.running(jobs):
                polling = _poll(assets, duration_s=duration_s, consume=watch.inbox.put)
                took = asyncio.run(polling)
            judging_pct = 100 * watch.processor_s / duration_s
            rows = took.rows(name, bare_ms=bare.poll_ms, bare_lag_ms=bare.lag_p99_ms)
            return [
                *watch.rows("racks", rows),
                BenchRow("racks: of it journal and rules", judging_pct, None, "% of a core", ""),
                *(
                    BenchRow(
                        f"racks: longest: {work}",
                        ms,
                        watch.whole_ms.get(work) if work in HOLDS else None,
                        "ms",
                        HOLDS.get(work, "quoted"),
                    )
                    for work, ms in watch.longest_ms.items()
                ),
                BenchRow("racks: rows in the journal", watch.journal.last_row(), None, "", ""),
            ]


async def _poll(
    assets: Sequence[Asset], *, duration_s: float, consume: Callable[[Snapshot], None]
) -> Took:
    return await poll_for(duration_s, _devices(assets), consume=consume)


@contextmanager
def _learning(watch: MonitorThread, assets: Sequence[Asset]) -> Iterator[Learning]:
    """Let the rules know all racks as they know the first one."""
    known = asyncio.run(_known(assets[0]))
    for asset in assets:
        watch.engine.learn_from(asset.asset_id, known)
    store = LearnedStore.open_or_set_aside(watch.folder / LEARNED_FILE, now_s=0.0)
    learning = Learning(
        watch.engine,
        store=store,
        records=watch.ledger.records,
        journal=watch.journal,
        clock=SystemClock(),
        tell=lambda ends: None,
    )
    learning.recall({asset.asset_id: asset for asset in assets}, shipped_rulebook())
    yield learning
    store.close()


async def _known(asset: Asset) -> Mapping[str, Learned]:
    """Poll a rack as often as hours take, as if they were over now."""
    engine, (device,) = Engine(shipped_rulebook(), [asset]), _devices([asset])
    now_s = SystemClock().now_s()
    for number in range(round(KNOWN_FOR_S / STEP_S), -1, -1):
        at_s = now_s - number * STEP_S
        engine.evaluate(replace(await device.poll(), observed_at_s=at_s), at_s)
    await device.close()
    return engine.learned(asset.asset_id)


def _devices(assets: Sequence[Asset]) -> tuple[PolledDevice, ...]:
    profile = rack_profile()
    fleet = Fleet(clock=SystemClock(), options=LinkOptions())
    return fleet.devices(assets, profiles={profile.name: profile}, credentials={})


def _asset(number: int, *, port: int) -> Asset:
    return replace(
        make_asset(),
        asset_id=f"RACK-{number:04d}",
        geometry=Geometry(1, 17, 14, 2),
        source=Source(f"modbus://{device_host(number)}:{port}/1", rack_profile().name),
    )
