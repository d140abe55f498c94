"""The section on health of a battery's page: the sentences, and the rows behind them."""

from batteryd.domain.health import HealthPoints
from batteryd.health.limits import DEFAULT_LIMITS
from batteryd.health.statement import HealthFacts, HealthStatement, state_health
from batteryd.web.as_json import battery_as_json
from batteryd.web.battery import BatteryFacts, build_battery
from tests.builders import NOON_S, make_battery
from tests.looks import get, make_app, make_look
from tests.worn_racks import capacity_point, resistance_point

POINTS = HealthPoints(
    (resistance_point(0.82, 1.31),), (capacity_point(NOON_S - 9e6), capacity_point())
)


def stated(points: HealthPoints) -> HealthStatement:
    facts = HealthFacts(make_battery(capacity_ah=67.0), points=points, limits=DEFAULT_LIMITS)
    return state_health(facts, now_s=NOON_S)


async def page_of(statement: HealthStatement | None) -> str:
    facts = BatteryFacts(make_look(), health=statement)
    view = build_battery(facts, "rack-1", now_s=NOON_S)
    return (await get(make_app(battery=lambda _: view), "/battery/rack-1")).text


async def test_the_section_has_what_was_measured_withheld_and_reported() -> None:
    page = await page_of(stated(POINTS))

    assert "<h2>State of health</h2>" in page
    assert "worst s1/m01/c02 1.31 mΩ" in page
    assert "Capacity of s1: 61.2 Ah ± 1.5 on 2025-11-24" in page
    assert "Forecast withheld: 2 capacity points of 4, 0.3 years of 2" in page
    assert "State of health by the BMS (its own estimate): not reported" in page
    assert "<td>s1/m01/c02</td><td>1.31 mΩ</td><td>unknown</td>" in page
    assert page.index("<td>2025-11-24</td>") < page.index("<td>2025-08-13</td>")


async def test_without_points_it_says_what_they_take_and_shows_no_table() -> None:
    page = await page_of(stated(HealthPoints()))

    assert "Resistance: not measured yet." in page
    assert "Cells of the highest resistance" not in page
    assert "Capacities measured" not in page


async def test_what_cannot_be_read_now_is_not_called_unmeasured() -> None:
    page = await page_of(None)

    assert "What was measured cannot be read at the moment." in page
    assert "not measured yet" not in page


def test_the_json_of_the_page_has_it_too() -> None:
    facts = BatteryFacts(make_look(), health=stated(POINTS))
    view = build_battery(facts, "rack-1", now_s=NOON_S)
    assert view is not None

    read = battery_as_json(view)["health"]

    assert isinstance(read, dict)
    assert len(read["capacity"][0]["points"]) == 2
