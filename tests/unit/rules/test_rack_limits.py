"""From where on a rack's cooling, its room and its charge are told: on racks without any noise."""

from collections.abc import Callable

import numpy as np
import pytest

from batteryd.domain.alarm import Priority
from tests.racks import HOUR_S
from tests.rulebooks import alarms_of
from tests.still_racks import (
    Happens,
    StillRack,
    engine_of,
    learned,
    over_h,
    raised_h,
    told,
    told_of,
)

Course = Callable[[float], float]
SLOW_S = 300.0  # between polls, where days are looked at
DAY_H = 24.0


def stepped(*steps: tuple[float, float]) -> Course:
    """Return a course that rises by so much at so many hours."""
    return lambda at_h: sum(by for from_h, by in steps if at_h >= from_h)


def whole_rack(course: Course) -> Happens:
    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        heat += course(at_h)

    return happens


# ------------------------------------------------------------------------------- heat_cooling

NORMAL_H = 4.0  # three hours without load, and one of learning
COOLING_H = NORMAL_H + 0.5


@pytest.mark.parametrize(("by_k", "is_beyond"), [(1.7, False), (1.9, True)])
def test_a_rack_is_told_above_its_own_step_to_the_air(by_k: float, *, is_beyond: bool) -> None:
    events = told(
        "heat_cooling", StillRack(), COOLING_H + 1.0, whole_rack(stepped((COOLING_H, by_k)))
    )

    after_a_quarter_of_an_hour = pytest.approx(COOLING_H + 0.25, abs=0.02)
    assert raised_h(events) == ([after_a_quarter_of_an_hour] if is_beyond else [])


def test_a_step_is_no_normal_before_three_hours_without_load_and_one_of_learning() -> None:
    rack = StillRack(rate_c=lambda at_h: -0.2 * (at_h < 0.5))

    known_s = learned("heat_cooling", rack, 0.5 + 3.5)["only.learned_s"]

    assert known_s[0] / 60 == pytest.approx(30, abs=2)
    events = told("heat_cooling", rack, 6.0, whole_rack(stepped((0.5 + 3.9, 5.0))))
    assert raised_h(events) == [pytest.approx(0.5 + 4.0 + 0.25, abs=0.05)]


@pytest.mark.parametrize(
    ("by_k", "normal_k"),
    [
        (0.2, 0.2 * -np.expm1(-0.5)),  # two days are what it takes
        (0.8, 0.2),  # and no more than so much a day
        (-0.8, -0.2),
        (1.0, 0.0),  # what is halfway to an alarm must not become normal
    ],
)
def test_the_normal_step_follows_slowly(by_k: float, normal_k: float) -> None:
    rack = StillRack(poll_s=SLOW_S)

    after = learned(
        "heat_cooling", rack, COOLING_H + DAY_H, whole_rack(stepped((COOLING_H, by_k)))
    )["only.normal_k"]

    assert after[0] - 2.3 == pytest.approx(normal_k, abs=0.01)


def test_a_rack_is_given_the_time_that_it_takes_to_follow_its_air() -> None:
    rack = StillRack(ambient_c=lambda at_h: 22.0 - 3.0 * (at_h >= COOLING_H))

    events = told("heat_cooling", rack, COOLING_H + 2.0)

    # 1.8 K of 3 K are due once its air, an hour slow, has fallen by so much.
    due_h = COOLING_H - np.log(1 - 1.8 / 3.0)
    assert raised_h(events) == [pytest.approx(due_h + 0.25, abs=0.05)]


def test_a_rack_that_the_air_is_warming_is_no_fault() -> None:
    rack = StillRack(ambient_c=stepped((0.0, 22.0), (COOLING_H, 4.0), (COOLING_H + 1.0, -4.0)))
    happens = whole_rack(stepped((COOLING_H + 0.1, 4.0), (COOLING_H + 1.0, -4.0)))

    assert raised_h(told("heat_cooling", rack, COOLING_H + 2.0, happens)) == []


