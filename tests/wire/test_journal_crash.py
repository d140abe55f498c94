"""kill -9 of a real process that appends and rolls up."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from batteryd.store.journal import Journal
from batteryd.store.packing import FLOAT32
from batteryd.store.rollup import Rollup
from tests.builders import NOON_S
from tests.journals import open_journal

pytestmark = pytest.mark.wire

ROOT = Path(__file__).parents[2]
KILLS_AT_LINE = (1, 2, 7, 31, 64)  # each life goes on with the file of the one before


def run_until_killed(path: Path, *, at_line: int) -> int:
    """Run the worker, kill it as it works on; return the last row that it acknowledged."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.wire.journal_crash_worker", str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as worker:
        assert worker.stdout is not None
        said = [worker.stdout.readline() for _ in range(at_line)]
        worker.kill()
        said += worker.stdout.readlines()
    return int([line for line in said if line.endswith("\n")][-1])


def rolled_up(journal: Journal, table: str) -> tuple[int, float]:
    """Return the polls counted in a roll-up, and the total of their first value."""
    with journal.file.read() as db:
        rows = db.execute(f"SELECT poll_count, mean FROM {table}").fetchall()
    totals = (count * float(np.frombuffer(mean, FLOAT32)[0]) for count, mean in rows)
    return sum(count for count, _ in rows), sum(totals)


def test_nothing_acknowledged_is_lost_and_nothing_is_rolled_up_twice(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"

    for at_line in KILLS_AT_LINE:
        acknowledged = run_until_killed(path, at_line=at_line)

        journal = open_journal(path)
        assert journal.last_row() >= acknowledged
        journal.file.close()

    journal = open_journal(path)
    while Rollup(journal).step():
        pass
    rows = journal.rows_after(0, 1_000_000)
    assert [row for row, _ in rows] == list(range(1, len(rows) + 1))
    assert all(s.observed_at_s == NOON_S + row for row, s in rows)
    assert all(s.values[0] == row % 1000 for row, s in rows)
    assert len(rows) % 7 == 0  # a batch is there as a whole or not at all
    total = sum(row % 1000 for row, _ in rows)
    for table in ("rollup_minute", "rollup_hour"):
        polls, of_first_values = rolled_up(journal, table)
        assert polls == len(rows)
        assert of_first_values == pytest.approx(total, rel=1e-5)
    journal.file.close()
