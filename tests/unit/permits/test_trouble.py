"""Alarms that say nothing of the room themselves: which of them matter before work."""

from batteryd.clearance.checks_room import TROUBLES
from batteryd.domain.alarm import AlarmKey
from batteryd.domain.component import WHOLE_BATTERY
from batteryd.permits.trouble import trouble_of
from batteryd.rules.watch import RULE_FAILED
from tests.builders import make_alarm


def test_a_battery_whose_rules_fail_holds_the_work_in_its_room() -> None:
    key = AlarmKey("daejeon", "R1", WHOLE_BATTERY, RULE_FAILED)

    assert trouble_of(make_alarm(key, quantity="")) in TROUBLES


def test_a_warranty_that_is_over_does_not() -> None:
    key = AlarmKey("daejeon", "R1", WHOLE_BATTERY, "warranty")

    assert trouble_of(make_alarm(key, quantity="")) is None
