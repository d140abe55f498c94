"""What of a rack's temperatures becomes normal: how soon, how fast, and what never does."""

import numpy as np
import pytest

from batteryd.domain.quality import Quality
from batteryd.rules.heat_seen import HeatSeen, interquartile_mean
from batteryd.rules.rack import racks_of
from tests.racks import layout_of
from tests.still_racks import LEARNED_H, Happens, StillRack, learned, learned_of, raised_h, told

SLOW_S = 300.0  # between polls, where days are looked at
DAY_H = 24.0
WARM = 2  # the module that a test is about, from 0


def warm(by_k: float, *, from_h: float = LEARNED_H + 0.5) -> Happens:
    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        heat[WARM] += by_k * (at_h >= from_h)

    return happens


def known_min(rack: StillRack, hours: float, happens: Happens | None = None) -> float:
    """Return for how many minutes a sensor was learned from."""
    return float(learned("heat_peer", rack, hours, happens)["heat.calm_s"][0]) / 60


# ------------------------------------------------------------------------------- when


@pytest.mark.parametrize(("hours", "minutes"), [(1.9, 0), (2.5, 30), (2.9, 54), (4.0, 60)])
def test_sensors_are_learned_from_after_two_hours_without_load_and_for_one(
    hours: float, minutes: float
) -> None:
    assert known_min(StillRack(), hours) == pytest.approx(minutes, abs=1.5)


def test_a_load_in_between_makes_learning_wait_for_two_hours_more() -> None:
    rack = StillRack(rate_c=lambda at_h: 0.2 * (1.0 <= at_h < 1.1))

    assert known_min(rack, 3.0) == 0
    assert known_min(rack, 3.6) == pytest.approx(30, abs=1.5)


def test_what_warmed_before_its_normal_is_known_is_told_as_soon_as_it_is() -> None:
    events = told("heat_peer", StillRack(), 3.5, warm(2.5, from_h=2.9))

    assert raised_h(events) == [pytest.approx(LEARNED_H + 0.05, abs=0.04)]


@pytest.mark.parametrize(("moved_k", "is_calm"), [(1.1, True), (1.3, False), (-1.3, False)])
def test_air_is_calm_where_the_rack_has_moved_by_little_in_an_hour(
    moved_k: float, *, is_calm: bool
) -> None:
    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        heat += moved_k * (at_h >= 2.5)

    assert known_min(StillRack(), 3.0, happens) == pytest.approx(60 if is_calm else 31, abs=2)
    assert known_min(StillRack(), 3.6, happens) == pytest.approx(60 if is_calm else 41, abs=4)


@pytest.mark.parametrize(("higher", "is_calm"), [(7, True), (9, False)])
def test_air_seems_less_calm_to_sensors_of_whole_degrees(higher: int, *, is_calm: bool) -> None:
    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        if at_h >= 2.5:  # by 1.4 K and by 1.6 K on the mean of the middle half
            heat += 1.0
            heat.flat[:higher] += 1.0

    minutes = known_min(StillRack(sensor_c=24.0), 3.0, happens)

    assert minutes == pytest.approx(60 if is_calm else 31, abs=2)


def test_after_gaps_air_is_calm_once_half_an_hour_of_it_was_seen() -> None:
    rack = StillRack()
    first_s = next(rack.polls(0.1)).observed_at_s
    seen_min = (*range(11), *range(65, 68), *range(125, 181))
    polls = (p for p in rack.polls(3.0) if (p.observed_at_s - first_s) / 60 in seen_min)

    known_s = learned_of("heat_peer", rack, polls)["heat.calm_s"][0]

    # Since minute 120 there was no load for two hours; since minute 151 the air is known.
    assert known_s / 60 == pytest.approx(30, abs=2)


def test_a_sensor_is_learned_from_while_it_can_be_read() -> None:
    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        if 2.2 <= at_h < 2.5:
            heat[0, 0] = np.nan

    kept = learned("heat_peer", StillRack(), 3.1, happens)

    assert (kept["heat.calm_s"] / 60).tolist() == pytest.approx([48, *[60] * 15], abs=1.5)
    assert kept["heat.offset"].tolist() == pytest.approx([0.0] * 16)


# ------------------------------------------------------------------------------- how fast


@pytest.mark.parametrize(
    ("by_k", "offset_k"),
    [
        (0.2, 0.2 * -np.expm1(-0.5)),  # two days are what it takes
        (0.9, 0.3),  # and no more than so much a day
        (-0.9, -0.3),
        (1.1, 0.0),  # a fault must not become normal
        (-1.1, 0.0),
    ],
)
def test_a_normal_follows_slowly_what_is_near_it_and_nothing_else(
    by_k: float, offset_k: float
) -> None:
    rack = StillRack(poll_s=SLOW_S)

    after = learned("heat_room", rack, 3.5 + DAY_H, warm(by_k))["heat.offset"]

    assert after[2 * WARM] == pytest.approx(offset_k, abs=0.01)


@pytest.mark.parametrize(("by_k", "is_followed"), [(1.4, True), (1.6, False)])
def test_sensors_of_whole_degrees_are_followed_a_little_farther(
    by_k: float, *, is_followed: bool
) -> None:
    rack = StillRack(sensor_c=24.0)

    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        if at_h >= 3.5:  # one sensor stands between two of its steps
            heat[WARM, 0] += by_k

    after = learned("heat_room", rack, 9.5, happens)["heat.offset"]

    assert (after[2 * WARM] > 0.05) == is_followed


