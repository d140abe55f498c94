"""From where on a cell's voltage is told, and until when: on racks without any noise."""

from collections.abc import Callable

import numpy as np
import pytest

from batteryd.domain.alarm import Priority
from tests.still_racks import Happens, StillRack, learned, over_h, raised_h, told

Course = Callable[[float], float]
MV, MINUTE_H = 0.001, 1 / 60
CELL = (2, 1)
ONSET_H = 2.51  # with the first poll of ten minutes
SLOW_S = 300.0  # between polls, where days are looked at
DAY_H = 24.0


def cells(cell_v: float = 3.947, rate_c: Course = lambda at_h: 0.0) -> StillRack:
    return StillRack((8, 1, 4), cell_v=cell_v, rate_c=rate_c)


def lost(by_mv: float | Course, *, from_h: float = ONSET_H, rack_mv: float = 0.0) -> Happens:
    """Take so much from one cell, and give so much to all."""

    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        if at_h >= from_h:
            volts += MV * rack_mv
            volts[CELL] -= MV * (by_mv(at_h - from_h) if callable(by_mv) else by_mv)

    return happens


# ------------------------------------------------------------------------------- cell_leak


@pytest.mark.parametrize(
    ("rack_mv", "lost_mv", "is_beyond"),
    [
        (0.0, 5.8, False),
        (0.0, 6.2, True),
        (10.0, 8.8, False),  # cells may part by three tenths of what all have moved
        (10.0, 9.2, True),
        (-10.0, 8.8, False),
        (-10.0, 9.2, True),
        (14.0, 12.0, True),
        (16.0, 30.0, False),  # another state of charge: nobody knows what is usual there
    ],
)
def test_a_cell_is_told_by_what_it_lost_near_the_charge_of_its_baseline(
    rack_mv: float, lost_mv: float, *, is_beyond: bool
) -> None:
    events = told("cell_leak", cells(), 3.0, lost(lost_mv, rack_mv=rack_mv))

    assert bool(raised_h(events)) == is_beyond


@pytest.mark.parametrize(("soc_pct", "is_beyond"), [(87.6, True), (87.4, False), (92.6, False)])
def test_a_baseline_holds_within_some_percents_of_charge(
    soc_pct: float, *, is_beyond: bool
) -> None:
    rack = StillRack((8, 1, 4), soc_pct=lambda at_h: 90.0 if at_h < ONSET_H else soc_pct)

    assert bool(raised_h(told("cell_leak", rack, 3.0, lost(9.0)))) == is_beyond


@pytest.mark.parametrize(("lost_mv", "is_beyond"), [(9.0, False), (11.0, True)])
def test_a_cell_has_to_lose_more_than_two_steps_of_its_reading(
    lost_mv: float, *, is_beyond: bool
) -> None:
    def in_steps(since_h: float) -> float:  # of 5 mV, so many on the mean of ten polls
        poll = round(60 * since_h) % 10
        return 10.0 + (5.0 if lost_mv > 10 else -5.0) * (poll % 5 == 0)

    assert bool(raised_h(told("cell_leak", cells(3.945), 3.0, lost(in_steps)))) == is_beyond


@pytest.mark.parametrize(("lost_mv", "is_beyond"), [(8.5, False), (9.5, True)])
def test_what_most_cells_have_moved_by_is_no_sign(lost_mv: float, *, is_beyond: bool) -> None:
    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        if at_h >= ONSET_H:  # six times 1.48 mV
            volts[:, ::2] += MV
            volts[:, 1::2] -= MV
            volts[CELL] = 3.947 - MV * lost_mv

    assert bool(raised_h(told("cell_leak", cells(), 3.0, happens))) == is_beyond


@pytest.mark.parametrize(("left_mv", "is_beyond"), [(1.0, False), (-1.0, True)])
def test_a_cell_that_comes_down_to_its_peers_is_being_balanced(
    left_mv: float, *, is_beyond: bool
) -> None:
    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        volts[CELL] += MV * (10.0 if at_h < ONSET_H else left_mv)

    assert bool(raised_h(told("cell_leak", cells(), 3.0, happens))) == is_beyond


def test_a_leak_is_told_with_the_second_mean_of_ten_minutes() -> None:
    assert raised_h(told("cell_leak", cells(), 3.0, lost(8.0))) == [
        pytest.approx(ONSET_H + 20 * MINUTE_H, abs=0.02)
    ]


