"""What the detectors cost: a snapshot in each state of a rack, what is remembered, keeping it.

All rules that ship are led past a rack beside those of them that compare nothing (limits and
silences): the same snapshots, turn by turn. A turn is a stretch of polls, so that what is done once
a minute and every ten minutes counts; the best turn of each is shown. Time passes as it does for a
rack: a snapshot that came twice would be a clock that stands still.
"""

import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from batteryd.app.learning import KEEP_S, SLICE_S, Learning
from batteryd.clock import SystemClock
from batteryd.domain.inventory import Asset
from batteryd.domain.snapshot import Snapshot
from batteryd.rules.engine import Engine
from batteryd.rules.table import DETECTION
from batteryd.store.learned import LearnedStore
from batteryd.store.learned_packing import pack
from batteryd.store.ledger import Ledger
from tests.bench.row import BenchRow
from tests.bench.rules import limits_alone
from tests.journals import open_journal
from tests.racks import Change, Rack, asset_of, discharge
from tests.rulebooks import shipped_rulebook

ALL_RULES = shipped_rulebook()
SHAPE = (17, 2, 14)  # 272 values, and three of the whole rack
RACK_COUNT = 1000
TURN_S = 900.0
SETTLE_H = 3.0  # before it is measured: rested, and offsets learned
HOURS = 6.0
TRACED = 50  # racks whose memory is traced


@dataclass(frozen=True, slots=True)
class State:
    """A rack in a state that is measured from `SETTLE_H` on, in whole turns."""

    name: str
    rack: Rack
    change: Change | None = None
    has_alarm: bool = False
    measured_h: tuple[float, ...] = ()  # the turns that count; empty: all


