"""From where on a module's heat is told, and until when: on racks without any noise.

Modules and sensors are even unless a test makes them uneven, so a limit shows to a tenth of a
kelvin, and a time to a few minutes.
"""

from collections.abc import Callable

import numpy as np
import pytest

from batteryd.domain.alarm import Priority
from batteryd.errors import ConfigError
from tests.still_racks import LEARNED_H, Happens, StillRack, over_h, raised_h, told

ONSET_H = LEARNED_H + 0.5
COARSE_C = 24.0  # sensors of whole degrees
WARM = 2  # the module that a test is about, from 0
MINUTE_H = 1 / 60
TWENTY = (20, 1, 0)  # four of these do not move the common mode
Course = Callable[[float], float]


def warm(
    by_k: float | Course, *, from_h: float = ONSET_H, always_k: float = 0.0, rack_k: float = 0.0
) -> Happens:
    """Warm one module by so much, and the whole rack by `rack_k` from the same hour on."""

    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        heat[WARM] += always_k
        if at_h >= from_h:
            heat += rack_k
            heat[WARM] += by_k(at_h - from_h) if callable(by_k) else by_k

    return happens


def rising(k_per_min: float, *, until_h: float = 1.0) -> Course:
    return lambda since_h: 60 * k_per_min * min(since_h, until_h)


def is_told(kind: str, rack: StillRack, happens: Happens, *, hours: float = 0.6) -> bool:
    return bool(raised_h(told(kind, rack, ONSET_H + hours, happens)))


def priorities(kind: str, happens: Happens, hours: float) -> list[Priority]:
    return [event.priority for event in told(kind, StillRack(), hours, happens)]


# ------------------------------------------------------------------------------- heat_peer


@pytest.mark.parametrize(
    ("sensor_c", "rack_k", "by_k", "is_beyond"),
    [
        (24.3, 0.0, 1.4, False),
        (24.3, 0.0, 1.6, True),
        (24.3, 0.5, 1.6, True),  # so much swing is usual
        (24.3, 2.5, 2.4, False),  # of the rest, half is allowed for
        (24.3, 2.5, 2.6, True),
        (24.3, -2.5, 2.4, False),
        (COARSE_C, 0.0, 2.0, False),  # two steps of the sensor may be rounding
        (COARSE_C, 0.0, 3.0, True),
    ],
)
def test_a_module_is_told_from_its_own_normal_on_by_what_can_be_seen(
    sensor_c: float, rack_k: float, by_k: float, *, is_beyond: bool
) -> None:
    rack = StillRack(sensor_c=sensor_c)

    assert is_told("heat_peer", rack, warm(by_k, rack_k=rack_k)) == is_beyond


def test_a_module_is_told_once_it_was_warm_for_three_minutes() -> None:
    (at_h,) = raised_h(told("heat_peer", StillRack(), ONSET_H + 0.5, warm(2.0)))

    assert (at_h - ONSET_H) / MINUTE_H == pytest.approx(3.0, abs=0.1)


def test_what_the_rack_has_swung_by_is_allowed_for_three_hours() -> None:
    events = told("heat_peer", StillRack(), ONSET_H + 4.0, warm(2.5, rack_k=4.5))

    assert raised_h(events) == [pytest.approx(ONSET_H + 3.0, abs=0.1)]


@pytest.mark.parametrize(
    ("by_k", "expected"),
    [
        (3.9, []),
        (4.1, [Priority.MEDIUM]),
        (7.9, [Priority.MEDIUM]),
        (8.1, [Priority.CRITICAL]),
    ],
)
def test_before_its_normal_is_known_a_module_has_to_be_far_above_its_peers(
    by_k: float, expected: list[Priority]
) -> None:
    assert priorities("heat_peer", warm(by_k, from_h=0.5), 1.0) == expected


@pytest.mark.parametrize(
    ("by_k", "expected"), [(3.9, [Priority.MEDIUM]), (4.1, [Priority.CRITICAL])]
)
def test_two_and_a_half_kelvin_beyond_the_limit_are_critical(
    by_k: float, expected: list[Priority]
) -> None:
    assert priorities("heat_peer", warm(by_k), ONSET_H + 0.5) == expected


