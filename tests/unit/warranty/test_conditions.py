"""Conditions of a contract: what is exceeded, what may be, and what nobody can say."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.domain.component import parse_component
from batteryd.domain.conditions import (
    ConditionFinding,
    ConditionStanding,
    ContractCondition,
    Counter,
    Heat,
    Peak,
    Reported,
    Usage,
)
from batteryd.domain.inventory import Battery
from batteryd.domain.warranty import LifeDates, OperatingConditions, WarrantyTerms
from batteryd.warranty.conditions import judge_conditions
from tests.builders import make_battery

EXCEEDED, POSSIBLY, UNKNOWN, NOT_EXCEEDED = ConditionStanding
SEVERITY = (NOT_EXCEEDED, UNKNOWN, POSSIBLY, EXCEEDED)

AS_OF = date(2025, 9, 26)
NOW_S = datetime(2025, 9, 26, tzinfo=UTC).timestamp()
INSTALLED_S = datetime(2025, 9, 16, tzinfo=UTC).timestamp()  # ten days before
HOUR_S = 3600.0


def battery(**conditions: Any) -> Battery:
    return make_battery(
        dates=LifeDates(installed_on=date(2025, 9, 16)),
        warranty=WarrantyTerms(conditions=OperatingConditions(**conditions)),
    )


def hot(least_h: float, most_h: float, *, observed_h: float = 240.0) -> Usage:
    peak = Peak(parse_component("s1/m02/t1"), 47.2, INSTALLED_S + 7260, 60)
    heat = Heat(35.0, least_h * HOUR_S, most_h * HOUR_S, observed_h * HOUR_S, 3, 2,
                INSTALLED_S + 7200, INSTALLED_S + 10800, peak)  # fmt: skip
    return Usage("rack-1", INSTALLED_S, NOW_S, answered_s=observed_h * HOUR_S, heat=heat)


def counted(last: float, *, highest: float | None = None, age_s: float = HOUR_S) -> Counter:
    said = Reported(last, NOW_S - age_s)
    most = Reported(last if highest is None else highest, NOW_S - age_s - HOUR_S)
    return Counter(Reported(1.0, INSTALLED_S), said, max(said, most, key=lambda r: r.value))


def judged(battery: Battery, usage: Usage | None) -> ConditionFinding:
    (finding,) = judge_conditions(battery, usage, as_of=AS_OF)
    return finding


@pytest.mark.parametrize(
    ("least_h", "most_h", "observed_h", "standing"),
    [
        (10.0, 10.0, 240, NOT_EXCEEDED),
        (10.0, 10.01, 240, POSSIBLY),  # within the minute of grace, or beyond it
        (10 + 1 / 60, 11.0, 240, POSSIBLY),
        (10 + 1 / 60 + 0.001, 11.0, 240, EXCEEDED),
        (0.0, 14.0, 240, POSSIBLY),
        (9.0, 9.5, 240, NOT_EXCEEDED),
        (9.0, 9.5, 239.5, NOT_EXCEEDED),  # the missing half an hour does not matter
        (9.0, 9.5, 239.4, UNKNOWN),
        (0.0, 0.0, 0, UNKNOWN),
        (12.0, 12.0, 20, EXCEEDED),  # what was not seen cannot help any more
    ],
)
def test_heat_against_ten_hours(
    least_h: float, most_h: float, observed_h: float, standing: ConditionStanding
) -> None:
    contract = battery(temperature_c_max=35.0, temperature_hours_max=10.0)

    finding = judged(contract, hot(least_h, most_h, observed_h=observed_h))

    assert finding.standing is standing


@pytest.mark.parametrize(
    ("most_h", "standing"), [(0.0, NOT_EXCEEDED), (0.01, POSSIBLY), (0.5, EXCEEDED)]
)
def test_a_contract_that_allows_no_hour(most_h: float, standing: ConditionStanding) -> None:
    finding = judged(battery(temperature_c_max=35.0), hot(most_h, most_h))

    assert finding.standing is standing
    assert "the contract allows none" in finding.text


def test_an_exceeded_temperature_says_how_long_where_and_when() -> None:
    contract = battery(temperature_c_max=35.0, temperature_hours_max=10.0)

    finding = judged(contract, hot(12.0, 12.0, observed_h=228.0))

    assert finding.text == (
        "12.0 h above 35 °C, the contract allows 10.0 h; hottest s1/m02/t1 with 47.2 °C, "
        "mean of the minute of 2025-09-16T02:01:00Z"
    )
    assert (finding.observed, finding.limit, finding.unit) == (12.0, 10.0, "h above 35 °C")
    assert finding.since_s == INSTALLED_S + 7200
    assert finding.unobserved_share == pytest.approx(0.05)
    assert finding.source == "journal roll-ups 2025-09-16T00:00:00Z to 2025-09-26T00:00:00Z"
    assert finding.evidence["hours_read_by_minute"] == 2
    assert finding.evidence["hottest"] == {
        "component": "s1/m02/t1",
        "temperature_c_mean": 47.2,
        "at": "2025-09-16T02:01:00Z",
        "period_s": 60,
    }


def test_a_hot_time_of_which_no_peak_was_kept_is_told_without_one() -> None:
    usage = Usage("rack-1", INSTALLED_S, NOW_S, heat=Heat(35.0, 7200.0, 7200.0, 86_400.0))

    assert judged(battery(temperature_c_max=35.0), usage).text == (
        "2.0 h above 35 °C, the contract allows none"
    )


def test_years_before_the_first_poll_are_not_observed() -> None:
    old = replace(
        battery(temperature_c_max=35.0, temperature_hours_max=100.0),
        dates=LifeDates(installed_on=date(2014, 8, 20), commissioned_on=date(2014, 9, 1)),
    )

    finding = judged(old, hot(3.0, 3.0))

    assert finding.standing is UNKNOWN
    assert "97,080 h of its use were not observed" in finding.text
    assert finding.unobserved_share == pytest.approx(0.9975, abs=1e-4)


def test_nobody_can_judge_a_use_of_which_the_begin_is_not_known() -> None:
    undated = replace(battery(temperature_c_max=35.0), dates=LifeDates())

    finding = judged(undated, hot(0.0, 0.0))

    assert finding.standing is UNKNOWN
    assert finding.unobserved_share is None
    assert "nobody knows since when it is in use" in finding.text


def test_heat_that_was_counted_above_another_limit_says_nothing_of_this_one() -> None:
    finding = judged(battery(temperature_c_max=30.0, temperature_hours_max=500.0), hot(0.0, 0.0))

    assert (finding.standing, finding.observed) == (NOT_EXCEEDED, None)
    # Of ten days no more than 240 h can have been hot, whatever was seen.


@pytest.mark.parametrize("usage", [None, Usage("rack-1", INSTALLED_S, NOW_S)])
def test_a_battery_that_nobody_read_has_kept_nothing(usage: Usage | None) -> None:
    contract = battery(
        temperature_c_max=35.0, cycle_count_max=6000, energy_throughput_kwh_max=1e5, soh_pct_min=70
    )

    findings = judge_conditions(contract, usage, as_of=AS_OF)

    assert [f.condition for f in findings] == list(ContractCondition)
    assert {f.standing for f in findings} == {UNKNOWN}
    assert {f.source for f in findings} == {"nothing was read"}


def test_a_contract_without_conditions_has_no_findings() -> None:
    assert judge_conditions(battery(), hot(50, 50), as_of=AS_OF) == ()


@pytest.mark.parametrize(
    ("counter", "standing", "words"),
    [
        (counted(6000), NOT_EXCEEDED, "6000 cycles as the BMS counts them"),
        (counted(6001), EXCEEDED, "6001 cycles as the BMS counts them, the contract allows 6000"),
        (counted(3, highest=812), UNKNOWN, "812 cycles"),
        (counted(3, highest=812), UNKNOWN, "it counts 3 now: replaced or reset"),
        (counted(3, highest=6001), EXCEEDED, "6001 cycles"),
        (counted(812, age_s=7 * 86_400), NOT_EXCEEDED, "812 cycles"),
        (counted(812, age_s=7 * 86_400 + 1), UNKNOWN, "not heard for 7 days"),
        (counted(6001, age_s=90 * 86_400), EXCEEDED, "6001 cycles"),
        (None, UNKNOWN, "the BMS does not say; the limit of the contract is 6000 cycles"),
    ],
)
def test_cycles(counter: Counter | None, standing: ConditionStanding, words: str) -> None:
    usage = Usage("rack-1", INSTALLED_S, NOW_S, cycle_count=counter)

    finding = judged(battery(cycle_count_max=6000), usage)

    assert finding.standing is standing
    assert words in finding.text


@pytest.mark.parametrize(
    ("conditions", "usage", "standing", "words"),
    [
        (
            {"energy_throughput_kwh_max": 50_000.0},
            {"energy_throughput_kwh": counted(50_000.1)},
            EXCEEDED,
            "50000.1 kWh discharged as the BMS counts it, the contract allows 50000 kWh",
        ),
        ({"soh_pct_min": 70.0}, {"soh_pct": counted(70.0)}, NOT_EXCEEDED, "70.0 %"),
        (
            {"soh_pct_min": 70.0},
            {"soh_pct": counted(69.9, highest=98.0)},
            EXCEEDED,
            "state of health 69.9 % as the BMS reports it, the contract promises 70 %",
        ),
        # A health that fell is what batteries do, and no sign of another BMS.
        ({"soh_pct_min": 70.0}, {"soh_pct": counted(88, highest=98)}, NOT_EXCEEDED, "88.0 %"),
    ],
)
def test_energy_and_health(
    conditions: dict[str, float],
    usage: dict[str, Any],
    standing: ConditionStanding,
    words: str,
) -> None:
    finding = judged(battery(**conditions), Usage("rack-1", INSTALLED_S, NOW_S, **usage))

    assert finding.standing is standing
    assert words in finding.text
    assert set(finding.evidence) == {"first", "last", "highest"}


hours = st.floats(0, 200)


@given(least=hours, spread=hours, observed=st.floats(0, 240), more=hours, allowed=hours)
def test_more_heat_never_makes_a_standing_better(
    least: float, spread: float, observed: float, more: float, allowed: float
) -> None:
    contract = battery(temperature_c_max=35.0, temperature_hours_max=allowed)

    before = judged(contract, hot(least, least + spread, observed_h=observed))
    after = judged(contract, hot(least + more, least + spread + more, observed_h=observed))

    assert SEVERITY.index(after.standing) >= SEVERITY.index(before.standing)


@given(most=hours, observed=st.floats(0, 240), lost=st.floats(0, 240), allowed=hours)
def test_less_observation_never_makes_a_standing_better(
    most: float, observed: float, lost: float, allowed: float
) -> None:
    contract = battery(temperature_c_max=35.0, temperature_hours_max=allowed)

    before = judged(contract, hot(0.0, most, observed_h=observed))
    after = judged(contract, hot(0.0, most, observed_h=max(0.0, observed - lost)))

    assert SEVERITY.index(after.standing) >= SEVERITY.index(before.standing)


@given(
    value=st.floats(0, 1e5),
    more=st.floats(0, 1e5),
    highest=st.floats(0, 1e5),
    age_s=st.floats(0, 30 * 86_400),
)
def test_more_cycles_never_make_a_standing_better_while_the_count_holds(
    value: float, more: float, highest: float, age_s: float
) -> None:
    def stands(last: float) -> ConditionStanding:
        counter = counted(last, highest=max(last, highest), age_s=age_s)
        usage = Usage("rack-1", INSTALLED_S, NOW_S, cycle_count=counter)
        return judged(battery(cycle_count_max=6000), usage).standing

    before, after = stands(value), stands(value + more)

    assert before is not EXCEEDED or after is EXCEEDED