@pytest.mark.parametrize(("rate", "after_min"), [(0.04, 20), (-0.04, 20), (0.06, 60)])
def test_after_a_current_cells_settle_for_forty_minutes(rate: float, after_min: float) -> None:
    rack = cells(rate_c=lambda at_h: rate * (ONSET_H <= at_h < ONSET_H + 0.01))

    (at_h,) = raised_h(told("cell_leak", rack, 4.0, lost(8.0)))

    assert (at_h - ONSET_H) / MINUTE_H == pytest.approx(after_min, abs=1.5)


def test_a_baseline_is_the_mean_of_the_first_three() -> None:
    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        minute = round(60 * at_h)
        if minute <= 50:
            volts[CELL] += 9 * MV  # it settled late
        elif minute > 70:
            volts[CELL] -= 5 * MV

    (event,) = told("cell_leak", cells(), 1.6, happens)

    assert (event.at_s - 1_764_072_000.0) / 60 == pytest.approx(90, abs=0.1)
    assert event.value == pytest.approx(0.008, abs=0.0001)


@pytest.mark.parametrize(
    ("by_mv", "followed_mv"),
    [
        (1.0, -np.expm1(-1.0)),  # a day is what it takes
        (5.0, 1.5),  # and no more than so much a day: leaks are faster
        (-5.0, -1.5),
    ],
)
def test_a_baseline_follows_slower_than_any_leak(by_mv: float, followed_mv: float) -> None:
    rack = StillRack((8, 1, 4), poll_s=SLOW_S)

    after = learned("cell_leak", rack, ONSET_H + DAY_H, lost(-by_mv))["only.baseline_v"]

    assert after[4 * CELL[0] + CELL[1]] / MV == pytest.approx(followed_mv, abs=0.05)


@pytest.mark.parametrize(("hours", "is_taken"), [(23.5, False), (24.6, True)])
def test_elsewhere_a_baseline_is_taken_anew_after_a_day(hours: float, *, is_taken: bool) -> None:
    rack = StillRack((8, 1, 4), poll_s=SLOW_S)

    where_v = learned("cell_leak", rack, ONSET_H + hours, lost(0.0, rack_mv=-40.0))["only.where"][0]

    assert where_v == pytest.approx(3.907 if is_taken else 3.947)


@pytest.mark.parametrize(("missing", "is_known"), [(4, True), (6, False)])
def test_a_cell_that_is_hardly_read_has_no_mean(missing: int, *, is_known: bool) -> None:
    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        lost(12.0)(at_h, heat, volts)
        if at_h >= ONSET_H and round(60 * at_h) % 10 < missing:
            volts[CELL] = np.nan

    assert bool(raised_h(told("cell_leak", cells(), 3.2, happens))) == is_known


@pytest.mark.parametrize(("left_mv", "is_over"), [(3.2, False), (2.8, True)])
def test_a_leak_is_over_at_half_of_its_limit_and_an_hour_later(
    left_mv: float, *, is_over: bool
) -> None:
    happens = lost(lambda since_h: 8.0 if since_h < 1.0 else left_mv)

    ended_h = over_h(told("cell_leak", cells(), ONSET_H + 2.6, happens))

    assert ended_h == ([pytest.approx(ONSET_H + 2.2, abs=0.05)] if is_over else [])


# ------------------------------------------------------------------------------- cell_fast_leak


@pytest.mark.parametrize(("lost_mv", "is_beyond"), [(29.0, False), (31.0, True)])
def test_a_cell_that_falls_by_thirty_millivolts_is_told_at_the_third_reading(
    lost_mv: float, *, is_beyond: bool
) -> None:
    events = told("cell_fast_leak", cells(), 2.7, lost(lost_mv))

    third_h = pytest.approx(ONSET_H + 2 * MINUTE_H, abs=0.02)
    assert raised_h(events) == ([third_h] if is_beyond else [])


@pytest.mark.parametrize(
    ("cell_v", "lost_mv", "is_beyond"),
    [(3.95, 20.0, False), (3.95, 30.0, True), (3.945, 10.0, False), (3.945, 15.0, True)],
)
def test_a_fall_has_to_be_more_than_two_and_a_half_steps_of_the_reading(
    cell_v: float, lost_mv: float, *, is_beyond: bool
) -> None:
    events = told("cell_fast_leak", cells(cell_v), 2.7, lost(lost_mv), lost_v=0.003)

    assert bool(raised_h(events)) == is_beyond


@pytest.mark.parametrize(("fall_mv", "after_h"), [(0.9, None), (3.0, 2.5)])
def test_what_falls_by_a_millivolt_in_ten_minutes_is_left_to_the_other_rule(
    fall_mv: float, after_h: float | None
) -> None:
    events = told(
        "cell_fast_leak", cells(), ONSET_H + 8.0, lost(lambda since_h: 6 * fall_mv * since_h)
    )

    expected = [] if after_h is None else [pytest.approx(ONSET_H + after_h, abs=0.2)]
    assert raised_h(events) == expected


