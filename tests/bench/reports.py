"""What the warranty report of a big register costs: the real command, in a process of its own."""

import csv
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from tests.bench.row import BenchRow
from tests.registers import line_of, write_register

BATTERIES = 100_000
COMMAND = "import sys; from batteryd.cli.main import main; sys.exit(main(sys.argv[1:]))"


def run() -> list[BenchRow]:
    """Report 100,000 batteries in each format that has a row for every one of them."""
    with tempfile.TemporaryDirectory(prefix="batteryd-bench.") as folder:
        lines = (line_of(number) for number in range(1, BATTERIES + 1))
        register = write_register(Path(folder) / "register.csv", *lines)
        rows = [
            *_measured(register, form="csv", goal="under 15 s", bare_s=_bare_s(register)),
            *_measured(register, form="json", goal="no goal"),
            *_measured(register, form="xlsx", goal="no goal"),
        ]
        first = register.with_name("report.csv")
        second = register.with_name("again.csv")
        _make(register, second, form="csv", hash_seed="7")
        is_same = first.read_bytes() == second.read_bytes()
    return [*rows, BenchRow("reports: the same CSV again", float(is_same), None, "", "1")]


def _measured(
    register: Path, *, form: str, goal: str, bare_s: float | None = None
) -> list[BenchRow]:
    begin_s = perf_counter()
    usage = _make(register, register.with_name(f"report.{form}"), form=form)
    duration_s = perf_counter() - begin_s
    name = f"reports: {BATTERIES:,} batteries as {form}"
    goal = goal if bare_s is None else f"{goal} (bare: the csv module reads and writes it)"
    return [
        BenchRow(name, duration_s, bare_s, "s", goal),
        BenchRow(f"{name}: CPU", usage.ru_utime + usage.ru_stime, None, "s", "no goal"),
        BenchRow(f"{name}: memory", usage.ru_maxrss / 1024, None, "MB", "under 500"),
    ]


def _make(
    register: Path, output: Path, *, form: str, hash_seed: str = "0"
) -> resource.struct_rusage:
    process = subprocess.Popen(
        [
            sys.executable, "-c", COMMAND, "warranty", "report", "--register", register,
            "--as-of", "2025-09-26", "--format", form, "-o", output,
            "--key", register.with_name("key.pem"),
        ],
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the command ended with {process.returncode}")
    return usage


def _bare_s(register: Path) -> float:
    begin_s = perf_counter()
    with (
        register.open(encoding="utf-8", newline="") as source,
        register.with_name("bare.csv").open("w", encoding="utf-8", newline="") as target,
    ):
        csv.writer(target).writerows(csv.reader(source))
    return perf_counter() - begin_s