def test_of_a_sensor_that_an_alarm_is_about_nothing_is_learned() -> None:
    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        heat[WARM, 0] -= 0.9 * (at_h >= 3.5)

    rack = StillRack(poll_s=SLOW_S)

    assert raised_h(told("sensor_cold", rack, 6.0, happens, below_k=0.8))
    after = learned("sensor_cold", rack, 3.5 + DAY_H, happens, below_k=0.8)["heat.offset"]
    assert after[2 * WARM] == pytest.approx(0.0, abs=0.01)


# ------------------------------------------------------------------------------- what is seen


@pytest.mark.parametrize(
    ("read_c", "common_c"),
    [
        ((24.0, 24.2, 24.4), np.nan),  # fewer than four have no middle
        ((24.0, 24.2, 24.4, 24.6), 24.3),
        ((24.0, 24.2, 24.4, 24.6, 24.6, 90.0, 90.0), 24.6),  # of seven the one in the middle
        ((24.0, 24.0, 24.2, 24.4, 24.6, 24.8, 90.0, 90.0), 24.5),  # of eight the middle half
    ],
)
def test_the_common_mode_is_that_of_the_middle_half(
    read_c: tuple[float, ...], common_c: float
) -> None:
    assert interquartile_mean(np.array(read_c)) == pytest.approx(common_c, nan_ok=True)


def heat_of(shape: tuple[int, int, int] = (8, 2, 0)) -> HeatSeen:
    (rack,) = racks_of(StillRack().asset, layout_of(shape))
    return HeatSeen(rack)


def shown(heat: HeatSeen, *polls_c: np.ndarray, poll_s: float = 60.0) -> list[bool]:
    """Show some polls; return which of them closed a minute."""
    good = np.full(polls_c[0].size, Quality.GOOD, dtype=np.uint8)
    return [
        heat.take(read.ravel(), good, at_s=number * poll_s, dt_s=poll_s * (number > 0))
        for number, read in enumerate(polls_c)
    ]


@pytest.mark.parametrize(
    ("poll_s", "polls"), [(5.0, 12), (10.0, 6), (20.0, 3), (25.0, 2), (45.0, 1), (300.0, 1)]
)
def test_a_minute_closes_with_the_poll_that_is_nearest_to_it(poll_s: float, polls: int) -> None:
    even = [np.full(16, 24.3)] * (3 * polls + 1)

    closed = shown(heat_of(), *even, poll_s=poll_s)

    assert [number for number, is_closed in enumerate(closed) if is_closed] == [
        polls, 2 * polls, 3 * polls,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("reads_c", "is_believed"),
    [
        ((24.3, 32.2), True),
        ((24.3, 32.4), False),  # farther than a module warms in a poll
        ((-24.5, -24.5, -24.5), True),
        ((-25.5, -25.5, -25.5), False),
        ((109.5, 109.5, 109.5), True),
        ((110.5, 110.5, 110.5), False),  # what no thermistor reads
    ],
)
def test_a_sensor_is_believed_within_its_range_and_its_pace(
    reads_c: tuple[float, ...], *, is_believed: bool
) -> None:
    heat, polls = heat_of(), []
    for read_c in (24.3, *reads_c):
        polls.append(np.full(16, 24.3))
        polls[-1][4] = read_c

    shown(heat, *polls)

    assert np.isfinite(heat.mean[4]) == is_believed


@pytest.mark.parametrize(
    ("sensor_c", "apart_k", "left_k"), [(24.3, 0.9, 0.9), (24.3, 6.0, 1.0), (24.3, -6.0, -1.0)]
)
def test_what_all_sensors_of_a_place_part_by_beyond_a_kelvin_is_taken_off(
    sensor_c: float, apart_k: float, left_k: float
) -> None:
    heat, at_busbars = heat_of((12, 5, 0)), np.full((12, 5), sensor_c)
    at_busbars[:, 1] += apart_k  # a fifth of all: they do not move the common mode

    shown(heat, at_busbars, at_busbars)

    assert heat.residual.reshape(12, 5)[3].tolist() == pytest.approx([0, left_k, 0, 0, 0])


@pytest.mark.parametrize(("sensor_c", "quantum_k"), [(24.0, 1.0), (24.5, 0.5), (24.3, 0.1)])
def test_an_alarm_says_which_steps_its_sensors_have(sensor_c: float, quantum_k: float) -> None:
    (event,) = told("heat_peer", StillRack(sensor_c=sensor_c), LEARNED_H + 1.0, warm(3.0))

    assert event.evidence["quantum_k"] == quantum_k


@pytest.mark.parametrize("poll_s", [59.9, 60.0, 60.1, 120.0, 240.0, 300.0, 420.0])
def test_a_swing_is_what_the_rack_moved_by_in_three_hours_at_any_pace_of_polls(
    poll_s: float,
) -> None:
    heat = heat_of()
    at_h = np.arange(0, 6, poll_s / 3600)
    swings = []
    for number, hour in enumerate(at_h):
        read = np.full(16, 24.3 + 4.5 * (hour >= 2.0))
        good, dt_s = np.zeros(16, np.uint8), poll_s * (number > 0)
        heat.take(read, good, at_s=poll_s * number, dt_s=dt_s)
        swings.append(heat.swing_k)

    moved_h = at_h[np.array(swings) > 4.4]
    assert moved_h[0] == pytest.approx(2.0, abs=0.2)
    assert moved_h[-1] == pytest.approx(5.0, abs=0.2)
    assert swings[-1] == pytest.approx(0.0)