@pytest.mark.parametrize(("by_k", "is_beyond"), [(2.0, False), (3.0, True)])
def test_what_its_peers_deviate_by_just_then_is_no_sign(by_k: float, *, is_beyond: bool) -> None:
    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        if at_h >= ONSET_H:
            heat[::2] += 0.3
            heat[1::2] -= 0.3
            heat[WARM, 0] = 24.3 + by_k

    # Of 20 sensors of the place half are 0.3 K up and half down: five times 1.48 * 0.3 K.
    assert is_told("heat_peer", StillRack((20, 2, 0)), happens) == is_beyond


@pytest.mark.parametrize(
    ("sensor_c", "always_k", "rack_k", "by_k", "is_beyond"),
    [
        (24.3, 2.2, 0.0, 0.9, False),  # 3.1 K above the rack, and nearly always
        (24.3, 2.2, 0.0, 1.1, True),
        (24.3, 1.7, 0.0, 1.2, False),  # 2.9 K above the rack
        (24.3, 1.9, 0.0, 1.2, True),
        (24.3, 2.5, 3.5, 1.3, False),  # a rack that moved by 3.5 K: 1.4 K is how modules differ
        (24.3, 2.5, 3.5, 1.5, True),
        (COARSE_C, 4.0, 0.0, 1.0, False),  # a step of the sensor may be rounding
        (COARSE_C, 2.0, 0.0, 2.0, True),
    ],
)
def test_a_whole_module_far_above_the_rack_is_told_where_it_left_its_own_normal(
    sensor_c: float, always_k: float, rack_k: float, by_k: float, *, is_beyond: bool
) -> None:
    rack = StillRack(sensor_c=sensor_c)

    assert is_told("heat_peer", rack, warm(by_k, always_k=always_k, rack_k=rack_k)) == is_beyond


@pytest.mark.parametrize(("warmer", "is_beyond"), [(1, False), (3, True)])
def test_a_whole_module_of_coarse_sensors_has_to_leave_its_normal_by_more_than_a_step(
    warmer: int, *, is_beyond: bool
) -> None:
    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        heat[WARM] += 4.0
        if at_h >= ONSET_H:  # by 1.1 K or 1.3 K on the mean of ten sensors
            heat[WARM] += 1.0
            heat[WARM, :warmer] += 1.0

    rack = StillRack((8, 10, 0), sensor_c=COARSE_C)

    assert is_told("heat_peer", rack, happens) == is_beyond


def test_before_its_normal_is_known_a_module_is_not_blamed_for_what_it_may_always_have() -> None:
    assert raised_h(told("heat_peer", StillRack(), 2.9, warm(3.5, from_h=0.0))) == []


@pytest.mark.parametrize(("left_k", "is_over"), [(1.0, False), (0.8, True)])
def test_a_module_is_back_at_six_tenths_of_its_limit_and_ten_minutes_later(
    left_k: float, *, is_over: bool
) -> None:
    happens = warm(lambda since_h: 2.0 if since_h < 1.0 else left_k)

    ended_h = over_h(told("heat_peer", StillRack(), ONSET_H + 2.0, happens))

    assert ended_h == ([pytest.approx(ONSET_H + 1.0 + 10 * MINUTE_H, abs=0.01)] if is_over else [])


@pytest.mark.parametrize(
    ("most_k", "others_k", "expected"),
    [
        (1.9, 1.8, []),  # four alike: a pattern, and no module's own
        (1.9, 0.7, [Priority.MEDIUM]),  # the others are hardly warm
        (3.9, 1.8, [Priority.MEDIUM]),  # one is twice as warm as they
        (4.2, 3.0, [Priority.CRITICAL]),
    ],
)
def test_of_four_that_are_warm_alike_only_what_stands_out_or_is_critical_is_told(
    most_k: float, others_k: float, expected: list[Priority]
) -> None:
    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        if at_h >= ONSET_H:
            heat[[2, 7, 12, 17], 0] += (most_k, others_k, others_k, others_k)

    events = told("heat_peer", StillRack(TWENTY), ONSET_H + 0.5, happens)

    assert [e.priority for e in events if str(e.key.component) == "s1/m03"] == expected


