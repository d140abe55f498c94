"""`make bench`: every benchmark, and one table.

Quote the ratios, not the absolutes: the machine is what it is, but both sides of a ratio ran on it
within the same minute. `BENCH_ARGS='--seconds 10 rules journal'` runs some of them, and polls for a
shorter time.

`BENCH_ARGS='detection --seeds 3'` measures what the rules find instead; it has a table of its own.
"""

import argparse
import sys
from collections.abc import Callable

from tests.bench import (
    detection,
    detection_cost,
    end_to_end,
    journal,
    modbus,
    polling,
    racks,
    reports,
    rules,
    snmp,
)
from tests.bench.row import BenchRow

BENCHMARKS: dict[str, Callable[[float], list[BenchRow]]] = {
    "rules": lambda _seconds: rules.run(),
    "detection_cost": lambda _seconds: detection_cost.run(),
    "journal": lambda _seconds: journal.run(),
    "reports": lambda _seconds: reports.run(),
    "modbus": lambda _seconds: modbus.run(),
    "snmp": lambda _seconds: snmp.run(),
    "end_to_end": lambda seconds: end_to_end.run(duration_s=seconds),
    "racks": lambda seconds: racks.run(duration_s=seconds),
    "polling": lambda seconds: polling.run(duration_s=seconds),
}


def main() -> int:
    """Run what was asked for and print the table."""
    if sys.argv[1:2] == ["detection"]:
        return detection.main(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], help="default: all")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long devices are polled")
    arguments = parser.parse_args()
    print(f"{'what':<52} {'ours':>12} {'bare':>12} {'ratio':>7}  {'unit':<12} goal")
    for name in arguments.names or BENCHMARKS:
        for row in BENCHMARKS[name](arguments.seconds):
            print(_line(row), flush=True)
    return 0


def _line(row: BenchRow) -> str:
    bare = "" if row.bare is None else f"{row.bare:,.4g}"
    ratio = "" if row.bare is None else f"{row.ours / row.bare:.2f}"
    return f"{row.name:<52} {row.ours:>12,.4g} {bare:>12} {ratio:>7}  {row.unit:<12} {row.goal}"


if __name__ == "__main__":
    sys.exit(main())
