"""A daemon that ends in the middle of a developing fault: its alarm comes all the same."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from batteryd.app.learning import Learning
from batteryd.domain.inventory import Asset, Geometry
from batteryd.domain.snapshot import Snapshot
from batteryd.rules.engine import Engine
from batteryd.store.learned import LEARNED_FILE, LearnedStore
from batteryd.store.ledger import Ledger
from tests.builders import NOON_S, make_layout
from tests.journals import open_journal
from tests.polling import ManualClock
from tests.rulebooks import make_asset, shipped_rulebook

POLL_S = 10.0
RULES = shipped_rulebook()
RACK = Geometry(
    string_count=1,
    module_count_per_string=6,
    cell_count_per_module=8,
    temperature_sensor_count_per_module=2,
)
LAYOUT = make_layout(RACK)
ASSET: Asset = make_asset(geometry=RACK, capacity_ah=100.0)
FAULT_S = 4 * 3600.0  # after which a cell begins to lose 20 mV an hour
ENDS_S = FAULT_S + 600.0  # after which the daemon ends
GAP_S = 20.0


def polls(*, from_s: float = 0.0) -> Iterator[Snapshot]:
    """Yield ten hours of a rack at rest; one of its cells begins to leak."""
    noise = np.random.default_rng(5)
    cells, sensors = LAYOUT.indices("cell_voltage_v"), LAYOUT.indices("temperature_c")
    leaking = cells[19]
    quality = np.zeros(len(LAYOUT), np.uint8)
    for t in np.arange(0.0, 10 * 3600.0, POLL_S).tolist():
        values = np.zeros(len(LAYOUT))
        values[LAYOUT.indices("soc_pct")] = 80.0
        values[LAYOUT.indices("contactor_closed")] = 1.0
        values[sensors] = np.round(24.5 + noise.normal(0, 0.05, len(sensors)), 1)
        values[cells] = 3.95 + noise.normal(0, 0.0005, len(cells))
        values[leaking] -= 0.020 * max(0.0, t - FAULT_S) / 3600
        values[cells] = np.round(values[cells], 3)
        if t >= from_s:
            yield Snapshot("rack-1", NOON_S + t, LAYOUT, values, quality)


class House:
    """A daemon's rules, journal and memory, without anything else of it."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(at_s=NOON_S)
        self.journal = open_journal(folder / "journal.db")
        self.ledger = Ledger(folder / "ledger.db")
        self.store = LearnedStore.open(folder / LEARNED_FILE)
        self.start()

    def start(self) -> None:
        self.engine = Engine(RULES, [ASSET])
        self.learning = Learning(
            self.engine,
            store=self.store,
            records=self.ledger.records,
            journal=self.journal,
            clock=self.clock,
            tell=lambda ends: None,
        )
        self.learning.recall({"rack-1": ASSET}, RULES)

    def live(self, *, until_s: float = np.inf, from_s: float = 0.0) -> float | None:
        """Poll, keep every five minutes; return when the leaking cell was told of."""
        for number, snapshot in enumerate(polls(from_s=from_s)):
            at_s = self.clock.wall_s = snapshot.observed_at_s
            if at_s - NOON_S >= until_s:
                return None
            self.journal.append([snapshot])
            for event in self.engine.evaluate(snapshot, at_s):
                if event.key.rule == "cell_leaking":
                    return at_s - NOON_S
            if number % 30 == 29:
                self.learning.keep_all()
        return None

    def close(self) -> None:
        self.store.close()
        self.journal.file.close()
        self.ledger.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def undisturbed_s(tmp_path_factory: pytest.TempPathFactory) -> float:
    """When the leak is told of by a daemon that is never restarted."""
    made = House(tmp_path_factory.mktemp("undisturbed"))
    told_s = made.live()
    made.close()
    assert told_s is not None
    assert told_s > ENDS_S
    return told_s


@pytest.mark.parametrize("before_s", [30.0, 300.0, 1200.0])
def test_a_restart_delays_the_alarm_of_a_developing_leak_by_no_more_than_two_polls(
    house: House, undisturbed_s: float, before_s: float
) -> None:
    ends_s = undisturbed_s - before_s
    house.live(until_s=ends_s)
    house.learning.keep_all()

    house.start()
    told_s = house.live(from_s=ends_s + GAP_S)

    assert told_s is not None
    assert told_s - undisturbed_s <= 2 * POLL_S


@pytest.mark.parametrize("lived_on_s", [10.0, 170.0, 290.0])
def test_neither_does_a_kill_at_any_moment_between_two_rounds_of_keeping(
    house: House, undisturbed_s: float, lived_on_s: float
) -> None:
    house.live(until_s=ENDS_S + lived_on_s)

    house.start()
    told_s = house.live(from_s=ENDS_S + lived_on_s + GAP_S)

    assert told_s is not None
    assert told_s - undisturbed_s <= 2 * POLL_S


def test_an_alarm_that_was_not_recorded_before_a_kill_is_told_after_it(
    house: House, undisturbed_s: float
) -> None:
    house.live()  # the last poll has reached the journal, and its alarm not the ledger

    house.start()
    told_s = house.live(from_s=undisturbed_s + GAP_S)

    assert told_s is not None
    assert told_s - undisturbed_s <= 900.0  # cells are judged every ten minutes


def test_without_what_was_kept_it_would_come_much_later(house: House, undisturbed_s: float) -> None:
    told_s = house.live(from_s=ENDS_S + GAP_S)

    assert told_s is None or told_s - undisturbed_s > 600.0