def heated(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
    """Warm a module by 6 K in an hour."""
    heat[5] += 6.0 * min(1.0, max(0.0, at_h - 1.5))


def unread(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
    """Leave out a sensor: no poll is complete."""
    heat[3, 1] = np.nan


def states() -> tuple[State, ...]:
    """Return what is measured."""
    starts_h = (3.0, 4.0, 5.0)
    loaded = Rack(SHAPE, current_a=discharge(*starts_h))
    return (
        State("272 values, at rest", Rack(SHAPE)),
        State("272 values, during a discharge", loaded, measured_h=starts_h),
        State("272 values, an alarm standing", Rack(SHAPE), heated, has_alarm=True),
        State("272 values, a sensor missing", Rack(SHAPE), unread, has_alarm=True),
        State("170 values, at rest, every 30 s", Rack((10, 1, 16), poll_s=30.0)),
    )


def run() -> list[BenchRow]:
    """Measure."""
    return [*(_snapshot(state) for state in states()), *_remembered(), *_kept()]


def _snapshot(state: State) -> BenchRow:
    ours, bare = (Engine(book, [asset_of(state.rack)]) for book in (ALL_RULES, limits_alone()))
    ours_us, bare_us, raised = [], [], 0
    for at_h, turn in _turns(state):
        took_us, events = _judged(ours, turn)
        took_bare_us, _ = _judged(bare, turn)
        raised += events
        if at_h >= SETTLE_H and (not state.measured_h or at_h in state.measured_h):
            ours_us.append(took_us)
            bare_us.append(took_bare_us)
    if bool(raised) is not state.has_alarm:
        raise RuntimeError(f"{state.name}: {raised} events; this is not what is to be measured")
    # The rules of a minute are in every second of these polls, not in every sixth.
    limit = "at most 200 µs" if state.rack.shape == SHAPE else "quoted"
    goal = f"{limit} (bare: limits alone)"
    return BenchRow(f"detection: {state.name}", min(ours_us), min(bare_us), "µs", goal)


def _turns(state: State) -> Iterator[tuple[float, list[Snapshot]]]:
    polls = list(state.rack.snapshots(HOURS, state.change))
    count = round(TURN_S / state.rack.poll_s)
    for first in range(0, len(polls), count):
        yield first * state.rack.poll_s / 3600.0, polls[first : first + count]


def _judged(engine: Engine, turn: Iterable[Snapshot]) -> tuple[float, int]:
    """Return the processor time of a snapshot in µs, and how much was said."""
    snapshots, said = list(turn), 0
    began_s = time.process_time()
    for snapshot in snapshots:
        said += len(engine.evaluate(snapshot, snapshot.observed_at_s))
    return (time.process_time() - began_s) / len(snapshots) * 1e6, said


def _remembered() -> list[BenchRow]:
    engine, _ = _settled()
    learned = engine.learned("rack-1")[DETECTION]
    arrays_kb = sum(a.nbytes for a in learned.values() if isinstance(a, np.ndarray)) / 1000
    return [
        BenchRow("detection: state of a rack, arrays", arrays_kb, None, "kB", "at most 25 kB"),
        BenchRow("detection: state of a rack, kept", len(pack(learned)) / 1000, None, "kB", ""),
        BenchRow("detection: memory of a rack, all of it", _traced_kb(), None, "kB", "quoted"),
    ]


def _traced_kb() -> float:
    """Return what an engine holds on to for each of many racks of one layout."""
    assets, (first, *polls) = _racks(TRACED), Rack(SHAPE).snapshots(0.1)
    engine = Engine(ALL_RULES, assets[:1])
    engine.evaluate(first, first.observed_at_s)  # compiles what all racks share
    tracemalloc.start()
    engine.reload(ALL_RULES, assets, now_s=first.observed_at_s)
    for snapshot in polls:
        for asset in assets:
            own = replace(snapshot, asset_id=asset.asset_id, values=snapshot.values.copy())
            engine.evaluate(own, own.observed_at_s)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held / len(assets) / 1000


def _kept() -> list[BenchRow]:
    """Measure keeping what a thousand racks have learned, on a disk that is synced."""
    with TemporaryDirectory(prefix="batteryd-bench.") as folder:
        return _kept_in(Path(folder))


def _kept_in(folder: Path) -> list[BenchRow]:
    assets, (settled, last) = _racks(RACK_COUNT), _settled()
    engine = Engine(ALL_RULES, assets)
    for asset in assets:
        engine.learn_from(asset.asset_id, settled.learned("rack-1"))
        engine.evaluate(replace(last, asset_id=asset.asset_id), last.observed_at_s)
    ledger, journal = Ledger(folder / "ledger.db"), open_journal(folder / "journal.db")
    store = LearnedStore.open_or_set_aside(folder / "learned.db", now_s=0.0)
    learning = Learning(
        engine,
        store=store,
        records=ledger.records,
        journal=journal,
        clock=SystemClock(),
        tell=lambda ends: None,
    )
    learning.recall({asset.asset_id: asset for asset in assets}, ALL_RULES)
    learning.keep_all()  # the first time there are no rows yet
    slices = [_timed(learning.keep_some) for _ in range(int(KEEP_S / SLICE_S))]
    for file in (store, journal.file, ledger):
        file.close()
    name = f"learned state of {RACK_COUNT:,} racks"
    longest_ms = 1000 * max(wall_s for wall_s, _ in slices)
    processor_pct = 100 * sum(cpu_s for _, cpu_s in slices) / KEEP_S
    return [
        BenchRow(f"{name}: longest slice", longest_ms, None, "ms", "under 100 ms of the monitor"),
        BenchRow(f"{name}: processor", processor_pct, None, "% of a core", "quoted"),
    ]


def _settled() -> tuple[Engine, Snapshot]:
    """Return rules that know a rack, named rack-1, and its last snapshot."""
    rack = Rack(SHAPE)
    engine = Engine(ALL_RULES, [asset_of(rack)])
    for snapshot in rack.snapshots(SETTLE_H):
        engine.evaluate(snapshot, snapshot.observed_at_s)
    return engine, snapshot


def _racks(count: int) -> list[Asset]:
    asset = asset_of(Rack(SHAPE))
    return [replace(asset, asset_id=f"rack-{number}") for number in range(1, count + 1)]


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began_s, time.process_time() - began_cpu_s