@pytest.mark.parametrize(
    ("sensor_c", "rises_k", "is_rising"),
    [(24.3, 0.28, False), (24.3, 0.35, True), (COARSE_C, 1.0, False), (COARSE_C, 2.0, True)],
)
def test_a_module_is_said_to_rise_by_more_than_noise_and_rounding(
    sensor_c: float, rises_k: float, *, is_rising: bool
) -> None:
    def by_k(since_h: float) -> float:
        share = min(1.0, max(0.0, 60 * since_h - 10) / 8)  # from ten minutes on, told after 20
        return 4.0 + (rises_k * share if sensor_c == 24.3 else np.floor(rises_k * share))

    (event, *_) = told(
        "heat_peer", StillRack(sensor_c=sensor_c), ONSET_H + 0.5, warm(by_k), on_delay_s=1200.0
    )

    assert ("rising for" in event.why) == is_rising


# ------------------------------------------------------------------------------- heat_rise


@pytest.mark.parametrize(
    ("k_per_min", "expected"),
    [
        (0.45, []),
        (0.55, [Priority.MEDIUM]),
        (4.8, [Priority.MEDIUM]),
        (5.2, [Priority.MEDIUM, Priority.CRITICAL]),
    ],
)
def test_half_a_kelvin_a_minute_is_told_and_ten_times_as_much_is_critical(
    k_per_min: float, expected: list[Priority]
) -> None:
    happens = warm(rising(k_per_min, until_h=0.2), from_h=0.5)

    assert priorities("heat_rise", happens, 0.7) == expected


def test_a_rise_is_told_after_three_minutes_in_which_five_minutes_rose_as_fast() -> None:
    (at_h,) = raised_h(told("heat_rise", StillRack(), 1.0, warm(rising(0.54), from_h=0.5)))

    assert (at_h - 0.5) / MINUTE_H == pytest.approx(8.0, abs=0.1)


@pytest.mark.parametrize(
    ("sensor_c", "window_min", "k_per_min", "is_beyond"),
    [
        (24.3, 2, 0.55, False),  # 1.1 K in two minutes
        (24.3, 2, 0.65, True),
        (COARSE_C, 3, 2 / 3, False),  # two steps of a sensor may be rounding
        (COARSE_C, 3, 1.0, True),
    ],
)
def test_a_short_rise_has_to_be_more_than_noise_and_rounding(
    sensor_c: float, window_min: int, k_per_min: float, *, is_beyond: bool
) -> None:
    rack = StillRack(sensor_c=sensor_c)

    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        by_k = rising(k_per_min)(max(0.0, at_h - 0.5)) + 1e-6
        heat[WARM] += np.floor(by_k) if sensor_c == COARSE_C else by_k

    # Short of a window of five minutes, so that steps of a sensor show as one rise.
    events = told("heat_rise", rack, 0.7, happens, window_min=window_min, on_delay_s=60.0)

    assert bool(raised_h(events)) == is_beyond


@pytest.mark.parametrize(("window_min", "is_kept"), [(11, True), (12, False)])
def test_a_slope_is_taken_over_eleven_minutes_at_most(window_min: int, *, is_kept: bool) -> None:
    happens = warm(rising(0.6), from_h=0.5)

    if is_kept:
        assert raised_h(told("heat_rise", StillRack(), 1.2, happens, window_min=window_min))
    else:
        with pytest.raises(ConfigError, match="window_min"):
            told("heat_rise", StillRack(), 1.2, happens, window_min=window_min)


@pytest.mark.parametrize(
    ("rate", "after_min", "k_per_min", "is_beyond"),
    [
        (-0.6, 5, 0.9, False),  # a load warms modules unevenly, and they cool so
        (-0.6, 5, 1.1, True),
        (-0.6, 25, 0.9, False),
        (-0.6, 35, 0.9, True),
        (-0.45, 5, 0.9, True),  # a load that heats nothing
        (0.6, 5, 0.9, True),
    ],
)
def test_after_a_discharge_a_rise_has_to_be_twice_as_steep_for_half_an_hour(
    rate: float, after_min: float, k_per_min: float, *, is_beyond: bool
) -> None:
    rack = StillRack(rate_c=lambda at_h: rate * (0.3 <= at_h < 0.4))
    happens = warm(rising(k_per_min, until_h=9.5 * MINUTE_H), from_h=0.4 + (after_min - 10) / 60)

    events = told("heat_rise", rack, 0.4 + (after_min + 1) / 60, happens)

    assert bool(raised_h(events)) == is_beyond


