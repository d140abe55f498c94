"""Real processes, killed and side by side: what SQLite's locks and the disk are trusted with."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from batteryd.store.ledger import Ledger

pytestmark = pytest.mark.wire

ROOT = Path(__file__).parents[2]


def start_writer(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.wire.ledger_crash_worker", str(path)],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip


def kill_after_first_word(writer: subprocess.Popen[str], *, delay_s: float) -> list[int]:
    """Let it run into its work, kill -9 it; return the events it had acknowledged."""
    assert writer.stdout is not None
    first = writer.stdout.readline()
    time.sleep(delay_s)
    writer.kill()
    rest = writer.stdout.read().splitlines()
    writer.wait(timeout=10)
    writer.stdout.close()
    whole = [first, *(rest[:-1] if rest and not rest[-1].isdigit() else rest)]
    return [int(line) for line in whole]


def assert_whole(path: Path, *, acknowledged: list[int]) -> None:
    ledger = Ledger(path)
    events = ledger.events(limit=10**6)
    told = ledger.notifications(limit=10**6)
    ledger.close()

    assert set(acknowledged) <= {e.event_id for e in events}
    assert ledger_is_paired(
        told_events=[n.event_id for n in told], events=[e.event_id for e in events]
    )


def ledger_is_paired(*, told_events: list[int], events: list[int]) -> bool:
    """Whether every event has its three notifications, and no notification is without an event."""
    return sorted(told_events) == sorted(e for e in events for _ in range(3))


@pytest.mark.parametrize("delay_s", [0.003, 0.017, 0.041, 0.11])
def test_kill_9_leaves_no_event_without_its_notifications_and_loses_none_acknowledged(
    tmp_path: Path, delay_s: float
) -> None:
    path = tmp_path / "ledger.sqlite"

    acknowledged = kill_after_first_word(start_writer(path), delay_s=delay_s)

    assert acknowledged
    assert_whole(path, acknowledged=acknowledged)
    ledger = Ledger(path)
    assert ledger.verify() is None
    ledger.close()


def test_two_processes_write_one_chain_from_a_file_that_neither_found(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"

    writers = [start_writer(path) for _ in range(3)]
    acknowledged = [n for w in writers for n in kill_after_first_word(w, delay_s=0.1)]

    assert len(set(acknowledged)) == len(acknowledged)  # no number was given twice
    assert_whole(path, acknowledged=acknowledged)
    ledger = Ledger(path)
    assert ledger.verify() is None
    ledger.close()
