"""A daemon that ends and starts again in the middle of a developing fault tells of it in time.

What an engine remembers goes through a real file, as it does in a daemon. The pause runs from the
last poll before the stop to the first one after the start. Not asked for, as nobody can see it: a
joint whose discharge begins and goes on for more than its window in the pause.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from batteryd.domain.alarm import AlarmEvent, Change, Priority
from batteryd.domain.snapshot import Snapshot, parse_column
from batteryd.rules.engine import Engine
from batteryd.store.learned import LEARNED_FILE, Kept, LearnedStore
from tests.builders import NOON_S
from tests.racks import CAPACITY_AH, HOUR_S, Rack, engine_for, idle, judged
from tests.rulebooks import alarms_of

ONSET_H = 3.6  # offsets and baselines are known by then
CUT_POLLS = (1, 2, 3, 7, 12, 40)  # before the alarm
SOC = parse_column("-:soc_pct")


def grown(at_h: float, per_h: float, most: float = np.inf, *, from_h: float = ONSET_H) -> float:
    return min(most, per_h * max(0.0, at_h - from_h))


def leaking(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
    volts[1, 2] -= grown(at_h, 0.014)


def shorted(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
    volts[1, 2] -= 0.08 * (at_h > ONSET_H)


def heated(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
    heat[2] += grown(at_h, 90.0, 25.0)


def warmed(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
    heat[2] += grown(at_h, 4.0, 3.0)


def drifting(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
    heat[5] += grown(at_h, 0.8, 1.2)


def uncooled(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
    heat += grown(at_h, 2.0, 3.0)


def gentle_discharges(at_h: float) -> float:
    return -0.9 * CAPACITY_AH if 0.5 <= at_h < 0.6 or 3.7 <= at_h < 3.9 else 0.0


def loosened(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
    volts[4, 1] += 0.0004 * gentle_discharges(at_h) * (at_h > ONSET_H)


@dataclass(frozen=True)
class Story:
    """A fault, the rule that tells of it, and for how long to wait."""

    change: Callable[[float, np.ndarray, np.ndarray], None]
    rule: str
    hours: float
    current_a: Callable[[float], float] = idle


STORIES = {
    "short": Story(leaking, "cell_leaking", 4.6),
    "hard short": Story(shorted, "cell_shorted", 3.7),
    "heater": Story(heated, "module_heating", 3.9),
    "warm module": Story(warmed, "module_warmer", 4.5),
    "slow heat": Story(drifting, "module_drifting", 8.0),
    "lost cooling": Story(uncooled, "rack_cooling", 6.5),
    "joint": Story(loosened, "loose_joint", 3.9, gentle_discharges),
}
RACKS = {10.0: (8, 2, 4), 30.0: (10, 1, 16)}


def first_alarm(events: list[AlarmEvent], rule: str) -> AlarmEvent | None:
    """Return when a rule first found something, also where that was added to another alarm."""
    return next(
        (
            e
            for e in events
            if e.change is Change.RAISED and e.priority > Priority.LOW and is_found(e, rule)
        ),
        None,
    )


def is_found(event: AlarmEvent, rule: str) -> bool:
    found = event.evidence.get("found", ())
    assert isinstance(found, (tuple, list))
    return any(entry["rule"] == rule for entry in found)


@dataclass
class Life:
    """A daemon that was never restarted, and what it remembered on the way."""

    rack: Rack
    polls: list[Snapshot]
    told_at: int = -1  # the number of the poll
    kept: dict[int, Kept] = field(default_factory=dict)  # by the number of polls seen
    events: dict[int, list[AlarmEvent]] = field(default_factory=dict)


@lru_cache
def undisturbed(name: str, poll_s: float) -> Life:
    """Live through a fault; remember what was known before each of `CUT_POLLS`."""
    story = STORIES[name]
    rack = Rack(shape=RACKS[poll_s], poll_s=poll_s, current_a=story.current_a)
    life = Life(rack, list(rack.snapshots(story.hours, story.change)))
    told = first_alarm(judged(rack, life.polls), story.rule)
    assert told is not None
    life.told_at = [p.observed_at_s for p in life.polls].index(told.at_s)
    assert life.told_at > ONSET_H * HOUR_S / poll_s
    engine, events, seen = engine_for(rack), [], 0
    for cut in sorted(life.told_at - before for before in CUT_POLLS):
        events += judged(rack, life.polls[seen:cut], engine)
        seen = cut
        state = engine.learned("rack-1")["detection"]
        version, layout_id = int(str(state["version"])), str(state["layout_id"])
        life.kept[cut] = Kept(
            "rack-1", "detection", version, layout_id, NOON_S, NOON_S, "", state=state
        )
        life.events[cut] = list(events)
    return life


def restarted(life: Life, cut: int, path: Path, *, start_s: float) -> Engine:
    """Return an engine that goes on from what is in the file and in the ledger."""
    store = LearnedStore.open(path / LEARNED_FILE)
    store.put([life.kept[cut]])
    (kept,) = store.of("rack-1")
    store.close()
    engine = engine_for(life.rack)
    engine.learn_from("rack-1", {"detection": kept.state})
    engine.restore([a for a in alarms_of(life.events[cut]) if a.is_active], now_s=start_s)
    return engine


def polls_late(name: str, before: int, path: Path, *, poll_s: float, pause_s: float) -> float:
    """Return by how many polls a restart delays the alarm."""
    life = undisturbed(name, poll_s)
    cut = life.told_at - before
    start_s = life.polls[cut - 1].observed_at_s + pause_s
    engine = restarted(life, cut, path, start_s=start_s)
    told_s = life.polls[life.told_at].observed_at_s
    for poll in life.polls[cut:]:
        if poll.observed_at_s >= start_s and first_alarm(
            judged(life.rack, [poll], engine), STORIES[name].rule
        ):
            return (poll.observed_at_s - told_s) / poll_s
    return np.inf


@pytest.mark.parametrize("poll_s", RACKS)
@pytest.mark.parametrize("before", CUT_POLLS)
@pytest.mark.parametrize("name", STORIES)
def test_a_restart_between_two_polls_costs_none(
    name: str, before: int, poll_s: float, tmp_path: Path
) -> None:
    assert polls_late(name, before, tmp_path, poll_s=poll_s, pause_s=poll_s) <= 0


@pytest.mark.parametrize("before", CUT_POLLS)
@pytest.mark.parametrize("name", STORIES)
def test_a_restart_that_loses_a_poll_delays_an_alarm_by_no_more_than_two(
    name: str, before: int, tmp_path: Path
) -> None:
    assert polls_late(name, before, tmp_path, poll_s=10.0, pause_s=20.0) <= 2


@pytest.mark.parametrize("pause_s", [70.0, 300.0])
@pytest.mark.parametrize("before", CUT_POLLS)
@pytest.mark.parametrize("name", sorted(STORIES.keys() - {"joint"}))
def test_a_longer_pause_delays_an_alarm_by_itself_and_no_more(
    name: str, before: int, pause_s: float, tmp_path: Path
) -> None:
    late = polls_late(name, before, tmp_path, poll_s=10.0, pause_s=pause_s)

    assert late <= pause_s / 10.0


@pytest.mark.parametrize("before", CUT_POLLS)
def test_a_minute_in_which_a_discharge_begins_does_not_hide_a_joint(
    before: int, tmp_path: Path
) -> None:
    assert polls_late("joint", before, tmp_path, poll_s=10.0, pause_s=70.0) <= 9


@pytest.mark.parametrize(("soc_pct", "is_told"), [(90.0, True), (84.0, False), (np.nan, False)])
def test_what_was_seen_before_a_pause_counts_only_if_the_charge_says_that_nothing_happened(
    soc_pct: float, is_told: bool, tmp_path: Path
) -> None:
    life = undisturbed("warm module", 10.0)
    cut, after = life.told_at - 7, life.polls[life.told_at + 25]
    values = after.values.copy()
    values[life.rack.layout.index[SOC]] = soc_pct
    engine = restarted(life, cut, tmp_path, start_s=after.observed_at_s)

    events = judged(life.rack, [replace(after, values=values)], engine)

    assert (first_alarm(events, "module_warmer") is not None) is is_told


def test_a_poll_that_comes_twice_says_nothing_and_loses_nothing() -> None:
    rack = Rack()
    once = judged(rack, rack.snapshots(4.5, leaking))
    again = Rack()
    twice = judged(again, (poll for poll in again.snapshots(4.5, leaking) for _ in range(2)))

    assert [(e.key, e.at_s) for e in once] == [(e.key, e.at_s) for e in twice]