@pytest.mark.parametrize(("left_k_per_min", "is_over"), [(0.28, False), (0.22, True)])
def test_a_module_heats_no_more_below_half_of_the_slope(
    left_k_per_min: float, *, is_over: bool
) -> None:
    def by_k(since_h: float) -> float:
        minutes = 60 * since_h
        return 0.6 * min(minutes, 15) + left_k_per_min * max(0.0, minutes - 15)

    events = told("heat_rise", StillRack(), 1.3, warm(by_k, from_h=0.5))

    assert bool(over_h(events)) == is_over


def test_modules_that_heat_alike_are_no_modules_of_their_own() -> None:
    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        heat[[2, 7, 12, 17]] += rising(0.6)(max(0.0, at_h - 0.5))

    assert told("heat_rise", StillRack(TWENTY), 1.0, happens) == []


# ------------------------------------------------------------------------------- heat_drift


@pytest.mark.parametrize(
    ("sensor_c", "rack_k", "by_k", "after_h"),
    [
        (24.3, 0.0, 1.45, 2.0),  # 1.0 K beyond its slack: 2.0 K·h
        (24.3, 0.0, 1.05, 2.0 / 0.6),
        (24.3, 0.8, 1.45, 2.0),  # so much swing is usual
        (24.3, 2.8, 1.95, 3.0 + 0.5 / 1.5),  # for three hours a slack of 1.45 K
        (24.5, 0.0, 1.5, 2.0 / 1.05),  # half degrees are fine enough
        (COARSE_C, 0.0, 2.0, 2.5 / 1.2),
    ],
)
def test_what_is_beyond_the_slack_adds_up_to_an_alarm(
    sensor_c: float, rack_k: float, by_k: float, after_h: float
) -> None:
    rack = StillRack(poll_s=120.0, sensor_c=sensor_c)

    (at_h,) = raised_h(told("heat_drift", rack, ONSET_H + 4.0, warm(by_k, rack_k=rack_k)))

    assert at_h - ONSET_H == pytest.approx(after_h, abs=0.1)


def test_what_is_within_the_slack_never_adds_up() -> None:
    rack = StillRack(poll_s=300.0)

    assert raised_h(told("heat_drift", rack, ONSET_H + 48.0, warm(0.4))) == []


def test_nothing_adds_up_under_load_nor_for_two_hours_after_it() -> None:
    rack = StillRack(poll_s=120.0, rate_c=lambda at_h: -0.15 * (ONSET_H <= at_h < ONSET_H + 0.5))

    (at_h,) = raised_h(told("heat_drift", rack, ONSET_H + 6.0, warm(1.45)))

    assert at_h - ONSET_H == pytest.approx(0.5 + 2.0 + 2.0, abs=0.1)


@pytest.mark.parametrize(
    ("left_k", "after_h"),
    [
        (0.0, 3.0 / 1.8),  # from 4 K·h to 1: what is over counts four times
        (0.2, 3.0 / 1.0),
        (0.25, None),  # more than half of the slack: 0.2 K·h an hour
    ],
)
def test_a_sum_comes_down_once_the_heat_is_gone(left_k: float, after_h: float | None) -> None:
    happens = warm(lambda since_h: 1.45 if since_h < 5.0 else left_k)

    ended_h = over_h(told("heat_drift", StillRack(poll_s=120.0), ONSET_H + 9.2, happens))

    off_delay_h = 1 / 6
    assert [at_h - ONSET_H - 5.0 - off_delay_h for at_h in ended_h] == (
        [] if after_h is None else [pytest.approx(after_h, abs=0.1)]
    )


def test_a_sum_that_is_no_alarm_outlasts_a_pause_in_the_heat() -> None:
    happens = warm(lambda since_h: 0.0 if 1.0 <= since_h < 2.0 else 1.45)

    (at_h,) = raised_h(told("heat_drift", StillRack(poll_s=120.0), ONSET_H + 5.0, happens))

    # 1 K·h, then an hour at 0.45 K below the slack, then the rest.
    assert at_h - ONSET_H == pytest.approx(2.0 + 1.45, abs=0.1)


def test_of_four_that_drift_alike_none_is_told() -> None:
    assert told("heat_drift", StillRack(TWENTY), ONSET_H + 4.0, four_warm(1.45)) == []


