"""`make bench BENCH_ARGS='detection --seeds 3'`: what the shipped rules find on synthetic traces.

Traces are made by `simulators.traces` and led, snapshot by snapshot, past the shipped rule book in
the same playback as `batteryd replay` uses; no CSV lies between. `--keep DIR` writes each trace as
the CSV and the battery file that `batteryd replay` reads, so that any line can be tried by hand.
The same arguments print the same figures, speed apart. `detection_score` says what counts.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from batteryd.domain.inventory import Chemistry
from batteryd.replay.battery import described_asset, described_in
from batteryd.replay.playback import Playback
from simulators.traces.cluster import CLUSTER_KINDS, make_cluster, plan_cluster
from simulators.traces.geometry import TraceRack, parse_rack
from simulators.traces.kinds import KINDS, make_trace, plan_trace
from simulators.traces.trace import Trace, battery_text
from tests.bench.detection_score import Outcome, outcome_of, said_of
from tests.bench.detection_table import line_of, print_outcomes
from tests.rulebooks import shipped_rulebook

RACKS = ("17x14x2@10:NMC", "10x16x1@30:LFP")
LFP_ONLY = "_lfp_"


class Job(NamedTuple):
    """One trace to make."""

    kind: str
    rack: TraceRack | None  # a log of a cluster brings its own
    seed: int


def main(arguments: Sequence[str]) -> int:
    """Make the traces, replay them and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench detection", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="how many of each kind")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", default=[""], help="parts of names; default: all")
    parser.add_argument("--geometry", nargs="+", default=RACKS, help="such as 17x14x2@10:NMC")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="write CSV and TOML of each trace here")
    parser.add_argument("--verbose", action="store_true", help="list every miss and false alarm")
    asked = parser.parse_args(arguments)
    seeds = range(asked.first_seed, asked.first_seed + asked.seeds)
    racks = [parse_rack(text) for text in asked.geometry]
    jobs = list(jobs_of(racks, kinds=asked.kinds, seeds=seeds))
    if not jobs:
        parser.error(f"no kind is called so; there are {', '.join((*KINDS, *CLUSTER_KINDS))}")
    with ProcessPoolExecutor(asked.jobs) as pool:
        outcomes = []
        for outcome in pool.map(partial(run, keep=asked.keep), jobs):
            outcomes.append(outcome)
            if asked.verbose:
                print(line_of(outcome), flush=True)
    print_outcomes(outcomes, verbose=asked.verbose)
    return 0


def jobs_of(racks: Sequence[TraceRack], *, kinds: Sequence[str], seeds: range) -> Iterator[Job]:
    """Yield what to make, rack by rack and kind by kind; logs of clusters last."""
    for rack in racks:
        for kind in KINDS:
            is_asked = any(part in kind for part in kinds)
            is_twice = LFP_ONLY in kind and rack.chemistry is Chemistry.LFP
            if is_asked and not is_twice:
                yield from (Job(kind, rack, seed) for seed in seeds)
    for kind in CLUSTER_KINDS:
        if any(part in kind for part in kinds):
            yield from (Job(kind, None, seed) for seed in seeds)


def run(job: Job, *, keep: Path | None = None) -> Outcome:
    """Make one trace, replay it and judge what was said."""
    trace = trace_of(job)
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        trace.write(keep)
    playback = playback_of(trace)
    begin_s = time.perf_counter()
    said = said_of(playback.all_of(trace.snapshots()))
    return outcome_of(trace, said, replay_s=time.perf_counter() - begin_s)


def trace_of(job: Job) -> Trace:
    """Make the trace of a job."""
    if job.rack is None:
        return make_cluster(plan_cluster(job.kind, job.seed))
    return make_trace(plan_trace(job.kind, job.rack, job.seed))


def playback_of(trace: Trace) -> Playback:
    """Return the shipped rules on a trace's battery, as `batteryd replay` would set them up."""
    with tempfile.TemporaryDirectory() as folder:
        battery = Path(folder) / "battery.toml"
        battery.write_text(battery_text(trace.rack))
        said = described_in(battery)
    asset = described_asset(
        trace.name, said, layout=trace.layout, poll_interval_s=trace.rack.poll_s
    )
    return Playback(shipped_rulebook(), asset)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
