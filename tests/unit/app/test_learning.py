"""What rules have learned over restarts: it goes on, or says why it begins anew."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from batteryd.app.learning import KEEP_S, SLICE_S, Learning
from batteryd.domain.alarm import AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.component import WHOLE_BATTERY, Scope
from batteryd.errors import StoreFull
from batteryd.rules.engine import Engine
from batteryd.rules.kind import Learned
from batteryd.store.learned import LEARNED_FILE, RESETS, Kept, LearnedStore, LearningReset
from batteryd.store.ledger import Ledger
from tests.builders import NOON_S
from tests.journals import open_journal
from tests.polling import ManualClock
from tests.rulebooks import make_asset, shipped_rulebook

FAMILY = "detection"
RULES = shipped_rulebook()


class FakeEngine(Engine):
    """An engine whose racks learn one number, of a version and layout that the test sets."""

    version, layout_id = 1, "seventeen-modules"

    def __init__(self) -> None:
        super().__init__(RULES, [])
        self.offset_k: dict[str, float] = {}
        self.forgotten: list[str] = []
        self.anew: dict[str, str] = {}

    def learned(self, asset_id: str) -> Mapping[str, Learned]:
        if asset_id not in self.offset_k:
            return {}
        return {
            FAMILY: {
                "version": self.version,
                "layout_id": self.layout_id,
                "offset_k": np.array([self.offset_k[asset_id]]),
            }
        }

    def learn_from(self, asset_id: str, learned: Mapping[str, Learned]) -> None:
        offsets = learned[FAMILY]["offset_k"]
        assert isinstance(offsets, np.ndarray)
        self.offset_k[asset_id] = float(offsets[0])

    def begun_anew(self, asset_id: str) -> Mapping[str, str]:
        anew, self.anew = self.anew, {}
        return anew

    def forget(self, asset_id: str, why: str, *, now_s: float) -> tuple[AlarmEvent, ...]:
        self.forgotten.append(asset_id)
        self.offset_k[asset_id] = 0.0
        key = AlarmKey("daejeon", asset_id, WHOLE_BATTERY, "module_warmer")
        end = Change.RETURNED
        return (AlarmEvent(key, end, now_s, Scope.MODULE, Priority.MEDIUM, "", None, None, why),)


class Disk(LearnedStore):
    """A file on a disk that the test fills."""

    is_full = False

    def put(self, kept: Iterable[Kept]) -> None:
        if self.is_full:
            raise StoreFull("no space left")
        super().put(kept)


class House:
    """A daemon's learning on real files, which can be stopped, killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = ManualClock(at_s=NOON_S)
        self.told: list[AlarmEvent] = []
        self.ledger = Ledger(folder / "ledger.db")
        self.journal = open_journal(folder / "journal.db")
        self.start()

    def start(self, *, version: int = 1, layout_id: str = "seventeen-modules") -> None:
        self.engine = FakeEngine()
        self.engine.version, self.engine.layout_id = version, layout_id
        self.store = Disk.open_or_set_aside(self.folder / LEARNED_FILE, now_s=NOON_S)
        self.learning = Learning(
            self.engine,
            store=self.store,
            records=self.ledger.records,
            journal=self.journal,
            clock=self.clock,
            tell=self.told.extend,
        )

    def recall(self, *asset_ids: str) -> None:
        assets = {asset_id: make_asset(asset_id=asset_id) for asset_id in asset_ids}
        self.learning.recall(assets, RULES)

    def close(self) -> None:
        self.store.close()
        self.journal.file.close()
        self.ledger.close()

    def kept(self, asset_id: str = "rack-1") -> Kept:
        (kept,) = self.store.of(asset_id)
        return kept

    def learn(self, offset_k: float, *, asset_id: str = "rack-1") -> None:
        """Live for a day in which a rack learns."""
        self.recall(asset_id)
        self.engine.offset_k[asset_id] = offset_k
        self.learning.keep_all()
        self.clock.wall_s += 86_400

    def reset(self, asset_id: str = "rack-1") -> None:
        reset = LearningReset(asset_id, by="Kim", why="sensors were replaced")
        with self.ledger.transaction(self.clock.wall_s) as tx:
            tx.records.put(RESETS, asset_id, reset, actor="Kim", action="reset")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


def test_after_a_restart_a_rack_goes_on_from_what_it_knew(house: House) -> None:
    house.learn(1.25)
    house.store.close()

    house.start()
    house.recall("rack-1")
    house.learning.keep_all()

    assert house.engine.offset_k == {"rack-1": 1.25}
    assert house.kept().since_s == NOON_S
    assert house.kept().kept_at_s == NOON_S + 86_400
    assert house.kept().began_because == "first seen"


def test_a_daemon_that_is_killed_loses_no_more_than_one_round(house: House) -> None:
    racks = {f"rack-{n}" for n in range(100)}
    house.recall(*racks)
    house.engine.offset_k = dict.fromkeys(racks, 0.5)

    runs = 0
    while not all(house.store.of(rack) for rack in racks):
        house.learning.keep_some()
        runs += 1

    assert runs * SLICE_S <= KEEP_S