@pytest.mark.parametrize(("left_mv", "is_over"), [(16.0, False), (14.0, True)])
def test_a_fall_is_over_at_half_of_its_limit_and_half_an_hour_later(
    left_mv: float, *, is_over: bool
) -> None:
    happens = lost(lambda since_h: 40.0 if since_h < 1.0 else left_mv)

    ended_h = over_h(told("cell_fast_leak", cells(), ONSET_H + 2.0, happens))

    assert ended_h == ([pytest.approx(ONSET_H + 1.5, abs=0.06)] if is_over else [])


def test_after_a_load_a_cell_is_compared_with_its_next_rest() -> None:
    rack = cells(rate_c=lambda at_h: -1.0 * (ONSET_H <= at_h < ONSET_H + 0.05))

    assert told("cell_fast_leak", rack, 4.5, lost(60.0)) == []


@pytest.mark.parametrize(
    ("read_v", "is_believed"),
    [
        (3.947 - 0.021, True),
        (3.947 - 0.023, False),  # farther than it gets in a poll, until it repeats
    ],
)
def test_a_cell_is_believed_at_the_pace_of_cells(read_v: float, *, is_believed: bool) -> None:
    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        if at_h >= ONSET_H:
            volts[CELL] = read_v

    events = told("cell_fast_leak", cells(), 2.6, happens, lost_v=0.010)

    polls = 1 if is_believed else 3
    assert raised_h(events) == [pytest.approx(ONSET_H + (polls - 1) * MINUTE_H, abs=0.015)]


@pytest.mark.parametrize(
    ("read_v", "is_believed"), [(0.25, False), (0.35, True), (5.1, False), (4.9, True)]
)
def test_what_no_cell_can_be_is_never_believed(read_v: float, *, is_believed: bool) -> None:
    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        volts[CELL] = read_v

    kept = learned("cell_leak", cells(), 1.0, happens)

    assert np.isfinite(kept["cells.believed.last"][4 * CELL[0] + CELL[1]]) == is_believed


# ------------------------------------------------------------------------------- cell_joint

FIRST_H, SECOND_H, LASTS_H = 0.2, 0.5, 0.1


def discharges(*starts_h: float, rate: float = -1.0) -> Course:
    return lambda at_h: rate * any(0 <= at_h - start_h < LASTS_H for start_h in starts_h)


LOAD = discharges(FIRST_H, SECOND_H)


def joints(rate_c: Course = LOAD, poll_s: float = 10.0, soc_pct: float = 90.0) -> StillRack:
    return StillRack((4, 1, 4), poll_s=poll_s, rate_c=rate_c, soc_pct=lambda at_h: soc_pct)


def loosened(
    mohm: float | Course,
    *,
    from_h: float = SECOND_H,
    rate_c: Course = LOAD,
    cell_mohm: float = 0.0,
    others_mohm: float = 0.0,
) -> Happens:
    """Add a resistance to one cell from an hour on, as seen at 1 C: 100 A, 0.1 V per mΩ."""

    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        per_mohm = 0.1 * rate_c(at_h)
        volts += per_mohm * cell_mohm
        if at_h >= from_h:
            volts[:, ::2] += per_mohm * others_mohm
            volts[:, 1::2] -= per_mohm * others_mohm
            own = mohm(at_h - from_h) if callable(mohm) else mohm
            volts[CELL] += per_mohm * (own + others_mohm)

    return happens


@pytest.mark.parametrize(
    ("cell_mohm", "others_mohm", "mohm", "is_beyond"),
    [
        (0.0, 0.0, 0.19, False),
        (0.0, 0.0, 0.21, True),
        (2.0, 0.0, 0.29, False),  # 15 % of what a cell has
        (2.0, 0.0, 0.31, True),
        (0.0, 0.05, 0.42, False),  # six times 1.48 * 0.05 mΩ
        (0.0, 0.05, 0.47, True),
    ],
)
def test_a_joint_is_told_from_its_own_normal_on(
    cell_mohm: float, others_mohm: float, mohm: float, *, is_beyond: bool
) -> None:
    happens = loosened(mohm, cell_mohm=cell_mohm, others_mohm=others_mohm)

    events = told("cell_joint", joints(), SECOND_H + LASTS_H, happens)

    assert [e.priority for e in events] == ([Priority.MEDIUM] if is_beyond else [])


