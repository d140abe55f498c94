"""Usage: what can be said of hot hours, cycles and health from roll-ups, and no more."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.domain.component import parse_component
from batteryd.domain.conditions import Counter, Heat, Reported, Usage
from batteryd.domain.snapshot import Layout, Snapshot, parse_column
from batteryd.store.journal import Journal
from batteryd.store.rollup import Rollup
from batteryd.store.usage import usage_of
from tests.builders import NOON_S
from tests.journals import open_journal

POLL_S = 10.0
HOUR_S = 3600
LIMIT_C = 35.0

RACK = Layout.of(
    parse_column(c)
    for c in (
        "-:cycle_count",
        "-:energy_throughput_kwh",
        "-:soh_pct",
        "s1/m01/t1:temperature_c",
        "s1/m02/t1:temperature_c",
    )
)


def poll(
    at_s: float,
    *temperatures_c: float,
    cycles: float = 120.0,
    energy_kwh: float = 900.0,
    soh_pct: float = 96.0,
) -> Snapshot:
    values = np.array([cycles, energy_kwh, soh_pct, *(temperatures_c or (24.0, 24.5))])
    return Snapshot("rack-1", NOON_S + at_s, RACK, values, np.zeros(len(RACK), np.uint8))


def polls(from_s: float, to_s: float, *temperatures_c: float) -> list[Snapshot]:
    return [poll(float(at_s), *temperatures_c) for at_s in np.arange(from_s, to_s, POLL_S)]


def usage(
    journal: Journal,
    snapshots: Iterable[Snapshot],
    *,
    hours: int = 2,
    limit_c: float | None = LIMIT_C,
) -> Usage:
    journal.append(list(snapshots))
    while Rollup(journal).step():
        pass
    return read(journal, 0, hours, limit_c=limit_c)


def read(journal: Journal, hour: int, to_hour: int, *, limit_c: float | None = LIMIT_C) -> Usage:
    return usage_of(
        journal,
        "rack-1",
        from_s=NOON_S + hour * HOUR_S,
        to_s=NOON_S + to_hour * HOUR_S,
        temperature_c_max=limit_c,
        poll_interval_s=POLL_S,
    )


def heat_of(found: Usage) -> Heat:
    assert found.heat is not None
    return found.heat


def forget_minutes(journal: Journal) -> None:
    with journal.file.write() as db:
        db.execute("DELETE FROM rollup_minute")


def test_a_cool_day_is_observed_and_has_no_hot_hour(journal: Journal) -> None:
    heat = heat_of(usage(journal, polls(0, 2 * HOUR_S)))

    assert (heat.above_s_min, heat.above_s_max, heat.hours_touched) == (0, 0, 0)
    assert heat.observed_s == 2 * HOUR_S
    assert heat.peak is None


def test_twenty_hot_minutes_are_counted_minute_by_minute(journal: Journal) -> None:
    hot = polls(600, 1800, 24.0, 41.5)

    heat = heat_of(usage(journal, [*polls(0, 600), *hot, *polls(1800, 2 * HOUR_S)]))

    assert heat.above_s_min == heat.above_s_max == 1200
    assert (heat.hours_touched, heat.hours_by_minute) == (1, 1)
    assert heat.first_at_s == heat.last_at_s == NOON_S
    assert heat.peak is not None
    assert (heat.peak.component, heat.peak.temperature_c) == (parse_component("s1/m02/t1"), 41.5)
    assert heat.peak.at_s == NOON_S + 600


def test_without_its_minutes_an_hour_gives_a_lower_and_an_upper_bound(journal: Journal) -> None:
    usage(journal, [*polls(0, 1200, 24.0, 41.0), *polls(1200, HOUR_S, 24.0, 25.0)])
    forget_minutes(journal)

    heat = heat_of(read(journal, 0, 1))

    # The mean of the second sensor is 30.33 °C, below the limit: perhaps never above it but for a
    # moment, or (30.33 - 25) / (35 - 25) of the hour.
    assert heat.above_s_min == 0
    assert heat.above_s_max == pytest.approx(HOUR_S * 16 / 30, rel=1e-4)
    assert (heat.hours_touched, heat.hours_by_minute) == (1, 0)
    assert heat.peak is not None
    assert heat.peak.period_s == HOUR_S


def test_an_hour_of_which_some_minutes_are_forgotten_is_not_read_by_the_rest(
    journal: Journal,
) -> None:
    usage(journal, polls(0, HOUR_S, 24.0, 41.0))
    with journal.file.write() as db:
        db.execute("DELETE FROM rollup_minute WHERE start_s < ?", (NOON_S + 600,))

    heat = heat_of(read(journal, 0, 1))

    assert heat.hours_by_minute == 0
    assert heat.above_s_min == HOUR_S


def test_a_single_wrong_read_can_be_hot_for_a_moment_only(journal: Journal) -> None:
    snapshots = polls(0, HOUR_S)
    snapshots[30] = poll(300, 24.0, 100.0)

    heat = heat_of(usage(journal, snapshots, hours=1))

    assert 0 < heat.above_s_min < POLL_S
    assert heat.above_s_max <= 60


def test_silence_is_not_observed(journal: Journal) -> None:
    found = usage(journal, [*polls(0, 1800), *polls(HOUR_S, 2 * HOUR_S)])

    # Every poll stands for one and a half intervals at most, of an hour of half of the polls.
    assert heat_of(found).observed_s == 180 * 15 + HOUR_S
    assert found.answered_s == 180 * 15 + HOUR_S


def test_a_sensor_that_says_nothing_does_not_make_the_time_observed(journal: Journal) -> None:
    found = usage(journal, polls(0, HOUR_S, np.nan, np.nan), hours=1)

    assert found.answered_s == HOUR_S
    assert heat_of(found) == Heat(LIMIT_C)


def test_sensors_that_are_hot_one_after_the_other_add_up(journal: Journal) -> None:
    first, second = polls(0, 900, 41.0, 24.0), polls(900, 1800, 24.0, 41.0)

    heat = heat_of(usage(journal, [*first, *second, *polls(1800, HOUR_S)], hours=1))

    assert heat.above_s_min == heat.above_s_max == 1800


def test_the_bms_s_own_highest_temperature_is_the_battery_and_a_sensor_says_where(
    journal: Journal,
) -> None:
    layout = Layout.of(
        parse_column(c)
        for c in (
            "-:module_temperature_c_max", "s1/m01/t1:temperature_c", "s1/m02/t1:temperature_c",
        )
    )  # fmt: skip
    journal.append([
        Snapshot("rack-1", NOON_S + at_s, layout, np.array([hottest, *both]), np.zeros(3, np.uint8))
        for at_s, hottest, both in ((0, 41.0, (41.0, 25.0)), (10, 41.5, (25.0, 41.5)))
    ])  # fmt: skip
    while Rollup(journal).step():
        pass

    heat = heat_of(read(journal, 0, 1))

    assert heat.above_s_min == heat.above_s_max == 30
    assert heat.peak is not None
    assert str(heat.peak.component) == "s1/m02/t1"


@pytest.mark.parametrize(
    ("text", "counts"),
    [("-:temperature_c", True), ("s1/m01/t1:temperature_c", True), ("-:soc_pct", False)],
)
def test_what_counts_as_a_thermometer(journal: Journal, text: str, counts: bool) -> None:
    layout = Layout.of([parse_column(text)])
    journal.append([Snapshot("rack-1", NOON_S, layout, np.array([60.0]), np.zeros(1, np.uint8))])
    while Rollup(journal).step():
        pass

    assert (heat_of(read(journal, 0, 1)).above_s_min > 0) is counts


def test_a_card_s_temperature_does_not_count_beside_sensors(journal: Journal) -> None:
    layout = Layout.of(map(parse_column, ("-:temperature_c", "s1/m01/t1:temperature_c")))
    values = np.array([60.0, 24.0])
    journal.append([Snapshot("rack-1", NOON_S, layout, values, np.zeros(2, np.uint8))])
    while Rollup(journal).step():
        pass

    assert heat_of(read(journal, 0, 1)).above_s_max == 0


def test_counters_are_repeated_as_the_bms_reports_them(journal: Journal) -> None:
    found = usage(
        journal,
        [
            poll(0, cycles=118, energy_kwh=880.5),
            poll(HOUR_S, cycles=120, energy_kwh=902, soh_pct=95),
        ],
    )

    assert found.cycle_count == Counter(
        Reported(118, NOON_S), Reported(120, NOON_S + HOUR_S), Reported(120, NOON_S + HOUR_S)
    )
    assert found.energy_throughput_kwh is not None
    assert found.energy_throughput_kwh.last == Reported(902, NOON_S + HOUR_S)
    assert found.soh_pct is not None
    assert found.soh_pct.last.value == 95


def test_a_counter_of_one_wrong_read_is_not_believed(journal: Journal) -> None:
    snapshots = polls(0, HOUR_S)
    snapshots[7] = poll(70, cycles=65535)

    found = usage(journal, snapshots, hours=1)

    assert found.cycle_count is not None
    assert found.cycle_count.highest.value == 120
    assert not found.cycle_count.fell


def test_a_counter_that_fell_is_known_by_its_highest(journal: Journal) -> None:
    found = usage(journal, [poll(0, cycles=812), poll(HOUR_S, cycles=3)])

    assert found.cycle_count is not None
    assert found.cycle_count.fell
    assert found.cycle_count.highest == Reported(812, NOON_S)


def test_a_counter_that_was_never_good_is_unknown(journal: Journal) -> None:
    assert usage(journal, [poll(0, cycles=np.nan)], hours=1).cycle_count is None


def test_strings_that_report_alone_make_the_battery(journal: Journal) -> None:
    layout = Layout.of(
        parse_column(f"s{string}:{quantity}")
        for quantity in ("cycle_count", "energy_throughput_kwh", "soh_pct")
        for string in (1, 2)
    )
    values = np.array([118, 121, 400.0, 410.0, 96.0, 91.0])
    journal.append([Snapshot("rack-1", NOON_S, layout, values, np.zeros(6, np.uint8))])
    while Rollup(journal).step():
        pass

    found = read(journal, 0, 1)

    assert [c and c.last.value for c in (
        found.cycle_count, found.energy_throughput_kwh, found.soh_pct
    )] == [121, 810, 91]  # fmt: skip


def test_of_a_battery_that_was_never_polled_nothing_is_known(journal: Journal) -> None:
    found = read(journal, 0, 24)

    assert found == Usage("rack-1", NOON_S, NOON_S + 24 * HOUR_S, heat=Heat(LIMIT_C))


def test_only_whole_hours_are_counted(journal: Journal) -> None:
    usage(journal, polls(0, 3 * HOUR_S, 24.0, 41.0), hours=3)

    found = usage_of(
        journal,
        "rack-1",
        from_s=NOON_S + 1,
        to_s=NOON_S + 2 * HOUR_S + 3599,
        temperature_c_max=LIMIT_C,
        poll_interval_s=POLL_S,
    )

    assert (found.from_s, found.to_s) == (NOON_S + HOUR_S, NOON_S + 2 * HOUR_S)
    assert heat_of(found).above_s_min == HOUR_S


def test_polls_rarer_than_a_minute_are_counted_by_hours(journal: Journal) -> None:
    journal.append([poll(at_s, 24.0, 41.0) for at_s in range(0, HOUR_S, 300)])
    while Rollup(journal).step():
        pass

    heat = heat_of(
        usage_of(journal, "rack-1", from_s=NOON_S, to_s=NOON_S + HOUR_S,
                 temperature_c_max=LIMIT_C, poll_interval_s=300.0)
    )  # fmt: skip

    assert heat.above_s_min == heat.observed_s == HOUR_S
    assert heat.hours_by_minute == 0


def test_a_contract_without_a_temperature_has_no_heat(journal: Journal) -> None:
    assert usage(journal, polls(0, HOUR_S, 24.0, 90.0), limit_c=None).heat is None


def test_usage_goes_on_only_where_it_ended(journal: Journal) -> None:
    first, later = Usage("rack-1", 0, 3600), Usage("rack-1", 7200, 10800)

    with pytest.raises(ValueError, match="does not go on at 7200"):
        first.then(later)
    with pytest.raises(ValueError, match="goes on as other"):
        first.then(replace(later, from_s=3600, heat=Heat(35.0)))


reading_c = st.floats(20.0, 50.0, width=16)
an_hour = st.lists(st.tuples(st.integers(0, 359), reading_c, reading_c), max_size=40)


@given(hours=st.lists(an_hour, min_size=3, max_size=3), minutes_kept=st.booleans())
def test_what_was_above_lies_between_the_bounds_and_days_add_up(
    tmp_path_factory: pytest.TempPathFactory,
    hours: list[list[tuple[int, float, float]]],
    minutes_kept: bool,
) -> None:
    journal = open_journal(tmp_path_factory.mktemp("usage") / "journal.db")
    at = {
        hour * HOUR_S + slot * 10: (one, other)
        for hour, found in enumerate(hours)
        for slot, one, other in found
    }
    journal.append([poll(at_s, *pair) for at_s, pair in sorted(at.items())])
    while Rollup(journal).step():
        pass
    if not minutes_kept:
        forget_minutes(journal)

    whole = read(journal, 0, 3)
    by_parts = read(journal, 0, 1).then(read(journal, 1, 3))

    hot = sum(max(pair) > LIMIT_C for pair in at.values())
    heat = heat_of(whole)
    assert heat.above_s_min <= hot * 15 + 1e-3
    assert heat.above_s_max <= heat.observed_s + 1e-3
    assert (heat.above_s_max > 0) is (hot > 0)
    if at and min(one for one, _ in at.values()) > LIMIT_C:
        assert heat.above_s_min == pytest.approx(heat.observed_s)
    assert heat_of(by_parts).above_s_min == pytest.approx(heat.above_s_min)
    assert heat_of(by_parts).above_s_max == pytest.approx(heat.above_s_max)
    assert replace(whole, heat=None) == replace(by_parts, heat=None)
    journal.file.close()
