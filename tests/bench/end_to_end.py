"""The whole way of an SNMP poll: poller, decoding, journal and rules, ten thousand devices at once.

The same devices and the same bare call as in `polling`, with the daemon's own monitor behind the
poller: every snapshot is journalled (synced at each commit) and judged by the rules that ship.
"""

import threading
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from batteryd.app.inbox import Inbox
from batteryd.clock import SystemClock
from batteryd.domain.inventory import Inventory
from batteryd.monitor import Monitor, Watching
from batteryd.notify.routing import Routing
from batteryd.rules.engine import Engine
from batteryd.store.ledger import Ledger
from tests.bench import polling
from tests.bench.row import BenchRow
from tests.journals import open_journal
from tests.rulebooks import shipped_rulebook

COMMIT_INTERVAL_S = 0.5


def run(*, duration_s: float = 60.0, device_count: int = polling.DEVICE_COUNT) -> list[BenchRow]:
    """Poll, journal and judge for `duration_s`; what was not stored is a failure."""
    with TemporaryDirectory(prefix="batteryd-bench.") as folder:
        return _measure(Path(folder), duration_s=duration_s, device_count=device_count)


def _measure(folder: Path, *, duration_s: float, device_count: int) -> list[BenchRow]:
    rulebook = shipped_rulebook()
    assets = [polling.asset(number, port=0) for number in range(device_count)]
    journal, ledger = open_journal(folder / "journal.db"), Ledger(folder / "ledger.db")
    monitor = Monitor(
        Watching(Inventory(), rulebook, Routing(channels={}, routes=())),
        engine=Engine(rulebook, assets),
        journal=journal,
        ledger=ledger,
    )
    inbox, stop = Inbox(), threading.Event()
    thread = threading.Thread(target=partial(_cycle, monitor, inbox, stop))
    thread.start()
    try:
        rows = polling.run(duration_s=duration_s, device_count=device_count, consume=inbox.put)
    finally:
        stop.set()
        thread.join()
    lost = inbox.received - journal.last_row()
    alarms = len(ledger.alarms())
    journal.file.close()
    ledger.close()
    return [
        *(row._replace(name=f"with journal and rules: {row.name}") for row in rows),
        BenchRow("with journal and rules: snapshots not stored", lost, None, "", "0"),
        BenchRow("with journal and rules: alarms of healthy devices", alarms, None, "", "0"),
    ]


def _cycle(monitor: Monitor, inbox: Inbox, stop: threading.Event) -> None:
    clock = SystemClock()
    while not stop.wait(COMMIT_INTERVAL_S):
        monitor.step(inbox.take(), now_s=clock.now_s())
    monitor.step(inbox.take(), now_s=clock.now_s())