@pytest.mark.parametrize(
    ("others_mohm", "mohm", "expected"),
    [
        (0.0, 0.95, []),
        (0.0, 1.05, [Priority.LOW]),
        (0.0, 2.4, [Priority.LOW]),
        (0.0, 2.6, [Priority.MEDIUM]),  # no bar is that long
        (0.1, 1.4, []),  # ten times 1.48 * 0.1 mΩ
        (0.1, 1.6, [Priority.LOW]),
        (0.1, 3.5, [Priority.LOW]),
        (0.1, 3.9, [Priority.MEDIUM]),
    ],
)
def test_before_its_normal_is_known_a_joint_is_told_by_a_wide_margin(
    others_mohm: float, mohm: float, expected: list[Priority]
) -> None:
    happens = loosened(mohm, from_h=0.0, others_mohm=others_mohm)

    events = told("cell_joint", joints(), FIRST_H + LASTS_H, happens)

    assert [e.priority for e in events] == expected


@pytest.mark.parametrize(
    ("rate", "soc_pct", "is_judged"),
    [(-0.45, 90.0, False), (-0.55, 90.0, True), (1.0, 90.0, False), (-1.0, 29.0, False),
     (-1.0, 31.0, True)],
)  # fmt: skip
def test_a_joint_is_judged_on_discharges_that_tell_something(
    rate: float, soc_pct: float, *, is_judged: bool
) -> None:
    load = discharges(FIRST_H, rate=rate)
    happens = loosened(1.5, from_h=0.0, rate_c=load)

    events = told("cell_joint", joints(load, soc_pct=soc_pct), FIRST_H + LASTS_H, happens)

    assert bool(raised_h(events)) == is_judged


@pytest.mark.parametrize(
    ("before", "changed_s", "is_judged"),
    [
        (0.25, 300, True),
        (-0.25, 300, True),
        (0.35, 300, False),  # nobody knows what the cells are without it
        (0.2, 190, True),
        (0.2, 150, False),  # not steady for three minutes
        (0.04, 150, True),  # a trickle is no change
        (0.06, 150, False),
    ],
)
def test_a_joint_is_measured_from_a_steady_rate_before_the_load(
    before: float, changed_s: float, *, is_judged: bool
) -> None:
    begins_h = 0.4

    def load(at_h: float) -> float:
        if at_h >= begins_h:
            return -1.0
        return before if at_h >= begins_h - changed_s / 3600 else 0.0

    happens = loosened(1.6, from_h=0.0, rate_c=load)

    events = told("cell_joint", joints(load), begins_h + LASTS_H, happens)

    assert bool(raised_h(events)) == is_judged


def long_load(poll_s: float) -> tuple[float, Course]:
    """Return a load of a quarter of an hour that begins at a poll, and when it begins."""
    starts_h = 48 * poll_s / 3600
    return starts_h, lambda at_h: -1.0 * (0 <= at_h - starts_h < 0.25)


@pytest.mark.parametrize(
    ("poll_s", "after_s", "window_s"),
    [
        (5.0, 40, 40),
        (10.0, 40, 40),
        (30.0, 120, 120),
        (60.0, 240, 240),
        (75.0, 300, 375),  # it may have begun at any time since the poll before
        (90.0, None, None),  # too few polls in the time in which it shows
    ],
)
def test_a_joint_is_told_after_three_polls_that_are_believed(
    poll_s: float, after_s: float | None, window_s: float | None
) -> None:
    starts_h, load = long_load(poll_s)
    happens = loosened(1.5, from_h=0.0, rate_c=load)

    events = told("cell_joint", joints(load, poll_s), starts_h + 0.25, happens)

    assert [3600 * (at_h - starts_h) for at_h in raised_h(events)] == (
        [] if after_s is None else [pytest.approx(after_s, abs=0.1)]
    )
    assert [event.evidence["window_s"] for event in events] == (
        [] if window_s is None else [pytest.approx(window_s, abs=0.1)]
    )


@pytest.mark.parametrize(
    ("poll_s", "from_s", "to_s"),
    [
        (5.0, 20, 160),
        (10.0, 20, 160),
        (30.0, 60, 210),  # until six polls were seen
        (60.0, 120, 360),  # but not for longer than 400 s
    ],
)
def test_what_is_learned_is_where_the_line_through_the_window_begins(
    poll_s: float, from_s: float, to_s: float
) -> None:
    starts_h, load = long_load(poll_s)

    def excess_mohm(at_s: float) -> float:
        return 0.1 * (at_s > 103) + 0.05 * (at_s < from_s - 1) + 0.05 * (at_s > 203)

    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        at_s = 3600 * (at_h - starts_h)
        loosened(excess_mohm(at_s), from_h=0.0, rate_c=load)(at_h, heat, volts)

    kept = learned("cell_joint", joints(load, poll_s), starts_h + 0.24, happens)

    times_s = np.arange(from_s, to_s + 1, poll_s)
    _, begins_mohm = np.polyfit(times_s, [excess_mohm(at_s) for at_s in times_s], 1)
    assert kept["only.learned_mohm"][4 * CELL[0] + CELL[1]] == pytest.approx(begins_mohm, abs=0.003)


