"""What is learned of a rack: how much it is, what becomes of it when it is damaged, and at work."""

import tomllib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from batteryd.domain.alarm import AlarmEvent, Change, Priority
from batteryd.domain.snapshot import Snapshot
from batteryd.rules.engine import Engine
from batteryd.rules.kind import Learned
from batteryd.rules.rulebook import RuleBook
from batteryd.rules.rulebook_file import parse_rulebook
from batteryd.store.learned import LEARNED_FILE, LearnedStore
from batteryd.store.learned_packing import pack, unpack
from tests.builders import NOON_S
from tests.racks import HOUR_S, Rack, asset_of, discharge, engine_for, judged
from tests.rulebooks import SHIPPED, shipped_rulebook

LEARN_H = 3.6
STATE_BYTES_MAX = 25_000  # of a rack of 272 values, in memory
BLOB_BYTES_MAX = 14_000  # on disk

# Buffers and running sums of that one instant; everything else is learned.
OFFSET, LEARNED_S = "s1.heat.offset", "s1.heat.calm_s"


def arrays(learned: Learned) -> dict[str, np.ndarray]:
    return {name: a for name, a in learned.items() if isinstance(a, np.ndarray)}


def learn(rack: Rack, hours: float = LEARN_H, engine: Engine | None = None) -> dict[str, object]:
    engine = engine or engine_for(rack)
    judged(rack, rack.snapshots(hours), engine)
    return dict(engine.learned("rack-1")["detection"])


def going_on_from(rack: Rack, learned: Learned, book: RuleBook | None = None) -> Engine:
    engine = Engine(book or shipped_rulebook(), [asset_of(rack)])
    engine.learn_from("rack-1", {"detection": learned})
    return engine


def later(rack: Rack, hours: float) -> list[Snapshot]:
    """Return polls that follow after what `learn` has shown."""
    polls = list(rack.snapshots(LEARN_H + hours))
    return polls[round(LEARN_H * HOUR_S / rack.poll_s) :]


def loud(events: Iterable[AlarmEvent]) -> list[tuple[str, str]]:
    """Return the alarms above low priority."""
    return [
        (e.key.rule, str(e.key.component))
        for e in events
        if e.change is Change.RAISED and e.priority > Priority.LOW
    ]


