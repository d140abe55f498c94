"""What the shipped rules cost: a snapshot, a tick, a line of a recording.

What compares places of a rack has benchmarks of its own, `detection_cost`; here are the limits and
silences beside it.
"""

import tempfile
import timeit
from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np

from batteryd.domain.inventory import Chemistry, Geometry
from batteryd.domain.snapshot import Layout, Snapshot, parse_column
from batteryd.replay.run import recorded, replayed
from batteryd.rules.engine import Engine
from batteryd.rules.rulebook import RuleBook
from batteryd.rules.table import DETECTION, RULES
from tests.bench.row import BenchRow
from tests.builders import NOON_S, make_snapshot
from tests.rulebooks import make_asset, shipped_rulebook

RACK = Geometry(1, 17, 14, 2)
UPS_COLUMNS = (
    "soc_pct", "voltage_v", "current_a", "temperature_c", "battery_status", "output_source",
    "runtime_remaining_s", "time_on_battery_s", "load_pct", "power_w", "alarm_count",
    "replace_indicator", "ambient_temperature_c", "humidity_pct", "soh_pct",
)  # fmt: skip
UPS_VALUES = (100.0, 54.4, 0.2, 25.0, 2.0, 3.0, 3600.0, 0.0, 34.0, 12.0, 0.0, 0.0, 23.0, 41.0, 97.0)
ASSETS = 10_000
LINES = 8_000


def run() -> list[BenchRow]:
    """Measure; CPU of this process, best of five."""
    rack = make_snapshot(geometry=RACK)
    return [
        _snapshot("rules: a quiet UPS, 15 values", _ups(), goal="at most 15 µs"),
        _snapshot("rules: limits of a quiet rack, 276 values", rack, goal="at most 40 µs"),
        _snapshot("rules: limits of a rack with 17 hot modules", _hot(), goal="no goal"),
        _tick(),
        _replay(),
    ]


def limits_alone() -> RuleBook:
    """Return the shipped rules without those that compare places."""
    tables = shipped_rulebook().tables.items()
    return RuleBook({n: table for n, table in tables if RULES[table.kind].family != DETECTION})


def _snapshot(name: str, snapshot: Snapshot, *, goal: str) -> BenchRow:
    engine = Engine(limits_alone(), [make_asset(Chemistry.NMC)])
    engine.evaluate(snapshot, NOON_S)
    limit = np.full(len(snapshot.values), 1e9)
    ours_us = _best_us(lambda: engine.evaluate(snapshot, NOON_S))
    bare_us = _best_us(lambda: (snapshot.values >= limit).any())
    return BenchRow(name, ours_us, bare_us, "µs", f"{goal} (bare: one numpy comparison)")


def _tick() -> BenchRow:
    assets = [make_asset(asset_id=f"rack-{n}") for n in range(ASSETS)]
    engine = Engine(shipped_rulebook(), assets)
    for asset in assets:
        engine.evaluate(make_snapshot(asset.asset_id), NOON_S)
    engine.tick(NOON_S)
    ours_ms = _best_us(lambda: engine.tick(NOON_S), number=20) / 1000
    return BenchRow(f"rules: a tick over {ASSETS:,} assets", ours_ms, None, "ms", "at most 5 ms")


def _replay() -> BenchRow:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rack.csv"
        snapshot = make_snapshot(geometry=RACK)
        cells = ",".join(f"{value:.3f}" for value in snapshot.values.tolist())
        lines = "".join(f"{NOON_S + 10 * n},{cells}\n" for n in range(LINES))
        path.write_text(f"time,{','.join(map(str, snapshot.layout.columns))}\n{lines}")
        rulebook = shipped_rulebook()
        duration_us = _best_us(lambda: list(replayed(recorded(path), rulebook=rulebook)), number=1)
    per_s = LINES / (duration_us / 1e6)
    return BenchRow("replay: lines of 276 values", per_s, None, "lines/s", "at least 4,000")


def _ups() -> Snapshot:
    layout = Layout.of(parse_column(f"-:{quantity}") for quantity in UPS_COLUMNS)
    quality = np.zeros(len(layout), dtype=np.uint8)
    return Snapshot("rack-1", NOON_S, layout, np.array(UPS_VALUES), quality)


def _hot() -> Snapshot:
    hot = {f"s1/m{module:02d}/t1:temperature_c": 44.0 for module in range(1, 18)}
    return make_snapshot(geometry=RACK, values=hot)


def _best_us(call: Callable[[], object], *, number: int = 5000) -> float:
    took_s = timeit.repeat(call, number=number, repeat=5, timer=process_time)
    return min(took_s) / number * 1e6
