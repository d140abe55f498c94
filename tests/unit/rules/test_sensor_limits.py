"""From where on a sensor is told as wild, missing or frozen: on racks without any noise."""

import numpy as np
import pytest

from tests.rulebooks import alarms_of
from tests.still_racks import Happens, StillRack, engine_of, over_h, raised_h, told

MINUTE_H = 1 / 60
SENSOR = (2, 1)


# ------------------------------------------------------------------------------- sensor_invalid


def wild(*minutes: int) -> Happens:
    """Read a hundred degrees at some minutes."""

    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        if round(60 * at_h) in minutes:
            heat[SENSOR] = 100.0

    return happens


def missing(share: float, *, of_all: bool = False) -> Happens:
    """Lose so many of a hundred readings, evenly."""

    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        if np.floor(60 * at_h * share + 1e-6) != np.floor((60 * at_h + 1) * share + 1e-6):
            heat[SENSOR] = np.nan
            if of_all:
                heat[:] = np.nan

    return happens


@pytest.mark.parametrize(("count", "is_beyond"), [(4, False), (5, True)])
def test_more_than_four_wild_readings_of_about_six_hours_are_told(
    count: int, *, is_beyond: bool
) -> None:
    events = told("sensor_invalid", StillRack(), 1.0, wild(*range(10, 10 + 2 * count, 2)))

    assert [str(e.key.component) for e in events] == (["s1/m03/t2"] if is_beyond else [])


@pytest.mark.parametrize(("count", "is_beyond"), [(1, False), (2, True)])
def test_of_many_readings_four_in_a_thousand_are_told(count: int, *, is_beyond: bool) -> None:
    happens = wild(*range(470, 470 + 2 * count, 2))

    # About 265 readings of the last six hours count: more than one.
    events = told("sensor_invalid", StillRack(), 8.0, happens, wrong_count=0.5)

    assert bool(raised_h(events)) == is_beyond


@pytest.mark.parametrize(("share", "is_beyond"), [(0.19, False), (0.22, True)])
def test_a_sensor_that_is_not_read_one_time_in_five_is_told(
    share: float, *, is_beyond: bool
) -> None:
    events = told("sensor_invalid", StillRack(), 9.0, missing(share), missing_s=600.0)

    assert bool(raised_h(events)) == is_beyond


def test_a_sensor_that_is_never_read_is_told_after_fifty_minutes() -> None:
    (at_h,) = raised_h(told("sensor_invalid", StillRack(), 2.0, missing(1.0)))

    assert at_h / MINUTE_H == pytest.approx(53, abs=3)  # a reading of an hour ago counts less


def test_what_most_sensors_do_not_say_is_told_of_one() -> None:
    (event,) = told("sensor_invalid", StillRack(), 2.0, missing(1.0, of_all=True))

    assert str(event.key.component) == "s1/m01/t1"
    assert event.why.endswith("as 15 other sensors of this rack")


def test_a_sensor_is_in_order_after_two_hours_without_a_wild_reading() -> None:
    events = told("sensor_invalid", StillRack(), 4.0, wild(*range(10, 30, 2)))

    assert over_h(events) == [pytest.approx(28 * MINUTE_H + 2.0 + 10 * MINUTE_H, abs=0.03)]


def test_a_sensor_that_is_wild_now_and_then_is_in_order_at_half_of_the_limit() -> None:
    rack = StillRack(poll_s=300.0)
    often, now_and_then = range(10, 90, 10), range(120, 1600, 115)

    (at_h,) = over_h(
        told("sensor_invalid", rack, 26.0, wild(*often, *now_and_then), wrong_count=6.0)
    )

    # Eight of these count 7.3 by then, and fade with six hours; what is added keeps them above 3.
    assert at_h == pytest.approx(18.0, abs=2.5)


def test_a_sensor_whose_counts_were_lost_is_in_order_once_they_could_have_come_back() -> None:
    rack = StillRack()
    before = told("sensor_invalid", rack, 1.0, wild(*range(10, 30, 2)))
    engine = engine_of("sensor_invalid", rack)
    engine.restore(alarms_of(before), now_s=before[-1].at_s)
    polls = rack.polls(6.0, wild(100, 200, 300))

    after = [e for p in polls for e in engine.evaluate(p, p.observed_at_s)]

    # 10,000 s of polls, of which those of hours ago count less, and ten minutes.
    assert over_h(after) == [pytest.approx(-6 * np.log(1 - 10 / 21.6) + 1 / 6, abs=0.1)]


# ------------------------------------------------------------------------------- sensor_stuck


def frozen(
    moved_k: float,
    *,
    from_h: float = 0.8,
    moved_h: float = 1.2,
    sensors: int = 1,
    step_k: float = 0.1,
) -> Happens:
    """Freeze some sensors, which blinked together; let the others blink in turn, all move."""

    def happens(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        readings, minute = heat.reshape(-1), round(60 * at_h)
        blinking = sensors + minute % (len(readings) - sensors)
        readings[sensors:] += moved_k * (at_h >= moved_h)
        readings[blinking] += step_k
        readings[:sensors] += step_k * (at_h < from_h and minute % 2)

    return happens


@pytest.mark.parametrize(
    ("sensor_c", "moved_k", "is_beyond"),
    [
        (24.3, 1.4, False),
        (24.3, 1.6, True),
        (24.3, -1.6, True),
        (24.0, 2.0, False),  # two steps of the sensor
        (24.0, 3.0, True),
    ],
)
def test_a_sensor_is_frozen_where_the_rack_moved_and_it_did_not(
    sensor_c: float, moved_k: float, *, is_beyond: bool
) -> None:
    rack = StillRack(sensor_c=sensor_c)
    happens = frozen(moved_k, step_k=1.0 if sensor_c == 24.0 else 0.1)

    events = told("sensor_stuck", rack, 2.0, happens)

    assert [str(e.key.component) for e in events] == (["s1/m01/t1"] if is_beyond else [])


def test_a_sensor_is_frozen_after_half_an_hour_without_a_change() -> None:
    events = told("sensor_stuck", StillRack(), 2.0, frozen(3.0, moved_h=1.0))

    assert raised_h(events) == [pytest.approx(0.8 + 0.5, abs=0.02)]


@pytest.mark.parametrize(("sensors", "is_beyond"), [(4, True), (5, False)])
def test_where_more_than_a_quarter_stand_still_they_are_right(
    sensors: int, *, is_beyond: bool
) -> None:
    events = told("sensor_stuck", StillRack(), 2.0, frozen(3.0, sensors=sensors))

    assert len(raised_h(events)) == (sensors if is_beyond else 0)
