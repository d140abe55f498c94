"""The whole way of an SNMP poll: poller, decoding, journal and rules, ten thousand devices at once.

The same devices and the same bare call as in `polling`, with the daemon's own monitor behind the
poller: every snapshot is journalled (synced at each commit) and judged by the rules that ship.
`racks` is the same with batteries.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, thread_time
from types import MappingProxyType

from batteryd.app.inbox import Inbox
from batteryd.clock import SystemClock
from batteryd.domain.inventory import Asset, Inventory
from batteryd.monitor import Monitor, Watching
from batteryd.notify.routing import Routing
from batteryd.rules.engine import Engine
from batteryd.store.ledger import Ledger
from tests.bench import polling
from tests.bench.row import BenchRow
from tests.journals import open_journal
from tests.rulebooks import shipped_rulebook

COMMIT_INTERVAL_S = 0.5
Job = tuple[float, Callable[[], object]]  # how often in s, and a piece of what; none where nothing
NO_JOBS: Mapping[str, Job] = MappingProxyType({})


def run(*, duration_s: float = 60.0, device_count: int = polling.DEVICE_COUNT) -> list[BenchRow]:
    """Poll, journal and judge for `duration_s`; what was not stored is a failure."""
    assets = [polling.asset(number, port=0) for number in range(device_count)]
    with MonitorThread.of(assets) as watch:
        with watch.running():
            rows = polling.run(
                duration_s=duration_s, device_count=device_count, consume=watch.inbox.put
            )
        return watch.rows("with journal and rules", rows)


class MonitorThread:
    """The daemon's monitor in a thread of its own, a cycle every half a second."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine, self.folder = engine, folder
        self.journal, self.ledger = (
            open_journal(folder / "journal.db"),
            Ledger(folder / "ledger.db"),
        )
        self.inbox = Inbox()
        self.longest_ms: dict[str, float] = {}  # one turn of the thread, by what was done
        self.whole_ms: dict[str, float] = {}  # all turns of one run, where it took several
        self.processor_s = 0.0
        routing = Routing(channels={}, routes=())
        watching = Watching(Inventory(), shipped_rulebook(), routing)
        self._monitor = Monitor(watching, engine=engine, journal=self.journal, ledger=self.ledger)

    @classmethod
    @contextmanager
    def of(cls, assets: Iterable[Asset]) -> Iterator["MonitorThread"]:
        """Yield one that watches these by the rules that ship, on files of its own."""
        with TemporaryDirectory(prefix="batteryd-bench.") as folder:
            watch = cls(Engine(shipped_rulebook(), assets), Path(folder))
            yield watch
            watch.journal.file.close()
            watch.ledger.close()

    @contextmanager
    def running(self, jobs: Mapping[str, Job] = NO_JOBS) -> Iterator[None]:
        """Let it run; `jobs` are done in the same thread now and then, as `Housekeeping` has it."""
        stop = threading.Event()
        thread = threading.Thread(target=self._run, args=(stop, jobs))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def rows(self, name: str, polled: Iterable[BenchRow]) -> list[BenchRow]:
        """Return what polling took, and what became of the snapshots."""
        lost, alarms = self.inbox.received - self.journal.last_row(), len(self.ledger.alarms())
        return [
            *(row._replace(name=f"{name}: {row.name}") for row in polled),
            BenchRow(f"{name}: snapshots not stored", lost, None, "", "0"),
            BenchRow(f"{name}: alarms of healthy devices", alarms, None, "", "0"),
        ]

    def _run(self, stop: threading.Event, jobs: Mapping[str, Job]) -> None:
        clock = SystemClock()
        due_s = {name: clock.monotonic_s() + period_s for name, (period_s, _) in jobs.items()}
        while not stop.wait(COMMIT_INTERVAL_S):
            self._timed("cycle", self._cycle)
            for name, (period_s, work) in jobs.items():
                if clock.monotonic_s() >= due_s[name]:
                    due_s[name] += period_s
                    self._in_pieces(name, work)
        self._timed("cycle", self._cycle)
        self.processor_s = thread_time()

    def _in_pieces(self, name: str, work: Callable[[], object]) -> None:
        """Do a job; cycles that are due come in between."""
        clock, whole_ms = SystemClock(), 0.0
        cycle_due_s = clock.monotonic_s() + COMMIT_INTERVAL_S
        is_left: object = True
        while is_left:
            took_ms, is_left = self._timed(name, work)
            whole_ms += took_ms
            if clock.monotonic_s() >= cycle_due_s:
                self._timed("cycle", self._cycle)
                cycle_due_s = clock.monotonic_s() + COMMIT_INTERVAL_S
        self.whole_ms[name] = max(self.whole_ms.get(name, 0.0), whole_ms)

    def _cycle(self) -> None:
        self._monitor.step(self.inbox.take(), now_s=SystemClock().now_s())

    def _timed(self, name: str, work: Callable[[], object]) -> tuple[float, object]:
        began_s = perf_counter()
        found = work()
        took_ms = 1000 * (perf_counter() - began_s)
        self.longest_ms[name] = max(self.longest_ms.get(name, 0.0), took_ms)
        return took_ms, found