def test_what_cells_were_before_a_load_is_that_of_about_a_minute() -> None:
    starts_h, load = long_load(10.0)

    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        volts[CELL] -= 20 * MV * (at_h > starts_h - 65 / 3600)  # it settled a minute before

    kept = learned("cell_joint", joints(load), starts_h + 0.24, happens)

    left_mv = 20 * (1 - 10 / 60) ** 6
    assert kept["only.learned_mohm"][4 * CELL[0] + CELL[1]] == pytest.approx(
        left_mv / 100, abs=0.005
    )


@pytest.mark.parametrize(("mohm", "is_beyond"), [(0.98, False), (1.02, True)])
def test_a_bar_that_was_always_longer_is_normal(mohm: float, *, is_beyond: bool) -> None:
    happens = loosened(lambda since_h: mohm if since_h > 0.2 else 0.8, from_h=FIRST_H)

    events = told("cell_joint", joints(), SECOND_H + LASTS_H, happens)

    assert bool(raised_h(events)) == is_beyond


def test_of_a_module_that_is_told_nothing_is_learned_and_of_the_others_it_is() -> None:
    kept = learned("cell_joint", joints(), FIRST_H + 2 * LASTS_H, loosened(1.5, from_h=0.0))

    expected = [[1] * 4, [1] * 4, [0] * 4, [1] * 4]
    assert kept["only.discharges"].reshape(4, 4).tolist() == expected


@pytest.mark.parametrize(("lasts_s", "is_learned"), [(35, False), (45, True)])
def test_a_discharge_that_is_over_before_three_polls_were_seen_teaches_nothing(
    lasts_s: float, *, is_learned: bool
) -> None:
    def load(at_h: float) -> float:
        return -1.0 * (0 <= at_h - FIRST_H < lasts_s / 3600)

    kept = learned("cell_joint", joints(load), FIRST_H + LASTS_H)

    assert kept["only.discharges"].all() == is_learned


@pytest.mark.parametrize(
    ("from_s", "to_s", "is_told"), [(0, 15, False), (165, 400, False), (0, 400, True)]
)
def test_what_a_cell_sags_before_and_after_the_window_says_nothing_of_its_joint(
    from_s: float, to_s: float, *, is_told: bool
) -> None:
    happens = loosened(lambda since_h: 0.21 * (from_s <= 3600 * since_h + 0.1 < to_s))

    events = told("cell_joint", joints(), SECOND_H + LASTS_H, happens)

    assert bool(raised_h(events)) == is_told


def test_what_a_cell_is_known_by_is_the_mean_of_about_ten_discharges() -> None:
    starts_h = [0.2 + 0.16 * number for number in range(14)]  # each after a steady rest

    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        mohm = 0.1 if at_h >= starts_h[12] else 0.0
        loosened(mohm, from_h=0.0, rate_c=discharges(*starts_h))(at_h, heat, volts)

    rack = joints(discharges(*starts_h))

    after = learned("cell_joint", rack, starts_h[13] + 0.14, happens)["only.learned_mohm"]

    assert after[4 * CELL[0] + CELL[1]] == pytest.approx(0.1 * (1 - 0.9**2), abs=0.001)


@pytest.mark.parametrize(("left_mohm", "is_over"), [(0.06, False), (0.04, True)])
def test_a_joint_is_over_at_a_quarter_of_its_limit(left_mohm: float, *, is_over: bool) -> None:
    third_h = 0.8
    load = discharges(FIRST_H, SECOND_H, third_h)
    happens = loosened(
        lambda since_h: 0.3 if since_h < 0.2 else left_mohm, from_h=SECOND_H, rate_c=load
    )

    events = told("cell_joint", joints(load), third_h + LASTS_H, happens)

    assert raised_h(events)
    assert bool(over_h(events)) == is_over


def test_a_joint_that_comes_a_little_at_a_time_does_not_become_normal() -> None:
    load = discharges(FIRST_H, SECOND_H)
    happens = loosened(0.25, rate_c=load, cell_mohm=2.0)

    kept = learned("cell_joint", joints(load), SECOND_H + 2 * LASTS_H, happens)

    assert kept["only.learned_mohm"][4 * CELL[0] + CELL[1]] == pytest.approx(0.0, abs=0.001)