def test_each_run_keeps_only_some_of_many_racks(house: House) -> None:
    racks = {f"rack-{n}" for n in range(100)}
    house.recall(*racks)
    house.engine.offset_k = dict.fromkeys(racks, 0.5)

    house.learning.keep_some()

    assert 0 < sum(len(house.store.of(rack)) for rack in racks) <= 4


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ({"version": 2}, "version 2 of its rules"),
        ({"layout_id": "sixteen-modules"}, "the device shows other values"),
    ],
)
def test_what_cannot_be_gone_on_from_begins_anew_and_says_so_once(
    house: House, caplog: pytest.LogCaptureFixture, change: dict[str, Any], because: str
) -> None:
    house.learn(1.25)

    house.start(**change)
    house.recall("rack-1")
    house.learning.keep_all()
    house.clock.wall_s += 300
    house.learning.keep_all()

    assert because in house.kept().began_because
    assert house.kept().since_s == NOON_S + 86_400
    assert caplog.text.count("learning begins anew asset=rack-1") == 1


def test_why_an_engine_began_anew_is_kept_until_it_is_written(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.learn(1.25)
    house.recall("rack-1")

    house.engine.anew = {FAMILY: "what was learned before does not fit"}
    house.store.is_full = True
    with pytest.raises(StoreFull):
        house.learning.keep_all()
    house.store.is_full = False
    house.learning.keep_all()
    house.clock.wall_s += 300
    house.learning.keep_all()

    assert house.kept().began_because == "what was learned before does not fit"
    assert house.kept().since_s == NOON_S + 86_400
    assert "learning begins anew asset=rack-1" in caplog.text


@pytest.mark.parametrize("blob", [b"", b"\x00", b"cut"])
def test_a_row_that_cannot_be_read_costs_what_was_learned_and_says_so(
    house: House, blob: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    house.learn(1.25)
    house.store.close()
    with sqlite3.connect(house.folder / LEARNED_FILE) as db:
        if blob == b"cut":
            db.execute("UPDATE learned SET state = substr(state, 1, 40)")
        else:
            db.execute("UPDATE learned SET state = ?", (blob,))
    db.close()

    house.start()
    house.recall("rack-1")
    recalled = dict(house.engine.offset_k)
    house.engine.offset_k["rack-1"] = 0.1
    house.learning.keep_all()

    assert recalled == {}
    assert house.kept().began_because == "what was kept of it could not be read"
    assert "learned state cannot be read asset=rack-1" in caplog.text


def test_a_running_daemon_forgets_what_somebody_resets(house: House) -> None:
    house.learn(1.25)
    house.learn(0.75, asset_id="rack-2")
    house.recall("rack-1", "rack-2")

    house.reset("rack-1")
    house.learning.heed_resets()
    house.learning.heed_resets()
    house.learning.keep_all()

    assert house.engine.forgotten == ["rack-1"]
    assert [(end.key.asset_id, end.at_s, end.why) for end in house.told] == [
        (
            "rack-1",
            house.clock.wall_s,
            "judged anew: what was learned was reset by Kim: sensors were replaced",
        )
    ]
    assert house.kept().began_because == "reset by Kim: sensors were replaced"
    assert house.kept("rack-2").began_because == "first seen"


def test_a_reset_while_no_daemon_runs_is_heeded_at_the_next_start(house: House) -> None:
    house.learn(1.25)
    house.reset()

    house.start()
    house.recall("rack-1")
    recalled = dict(house.engine.offset_k)
    house.engine.offset_k["rack-1"] = 0.1
    house.learning.keep_all()

    assert recalled == {"rack-1": 0.0}
    assert [end.key.asset_id for end in house.told] == ["rack-1"]
    assert house.kept().began_because.startswith("reset by Kim")


def test_a_reset_of_before_the_last_restart_is_not_heeded_again(house: House) -> None:
    house.reset()
    house.learn(1.25)

    house.start()
    house.recall("rack-1")
    house.learning.heed_resets()

    assert house.engine.forgotten == []
    assert house.told == []
    assert house.engine.offset_k == {"rack-1": 1.25}


def test_a_reload_leaves_alone_what_is_being_learned_and_recalls_what_is_new(house: House) -> None:
    house.learn(1.25)
    house.learn(0.75, asset_id="rack-2")
    house.start()
    house.recall("rack-1")
    house.engine.offset_k["rack-1"] = 2.0

    house.recall("rack-1", "rack-2")

    assert house.engine.offset_k == {"rack-1": 2.0, "rack-2": 0.75}


def test_a_rack_whose_state_is_not_known_keeps_the_row_that_it_has(house: House) -> None:
    house.learn(1.25)
    house.recall("rack-1")
    house.engine.offset_k.clear()  # its rules have just failed, say

    house.learning.keep_all()

    assert len(house.store.of("rack-1")) == 1


def test_a_clock_that_ran_back_an_hour_loses_nothing(house: House) -> None:
    house.learn(1.25)

    house.clock.wall_s = NOON_S - 3600
    house.recall("rack-1")
    house.learning.keep_all()

    assert house.kept().since_s == NOON_S
    assert house.kept().kept_at_s == NOON_S - 3600


def test_a_disk_that_is_full_costs_one_round(house: House) -> None:
    house.recall("rack-1")
    house.engine.offset_k["rack-1"] = 1.25
    house.store.is_full = True

    with pytest.raises(StoreFull):
        house.learning.keep_all()
    house.store.is_full = False
    house.learning.keep_all()

    assert house.kept().began_because == "first seen"
