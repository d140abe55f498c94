"""What would be a wrong number of a battery's health, and is none."""

from batteryd.domain.component import WHOLE_BATTERY, Component
from batteryd.domain.health import CapacityPoint, HealthPoints, Refusal
from batteryd.domain.inventory import Geometry
from batteryd.health.forecast import YEAR_S
from batteryd.health.limits import DEFAULT_LIMITS
from batteryd.health.meter import measured_of
from batteryd.health.statement import HealthFacts, state_health
from tests.builders import NOON_S, make_battery
from tests.worn_racks import WornRack, capacity_point, step

STRING = Component(string=1)


def capacity(years_ago: float, capacity_ah: float) -> CapacityPoint:
    at_s = NOON_S - years_ago * YEAR_S
    return capacity_point(at_s, began_at_s=at_s - 7200.0, capacity_ah=capacity_ah)


def test_what_a_former_profile_called_the_whole_battery_shares_no_capacity_with_its_string():
    points = tuple(
        capacity(*point) for point in ((4, 100.0), (3, 92.0), (2, 84.0), (1, 78.0), (0.1, 70.0))
    )
    former = Refusal(
        NOON_S - 6 * YEAR_S, WHOLE_BATTERY, 50.0, "it was charged before it had rested"
    )
    battery = make_battery(capacity_ah=120.0, geometry=Geometry(string_count=1))
    facts = HealthFacts(battery, points=HealthPoints((), points, (former,)))

    said = {c.string: c for c in state_health(facts, now_s=NOON_S).capacity}[STRING]

    assert said.rated_ah == 120.0
    assert said.forecast.limit_ah == 96.0
    assert said.forecast.is_withheld  # 70 Ah are below it already


def test_a_current_of_the_wrong_sign_gives_no_resistance():
    rack = WornRack()
    charged = step(rack, rate_c=0.5)

    turned = (_turned(snapshot) for snapshot in charged)

    assert list(measured_of(rack.asset, turned, DEFAULT_LIMITS)) == []


def _turned(snapshot):
    snapshot.values[0] *= -1.0
    return snapshot