def test_what_is_remembered_of_272_values_is_no_more_than_25_kb() -> None:
    rack = Rack((17, 2, 14), current_a=discharge(0.5, recharged=True))
    chance = np.random.default_rng(1)

    def change(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        heat[chance.random(heat.shape) < 0.01] = 100.0  # what is doubted is remembered too

    engine = engine_for(rack)
    judged(rack, rack.snapshots(4.5, change), engine)
    learned = engine.learned("rack-1")["detection"]

    assert sum(a.nbytes for a in arrays(learned).values()) <= STATE_BYTES_MAX
    assert len(pack(learned)) <= BLOB_BYTES_MAX


def test_of_a_sensor_and_a_cell_that_never_answer_nothing_is_damage() -> None:
    rack = Rack(current_a=discharge(0.5))

    def change(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        heat[2, 1] = volts[3, 0] = np.nan

    engine = engine_for(rack)
    judged(rack, rack.snapshots(0.6, change), engine)
    learned = engine.learned("rack-1")["detection"]
    again = going_on_from(rack, unpack(pack(learned)))
    judged(rack, [next(rack.snapshots(1.0, change))], again)

    assert again.begun_anew("rack-1") == {}


@pytest.mark.parametrize(
    "change",
    [
        {"version": 1},
        {"layout_id": "sixteen-modules"},
        {OFFSET: np.zeros(3)},
        {"s1.heat.slope_ring": np.zeros((3, 17))},
        {OFFSET: np.array(["a"] * 16)},
    ],
)
def test_what_does_not_fit_is_left_alone_and_said_once(change: dict[str, object]) -> None:
    rack = Rack()
    engine = going_on_from(rack, {**learn(rack), **change})

    assert loud(judged(rack, later(rack, 0.3), engine)) == []

    assert list(engine.begun_anew("rack-1")) == ["detection"]
    assert engine.begun_anew("rack-1") == {}
    assert not arrays(engine.learned("rack-1")["detection"])[LEARNED_S].any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_anywhere_raise_nothing_and_end_no_rule(bad: float) -> None:
    rack = Rack(current_a=discharge(LEARN_H + 0.1))
    learned = learn(rack)
    polls = later(rack, 0.5)
    for name, array in arrays(learned).items():
        if array.dtype.kind != "f" or not array.size:
            continue
        damaged = array.copy()
        damaged.flat[array.size // 2] = bad
        engine = going_on_from(rack, {**learned, name: damaged})

        assert loud(judged(rack, polls, engine)) == [], name


def test_a_sensor_whose_offset_is_no_number_learns_it_again_and_the_others_know_theirs() -> None:
    rack = Rack()
    learned = learn(rack)
    arrays(learned)[OFFSET][5] = np.nan
    engine = going_on_from(rack, learned)

    judged(rack, later(rack, 0.1), engine)

    known_s = arrays(engine.learned("rack-1")["detection"])[LEARNED_S]
    assert known_s[5] < HOUR_S
    assert (np.delete(known_s, 5) >= 0.5 * HOUR_S).all()


@pytest.mark.parametrize("off_s", [-HOUR_S, HOUR_S, -30 * 86400.0, 30 * 86400.0])
def test_a_clock_that_jumped_while_nobody_watched_costs_no_offset_and_raises_nothing(
    off_s: float,
) -> None:
    rack = Rack()
    learned = learn(rack)
    engine = going_on_from(rack, learned)
    moved = [moved_by(poll, off_s) for poll in later(rack, 0.5)]

    assert loud(judged(rack, moved, engine)) == []

    after = arrays(engine.learned("rack-1")["detection"])
    assert np.array_equal(after[LEARNED_S], arrays(learned)[LEARNED_S])


def moved_by(poll: Snapshot, off_s: float) -> Snapshot:
    return replace(poll, observed_at_s=poll.observed_at_s + off_s)


def test_a_rule_that_is_new_costs_nothing_of_what_was_learned() -> None:
    rack = Rack()
    text = SHIPPED.read_text() + '\n[rule.module_warmer_at_all]\nkind = "heat_drift"\n'
    engine = engine_for(rack)
    learned = learn(rack, engine=engine)

    book = parse_rulebook(tomllib.loads(text))
    engine.reload(book, [asset_of(rack)], now_s=NOON_S + LEARN_H * HOUR_S)
    judged(rack, later(rack, 0.05), engine)

    after = arrays(engine.learned("rack-1")["detection"])
    assert (after[LEARNED_S] >= arrays(learned)[LEARNED_S]).all()
    assert "s1.module_warmer_at_all.sum_kh" in after
    assert engine.begun_anew("rack-1") == {}


def test_a_rule_that_fails_says_that_learning_began_anew() -> None:
    rack = Rack()
    engine = engine_for(rack)
    learn(rack, 0.2, engine)

    broken = moved_by(next(rack.snapshots(0.2)), 720.0)
    object.__setattr__(broken, "values", broken.values[:-1])
    judged(rack, [broken], engine)

    assert "failed" in engine.begun_anew("rack-1")["detection"]


def test_a_file_that_is_damaged_costs_what_was_learned_and_no_watch(tmp_path: Path) -> None:
    path = tmp_path / LEARNED_FILE
    LearnedStore.open(path).close()
    whole = path.read_bytes()
    for damaged in (whole[:100], whole[:5000], b"", whole[:3000] + b"\xff" * 500 + whole[3500:]):
        path.write_bytes(damaged)

        store = LearnedStore.open_or_set_aside(path, now_s=NOON_S)

        assert store.of("rack-1") == ()
        store.close()


def work(rack: Rack, engine: Engine, at_h: float, *, is_at_work: bool) -> None:
    at_work = {"rack-1"} if is_at_work else set()
    engine.set_at_work(at_work, now_s=NOON_S + at_h * HOUR_S)


def test_what_was_learned_before_the_work_stands_and_nothing_is_learned_in_it() -> None:
    rack = Rack(current_a=discharge(1.0))
    polls = list(rack.snapshots(8.0, doors_open))
    engine = engine_for(rack)
    cut = [round(h * HOUR_S / rack.poll_s) for h in (5.0, 7.0)]
    judged(rack, polls[: cut[0]], engine)
    before = arrays(engine.learned("rack-1")["detection"])

    work(rack, engine, 5.0, is_at_work=True)
    judged(rack, polls[cut[0] : cut[1]], engine)
    during = arrays(engine.learned("rack-1")["detection"])
    work(rack, engine, 7.0, is_at_work=False)
    judged(rack, polls[cut[1] :], engine)
    after = arrays(engine.learned("rack-1")["detection"])

    for name in LEARNED:
        assert np.array_equal(before[name], during[name], equal_nan=True), name
    assert before[LEARNED_S].all()
    assert not np.array_equal(during[OFFSET], after[OFFSET])


# Everything that is followed for days; sums of running windows are not.
LEARNED = (
    OFFSET,
    LEARNED_S,
    "s1.cell_leaking.baseline_v",
    "s1.cell_leaking.means",
    "s1.cell_shorted.rested_v",
    "s1.loose_joint.learned_mohm",
    "s1.loose_joint.discharges",
    "s1.rack_cooling.normal_k",
    "s1.rack_cooling.learned_s",
    "s1.charge_spread.rest_k",
)


def doors_open(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
    """Cool the front while people work there, and lift some cells by a millivolt."""
    if 5.0 <= at_h < 7.0:
        heat[:, 0] -= 0.3
        volts[0] += 0.001


def test_the_beginning_and_the_end_of_work_delay_no_alarm_that_develops() -> None:
    def leaking(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        volts[1, 2] -= 0.012 * max(0.0, at_h - LEARN_H)

    rack = Rack()
    polls = list(rack.snapshots(LEARN_H + 1.5, leaking))
    told: dict[bool, list[AlarmEvent]] = {}
    for with_work in (False, True):
        engine, told[with_work] = engine_for(rack), []
        for number, poll in enumerate(polls):
            for at_h, is_at_work in ((4.0, True), (4.2, False)):
                if with_work and number == round(at_h * HOUR_S / rack.poll_s) + 3:
                    work(rack, engine, at_h, is_at_work=is_at_work)
            told[with_work] += judged(rack, [poll], engine)

    assert loud(told[True]) == [("cell_leaking", "s1/m02/c03")]
    assert told[True][0].at_s <= told[False][0].at_s + 2 * rack.poll_s


def test_a_device_that_shows_other_values_for_a_while_is_known_again_when_it_is_back() -> None:
    rack, smaller = Rack(), Rack(shape=(7, 2, 4))
    engine = going_on_from(rack, learn(rack))
    judged(rack, later(rack, 0.1), engine)

    judged(smaller, later(smaller, 0.1), engine)
    assert list(engine.begun_anew("rack-1")) == ["detection"]
    assert not arrays(engine.learned("rack-1")["detection"])[LEARNED_S].any()
    judged(rack, later(rack, 0.1), engine)

    assert engine.begun_anew("rack-1") == {}
    assert arrays(engine.learned("rack-1")["detection"])[LEARNED_S].all()