# ------------------------------------------------------------------------------- heat_pattern


def four_warm(by_k: float | Course, *, rack_k: float = 0.0) -> Happens:
    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        if at_h >= ONSET_H:
            heat += rack_k
            heat[[2, 7, 12, 17]] += by_k(at_h - ONSET_H) if callable(by_k) else by_k

    return happens


@pytest.mark.parametrize(
    ("sensor_c", "rack_k", "by_k", "is_beyond"),
    [
        (24.3, 0.0, 1.4, False),
        (24.3, 0.0, 1.6, True),
        (24.3, 0.0, -1.6, True),
        (24.3, 0.5, 1.6, True),
        (24.3, 2.5, 2.4, False),
        (24.3, 2.5, 2.6, True),
        (COARSE_C, 0.0, 2.0, False),
        (COARSE_C, 0.0, 3.0, True),
    ],
)
def test_four_modules_are_a_pattern_from_the_limit_of_one_on(
    sensor_c: float, rack_k: float, by_k: float, *, is_beyond: bool
) -> None:
    rack = StillRack(TWENTY, sensor_c=sensor_c)

    assert is_told("heat_pattern", rack, four_warm(by_k, rack_k=rack_k)) == is_beyond


def test_a_pattern_is_told_after_ten_minutes() -> None:
    (at_h,) = raised_h(told("heat_pattern", StillRack(TWENTY), ONSET_H + 0.5, four_warm(2.0)))

    assert (at_h - ONSET_H) / MINUTE_H == pytest.approx(10.0, abs=0.1)


@pytest.mark.parametrize(("left_k", "is_over"), [(1.0, False), (0.8, True)])
def test_a_pattern_is_over_below_six_tenths_of_its_limit(left_k: float, *, is_over: bool) -> None:
    happens = four_warm(lambda since_h: 2.0 if since_h < 1.0 else left_k)

    events = told("heat_pattern", StillRack(TWENTY), ONSET_H + 2.0, happens)

    assert bool(over_h(events)) == is_over
    assert all(at_h == pytest.approx(ONSET_H + 1.5, abs=0.02) for at_h in over_h(events))


# ------------------------------------------------------------------------------- sensor_cold


@pytest.mark.parametrize(
    ("sensor_c", "rack_k", "below_k", "is_beyond"),
    [
        (24.3, 0.0, 2.4, False),
        (24.3, 0.0, 2.6, True),
        (24.3, 2.0, 3.4, False),  # half of all swing is allowed for
        (24.3, 2.0, 3.6, True),
        (COARSE_C, 0.0, 3.0, False),
        (COARSE_C, 0.0, 4.0, True),
    ],
)
def test_a_sensor_is_cold_by_more_than_a_module_is_warm(
    sensor_c: float, rack_k: float, below_k: float, *, is_beyond: bool
) -> None:
    rack = StillRack(sensor_c=sensor_c)

    assert is_told("sensor_cold", rack, warm(-below_k, rack_k=rack_k)) == is_beyond


@pytest.mark.parametrize(("below_k", "is_beyond"), [(5.9, False), (6.1, True)])
def test_before_its_normal_is_known_a_sensor_is_cold_far_below_its_peers(
    below_k: float, *, is_beyond: bool
) -> None:
    assert bool(told("sensor_cold", StillRack(), 1.5, warm(-below_k, from_h=0.5))) == is_beyond


@pytest.mark.parametrize(("left_k", "is_over"), [(1.6, False), (1.4, True)])
def test_a_cold_sensor_is_told_after_a_quarter_of_an_hour_until_it_is_back(
    left_k: float, *, is_over: bool
) -> None:
    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        heat[WARM, 0] -= 0.0 if at_h < ONSET_H else 3.0 if at_h < ONSET_H + 1 else left_k

    events = told("sensor_cold", StillRack(), ONSET_H + 2.0, happens)

    assert raised_h(events) == [pytest.approx(ONSET_H + 0.25, abs=0.01)]
    assert bool(over_h(events)) == is_over


def test_of_four_that_are_cold_alike_none_is_told() -> None:
    assert told("sensor_cold", StillRack(TWENTY), ONSET_H + 1.0, four_warm(-3.0)) == []