HEATED_H, JUDGED_H = 4.6, 4.6 + 0.1 + 3.0  # a load, and three hours after it


@pytest.mark.parametrize(
    ("k_per_h", "air_k_per_h", "is_judged"),
    [
        (0.15, 0.0, True),  # half an hour late it is less than a tenth of a kelvin above
        (0.25, 0.0, False),
        (0.5, 0.5, True),  # the step does not fall, and the rack hardly
        (0.7, 0.7, False),
    ],
)
def test_a_rack_that_is_still_on_its_way_down_is_not_judged(
    k_per_h: float, air_k_per_h: float, *, is_judged: bool
) -> None:
    def since(at_h: float) -> float:
        return max(0.0, at_h - HEATED_H)

    rack = StillRack(
        rate_c=lambda at_h: -0.8 * (HEATED_H <= at_h < HEATED_H + 0.1),
        ambient_c=lambda at_h: 22.0 - air_k_per_h * since(at_h),
    )
    happens = whole_rack(lambda at_h: 6.0 * (at_h >= HEATED_H) - k_per_h * since(at_h))

    events = told("heat_cooling", rack, JUDGED_H + 1.0, happens)

    assert raised_h(events) == ([pytest.approx(JUDGED_H + 0.25, abs=0.03)] if is_judged else [])


@pytest.mark.parametrize(("left_k", "is_over"), [(1.0, False), (0.8, True)])
def test_a_rack_is_back_at_half_of_its_limit(left_k: float, *, is_over: bool) -> None:
    happens = whole_rack(stepped((COOLING_H, 3.0), (COOLING_H + 1.0, left_k - 3.0)))

    events = told("heat_cooling", StillRack(), COOLING_H + 4.0, happens)

    assert bool(over_h(events)) == is_over


@pytest.mark.parametrize(("step_k", "is_over"), [(1.9, False), (1.7, True)])
def test_an_alarm_whose_normal_was_lost_is_over_at_its_limit_above_the_air(
    step_k: float, *, is_over: bool
) -> None:
    before = told(
        "heat_cooling", StillRack(), COOLING_H + 1.0, whole_rack(stepped((COOLING_H, 3.0)))
    )
    rack = StillRack(ambient_c=lambda at_h: 24.3 - step_k)
    engine = engine_of("heat_cooling", rack)
    engine.restore(alarms_of(before), now_s=before[-1].at_s)

    after = [e for p in rack.polls(5.0) for e in engine.evaluate(p, p.observed_at_s)]

    assert bool(over_h(after)) == is_over


# ------------------------------------------------------------------------------- heat_room

RISE_H = 2.5


def ramp(by: float, *, over_hours: float, from_h: float = RISE_H) -> Course:
    return lambda at_h: by * min(1.0, max(0.0, (at_h - from_h) / over_hours))


def room(course: Course) -> StillRack:
    return StillRack(ambient_c=lambda at_h: 22.0 + course(at_h))


@pytest.mark.parametrize(
    ("by_k", "over_hours", "is_beyond"),
    [(4.9, 0.5, False), (5.1, 0.5, True), (5.3, 2.0, True), (5.7, 2.5, False)],
)
def test_air_that_warms_by_five_kelvin_within_two_hours_is_the_room(
    by_k: float, over_hours: float, *, is_beyond: bool
) -> None:
    events = told("heat_room", room(ramp(by_k, over_hours=over_hours)), RISE_H + over_hours + 0.3)

    assert bool(raised_h(events)) == is_beyond


@pytest.mark.parametrize("poll_s", [59.9, 120.0, 240.0])
@pytest.mark.parametrize(("over_hours", "is_beyond"), [(2.0, True), (2.3, False)])
def test_two_hours_are_two_hours_at_any_pace_of_polls(
    poll_s: float, over_hours: float, *, is_beyond: bool
) -> None:
    course = ramp(5.4, over_hours=over_hours)
    rack = StillRack(ambient_c=lambda at_h: 22.0 + course(at_h), poll_s=poll_s)

    assert bool(raised_h(told("heat_room", rack, RISE_H + over_hours + 0.5, on_delay_s=0.0))) == (
        is_beyond
    )


