"""What is said of a battery's health: every figure with its count, its date and its doubt."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from batteryd.domain.component import Component
from batteryd.domain.conditions import Counter, Reported, Usage
from batteryd.domain.health import CUT_OFF, HealthPoints, Refusal
from batteryd.domain.inventory import Battery, Chemistry
from batteryd.domain.snapshot import Layout, Snapshot, parse_column
from batteryd.domain.warranty import LifeDates
from batteryd.health.as_json import health_as_json
from batteryd.health.forecast import YEAR_S
from batteryd.health.limits import HealthLimits
from batteryd.health.statement import HealthFacts, HealthStatement, state_health
from batteryd.health.words import lines_of
from tests.builders import NOON_S, make_battery
from tests.listed import listed
from tests.worn_racks import WornRack, capacity_point, resistance_point

DAY_S = 86_400.0
RACK = WornRack()
BATTERY = make_battery(
    capacity_ah=67.0, chemistry=Chemistry.NMC, dates=LifeDates(commissioned_on=date(2023, 5, 1))
)
SEEN = next(RACK.live((10.0, 0.0)))


def stated(battery: Battery = BATTERY, **facts: Any) -> HealthStatement:
    known: dict[str, Any] = {"asset": RACK.asset, "last_good": SEEN}
    return state_health(
        HealthFacts(battery, **(known | facts)),
        now_s=NOON_S,
    )


def said(statement: HealthStatement) -> str:
    return "\n".join(lines_of(statement, zone="Asia/Seoul"))


def test_resistance_says_how_many_cells_discharges_and_since_when() -> None:
    first = [resistance_point(0.80, 0.82, at_s=NOON_S - n * DAY_S) for n in (9, 8, 7)]
    last = [resistance_point(0.82, 1.31, at_s=NOON_S - n * DAY_S) for n in (4, 3, 2, 1)]

    text = said(stated(points=HealthPoints((*first, *last))))

    assert (
        "Resistance of 2 cells of s1 at 25 °C, from 7 discharges since 2025-11-16: median 1.06 mΩ,"
        " worst s1/m01/c02 1.31 mΩ (+60 % over its first value)"
    ) in text
    assert "over 30 s from the rest before the load" in text
    assert "20 ± 10 kJ/mol (a starting value of batteryd for NMC, not this maker's)" in text


def test_cells_that_could_not_be_corrected_say_so() -> None:
    point = resistance_point(0.8, temperature_c=np.array([np.nan]))

    text = said(stated(points=HealthPoints((point,))))

    assert "not corrected for temperature, from 1 discharge since" in text
    assert "never compared with cells that are corrected" in text


def test_capacity_says_its_doubt_its_day_and_what_the_bms_said() -> None:
    text = said(stated(points=HealthPoints(capacity=(capacity_point(),))))

    assert (
        "Capacity of s1: 61.2 Ah ± 1.5 on 2025-11-24 (discharge from 96 % to 12 % by voltage,"
        " 100 % to 20 % by the BMS, 0.50 C, 25 °C)"
    ) in text
    assert "Forecast withheld: 1 capacity point of 4, 0.0 years of 2" in text


def test_a_capacity_to_the_cut_off_says_that() -> None:
    point = capacity_point(ended_by=CUT_OFF, to_pct=0.0, reported_to_pct=None)

    assert "from 96 % to the cut-off by voltage, 0.50 C" in said(
        stated(points=HealthPoints(capacity=(point,)))
    )


def test_a_forecast_is_a_range_of_months_with_what_it_rests_on() -> None:
    born_s = NOON_S - 5 * YEAR_S
    points = tuple(
        capacity_point(
            born_s + age * YEAR_S,
            capacity_ah=67 * (1 - 0.2 * (age / 6) ** 0.5),
            uncertainty_ah=0.6,
        )
        for age in np.linspace(0.1, 4.9, 12)
    )
    battery = replace(BATTERY, dates=LifeDates(commissioned_on=date(2020, 11, 25)))

    text = said(stated(battery, points=HealthPoints(capacity=points)))

    assert "Forecast: 80 % of rated (53.6 Ah) reached between 2026-" in text
    assert "square root of age through 12 points of this battery over 4.8 years, 90 % range" in text
    assert "withheld" not in text


def test_a_range_with_an_open_end_says_so() -> None:
    born_s = NOON_S - 5 * YEAR_S
    points = tuple(
        capacity_point(born_s + age * YEAR_S, capacity_ah=67 * (1 - 0.2 * (age / 11) ** 0.5))
        for age in np.linspace(0.1, 4.9, 5)
    )
    battery = replace(BATTERY, dates=LifeDates(manufactured_on=date(2020, 11, 25)))

    assert "some time after 2035-05, where its points reach no more" in said(
        stated(battery, points=HealthPoints(capacity=points))
    )


def test_what_the_bms_says_is_called_its_own_estimate() -> None:
    layout = Layout.of([parse_column("-:soh_pct")])
    seen = Snapshot("rack-1", NOON_S, layout, np.array([97.0]), np.zeros(1, np.uint8))
    first = Reported(99.0, NOON_S - 300 * DAY_S)
    usage = replace(
        Usage.nothing("rack-1", first.at_s, limit_c=None),
        soh_pct=Counter(first, Reported(97.0, NOON_S), first),
    )

    text = said(stated(last_good=seen, usage=usage))

    assert (
        "State of health by the BMS (its own estimate): 97 % (99 % on 2025-01-29)."
        " batteryd repeats it and cannot check it"
    ) in text
    assert "not reported" in said(stated())


def test_of_several_strings_the_bms_is_quoted_with_its_weakest() -> None:
    layout = Layout.of([parse_column("s1:soh_pct"), parse_column("s2:soh_pct")])
    seen = Snapshot("rack-1", NOON_S, layout, np.array([97.0, 88.0]), np.zeros(2, np.uint8))

    assert "(its own estimate): 88 %" in said(stated(last_good=seen))


def test_long_discharges_that_gave_nothing_are_told() -> None:
    refusal = Refusal(NOON_S, Component(1), 33.5, "it was charged before it had rested")

    text = said(stated(points=HealthPoints(refusals=(refusal,))))

    assert "Capacity of s1: not measured. It takes a deep discharge" in text
    assert (
        "The discharge of 2025-11-25 (33.5 Ah) gives no capacity: it was charged before it had"
        " rested"
    ) in text


@pytest.mark.parametrize(
    ("facts", "battery", "why"),
    [
        ({"asset": None}, BATTERY, "nobody polls it"),
        ({"last_good": None}, BATTERY, "it has not been read yet"),
        ({}, replace(BATTERY, chemistry=None), "the register has no chemistry"),
        (
            {"asset": replace(RACK.asset, capacity_ah=None)},
            replace(BATTERY, capacity_ah=None),
            "the register has no capacity_ah",
        ),
        ({"asset": WornRack(poll_s=60.0).asset}, BATTERY, "it is polled every 60 s"),
    ],
)
def test_what_cannot_be_measured_says_why(
    facts: dict[str, object], battery: Battery, why: str
) -> None:
    assert f"Not measured: {why}" in said(stated(battery, **facts))


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ("-:current_a -:soc_pct", "the device shows no voltages of single cells"),
        ("s1/c01:cell_voltage_v -:soc_pct", "string s1 shows no current of its own"),
        ("s1/c01:cell_voltage_v -:current_a", "it reports no state of charge"),
        ("s1/c01:cell_voltage_v -:current_a -:soc_pct", "it shows no temperatures of modules"),
    ],
)
def test_what_a_device_does_not_show_says_what_it_costs(columns: str, why: str) -> None:
    layout = Layout.of(parse_column(text) for text in columns.split())
    seen = Snapshot("rack-1", NOON_S, layout, np.ones(len(layout)), np.zeros(len(layout), np.uint8))

    assert f"Not measured: {why}" in said(stated(last_good=seen))


def test_the_age_counts_from_the_first_date_that_the_register_has() -> None:
    points = tuple(capacity_point(NOON_S - n * 300 * DAY_S) for n in (4, 3, 2, 1))
    late = replace(BATTERY, dates=LifeDates(installed_on=date(2025, 1, 1)))
    unknown = replace(BATTERY, dates=LifeDates())

    (one,) = stated(late, points=HealthPoints(capacity=points)).capacity
    (other,) = stated(unknown, points=HealthPoints(capacity=points)).capacity

    assert one.forecast.set_aside == 3
    assert any("its age is unknown" in why for why in other.forecast.withheld)


def test_programs_read_every_cell_and_null_for_what_is_not_known() -> None:
    points = HealthPoints((resistance_point(0.8, 0.9),), (capacity_point(),))
    limits = HealthLimits(resistance_kj_per_mol=14.0)

    read = health_as_json(stated(points=points, limits=limits))

    (state,), (of_string,) = listed(read["resistance"]), listed(read["capacity"])
    assert state["kj_per_mol_source"] == "the site's own"
    assert [c["component"] for c in state["cells"]] == ["s1/m01/c02", "s1/m01/c01"]
    assert state["cells"][0]["growth_pct"] is None
    assert of_string["points"][0]["at"] == "2025-11-24T12:00:00Z"
    assert of_string["forecast"]["earliest"] is None
    assert read["bms_soh"] is None