def test_a_room_is_told_after_two_minutes() -> None:
    (at_h,) = raised_h(told("heat_room", room(stepped((RISE_H, 4.5), (3.0, 1.0))), 3.5))

    assert (at_h - 3.0) * 60 == pytest.approx(2.0, abs=0.6)


@pytest.mark.parametrize(
    ("by_k", "idle_h", "is_beyond"),
    [(3.9, 2.4, False), (4.1, 2.4, True), (4.1, 1.6, False)],
)
def test_all_modules_that_warm_by_four_kelvin_without_load_are_the_room(
    by_k: float, idle_h: float, *, is_beyond: bool
) -> None:
    rack = StillRack(rate_c=lambda at_h: 0.2 * (at_h < RISE_H - idle_h))

    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        heat += by_k * (at_h >= RISE_H)
        heat[0] += 1.0 * (at_h >= RISE_H)

    assert bool(raised_h(told("heat_room", rack, RISE_H + 0.3, happens))) == is_beyond


@pytest.mark.parametrize(("modules", "is_beyond"), [(1, False), (2, True)])
def test_one_module_that_warms_is_no_room(modules: int, *, is_beyond: bool) -> None:
    rack = StillRack((modules, 4, 0))

    events = told("heat_room", rack, RISE_H + 0.3, whole_rack(stepped((RISE_H, 4.5))))

    assert bool(raised_h(events)) == is_beyond


@pytest.mark.parametrize(
    ("air_k", "modules_k", "is_over"),
    [(2.4, 0.0, True), (2.6, 0.0, False), (2.4, 1.9, True), (2.4, 2.1, False)],
)
def test_a_room_is_back_near_what_it_rose_from(
    air_k: float, modules_k: float, *, is_over: bool
) -> None:
    rack = room(stepped((RISE_H, 8.0), (RISE_H + 3.0, air_k - 8.0)))

    events = told("heat_room", rack, RISE_H + 4.5, whole_rack(stepped((RISE_H + 0.5, modules_k))))

    expected = [pytest.approx(RISE_H + 3.5, abs=0.05)]
    assert over_h(events) == (expected if is_over else [])


def test_a_room_that_is_as_warm_a_day_later_is_meant_to_be() -> None:
    rack = StillRack(ambient_c=stepped((0.0, 22.0), (RISE_H, 8.0)), poll_s=SLOW_S)

    events = told("heat_room", rack, RISE_H + DAY_H + 2.0)

    assert over_h(events) == [pytest.approx(RISE_H + DAY_H + 0.5, abs=0.3)]


def test_after_a_gap_a_room_is_back_once_its_air_was_known_for_a_while() -> None:
    back_h = RISE_H + 2.0
    rack = StillRack(
        ambient_c=stepped((0.0, 22.0), (RISE_H, 8.0), (back_h - 0.5, -8.0)),
        soc_pct=lambda at_h: np.nan,  # nobody knows what happened in the gap
    )
    first_s = next(rack.polls(0.1)).observed_at_s
    polls = (
        poll
        for poll in rack.polls(back_h + 2.0)
        if not back_h - 1.0 < (poll.observed_at_s - first_s) / HOUR_S < back_h
    )

    ended_h = over_h(told_of("heat_room", rack, polls))

    assert ended_h == [pytest.approx(back_h + 20 / 60 + 0.5, abs=0.06)]


# ------------------------------------------------------------------------------- heat_charge

CHARGE_H = 4.0


def charging(at_h: float) -> float:
    return 0.25 * (at_h >= CHARGE_H)


def parted(by_k: float | Course, *, rack_k: float = 0.0, modules: int = 8) -> Happens:
    """Part half of the modules from the others by so much, from the charge on."""

    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        if at_h >= CHARGE_H:
            heat += rack_k
            heat[::2] += by_k(at_h - CHARGE_H) if callable(by_k) else by_k

    return happens


@pytest.mark.parametrize(
    ("by_k", "rack_k", "expected"),
    [
        (2.9, -1.45, []),
        (3.6, -1.8, [Priority.MEDIUM]),
        (4.8, -2.4, [Priority.MEDIUM]),
        (5.3, -2.65, [Priority.HIGH]),
        (4.3, 2.85, []),  # a rack that moved by 5 K may part by 1.5 K more
        (4.7, 2.65, [Priority.MEDIUM]),
    ],
)
def test_modules_that_part_on_charge_by_three_kelvin_are_told(
    by_k: float, rack_k: float, expected: list[Priority]
) -> None:
    events = told(
        "heat_charge",
        StillRack(rate_c=charging),
        CHARGE_H + 1.0,
        parted(by_k, rack_k=rack_k),
    )

    assert [e.priority for e in events] == expected
    assert all(at_h == pytest.approx(CHARGE_H + 0.5, abs=0.02) for at_h in raised_h(events))


@pytest.mark.parametrize(("by_k", "is_beyond"), [(4.8, False), (5.2, True)])
def test_modules_that_are_always_uneven_part_by_what_they_part_more(
    by_k: float, *, is_beyond: bool
) -> None:
    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        apart_k = by_k if at_h >= CHARGE_H else 2.0
        heat[::2] += apart_k / 2
        heat[1::2] -= apart_k / 2

    events = told("heat_charge", StillRack(rate_c=charging), CHARGE_H + 1.0, happens)

    assert bool(raised_h(events)) == is_beyond


@pytest.mark.parametrize(("rate", "is_beyond"), [(0.09, False), (0.11, True), (-0.3, False)])
def test_only_what_parts_on_charge_is_told(rate: float, *, is_beyond: bool) -> None:
    rack = StillRack(rate_c=lambda at_h: rate * (at_h >= CHARGE_H))

    events = told("heat_charge", rack, CHARGE_H + 1.0, parted(4.0, rack_k=-2.0))

    assert bool(raised_h(events)) == is_beyond


@pytest.mark.parametrize(("rest_h", "is_known"), [(1.9, False), (2.1, True)])
def test_a_spread_is_compared_with_that_of_two_hours_of_rest(
    rest_h: float, *, is_known: bool
) -> None:
    rack = StillRack(rate_c=lambda at_h: 0.25 * (at_h >= rest_h))

    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        heat[::2] += 2.0 * (at_h >= rest_h)
        heat[1::2] -= 2.0 * (at_h >= rest_h)

    assert bool(raised_h(told("heat_charge", rack, rest_h + 1.0, happens))) == is_known


def test_the_spread_at_rest_is_that_of_about_a_day() -> None:
    rack = StillRack(poll_s=SLOW_S)

    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        heat[0] += 1.0 * (at_h >= CHARGE_H)

    after = learned("heat_charge", rack, CHARGE_H + DAY_H, happens)["only.rest_k"]

    assert after[0] == pytest.approx(-np.expm1(-1.0), abs=0.01)


@pytest.mark.parametrize(("left_k", "is_over"), [(2.2, False), (2.0, True)])
def test_a_spread_is_over_below_seven_tenths_of_its_limit(left_k: float, *, is_over: bool) -> None:
    def by_k(since_h: float) -> float:
        return 4.6 if since_h < 1.0 else left_k

    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        if at_h >= CHARGE_H:
            heat[::2] += by_k(at_h - CHARGE_H) / 2
            heat[1::2] -= by_k(at_h - CHARGE_H) / 2

    events = told("heat_charge", StillRack(rate_c=charging), CHARGE_H + 2.0, happens)

    assert raised_h(events)
    assert bool(over_h(events)) == is_over


@pytest.mark.parametrize(("modules", "is_beyond"), [(3, False), (4, True)])
def test_of_fewer_than_four_modules_nobody_says_that_they_part(
    modules: int, *, is_beyond: bool
) -> None:
    rack = StillRack((modules, 2, 0), rate_c=charging)

    assert bool(raised_h(told("heat_charge", rack, CHARGE_H + 1.0, parted(6.0)))) == is_beyond
