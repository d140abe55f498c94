"""What a clearance is decided on: how far the facts of an order reach, and what stays unknown."""

from dataclasses import replace
from datetime import date

import pytest

from batteryd.clearance.facts import AlarmTrouble
from batteryd.domain.alarm import AlarmKey, Condition
from batteryd.domain.component import WHOLE_BATTERY, Component, Scope
from batteryd.domain.inventory import Inventory, Service
from batteryd.domain.snapshot import failed_snapshot
from batteryd.domain.work import AttestationKind, Finding
from batteryd.permits.dossier import Dossier
from batteryd.permits.facts import Sight, facts_of
from batteryd.permits.trouble import BY_QUANTITY, trouble_of
from batteryd.rules.limit_settings import LimitSettings
from tests.builders import NOON_S, make_alarm
from tests.rulebooks import shipped_rulebook
from tests.work_site import LAYOUT, make_order, racks, read_inventory, said


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    return read_inventory(tmp_path_factory.mktemp("site"))


@pytest.fixture
def sight(inventory: Inventory) -> Sight:
    return Sight(inventory, racks())


def test_the_facts_reach_to_the_bus_and_the_room(sight: Sight) -> None:
    order = make_order(batteries=("R1",))

    facts = facts_of(Dossier(order), sight=sight, as_of_s=NOON_S)

    assert set(facts.batteries) == {"R1", "R2", "R3"}  # R9 is in another room
    assert facts.batteries["R1"].cell_count == 17 * 14
    assert facts.batteries["R1"].reading.soc_pct == 18.0
    assert facts.batteries["R1"].warranty_last_day == date(2099, 12, 31)


def test_a_battery_that_the_inventory_does_not_have_is_known_by_name_only(sight: Sight) -> None:
    facts = facts_of(Dossier(make_order(batteries=("R7",))), sight=sight, as_of_s=NOON_S)

    assert list(facts.batteries) == ["R7"]
    assert facts.batteries["R7"].warranty_last_day is None
    assert facts.order.batteries == ("R7",)


def test_when_it_became_other_work_is_a_fact(sight: Sight) -> None:
    changed = make_order(changed_at_s=NOON_S - 60)

    assert facts_of(Dossier(changed), sight=sight, as_of_s=NOON_S).order.changed_at_s == NOON_S - 60


def test_days_are_those_of_the_site(sight: Sight) -> None:
    # 15:30 UTC is half past midnight of the next day in Seoul.
    late = make_order(ends_at_s=NOON_S + 3.5 * 3600)

    facts = facts_of(Dossier(late), sight=sight, as_of_s=NOON_S)

    assert facts.order.last_day == date(2025, 11, 26)
    assert facts.day == date(2025, 11, 25)
    assert facts.utc_offset_s == 9 * 3600


def test_a_device_that_only_failed_keeps_its_points(inventory: Inventory) -> None:
    silent = failed_snapshot("R1", LAYOUT, at_s=NOON_S, failure="timeout")
    heard = facts_of(
        Dossier(make_order()), sight=Sight(inventory, {"R1": silent}), as_of_s=NOON_S
    ).batteries

    assert heard["R1"].reading.observed_at_s is None
    assert heard["R1"].points_lacking == frozenset()
    assert heard["R2"].points_lacking == frozenset()  # polled, never heard: it may have them all


def test_a_battery_that_nobody_polls_has_no_points(sight: Sight) -> None:
    facts = facts_of(Dossier(make_order(batteries=("R9",))), sight=sight, as_of_s=NOON_S)

    assert "contactor_closed" in facts.batteries["R9"].points_lacking


def test_alarms_count_while_active_and_a_day_after_their_return(sight: Sight) -> None:
    active = make_alarm(make_alarm().key._replace(asset_id="R1"))
    over = replace(active, condition=Condition.NORMAL, returned_at_s=NOON_S - 86_400.0)
    long_over = replace(over, returned_at_s=NOON_S - 86_401.0)
    facts = facts_of(
        Dossier(make_order(), alarms=(active, over, long_over)), sight=sight, as_of_s=NOON_S
    )

    assert [a.returned_at_s for a in facts.alarms] == [None, NOON_S - 86_400.0]
    assert {(a.trouble, a.room_id) for a in facts.alarms} == {(AlarmTrouble.THERMAL, "room-5f")}


def test_an_alarm_of_a_ups_a_room_or_nothing_known_has_its_place(sight: Sight) -> None:
    places = ("UPS-5", "room-5f", "R-gone")
    active = tuple(make_alarm(make_alarm().key._replace(asset_id=place)) for place in places)

    facts = facts_of(Dossier(make_order(), alarms=active), sight=sight, as_of_s=NOON_S)

    assert [alarm.room_id for alarm in facts.alarms] == ["room-5f", "room-5f", None]


def test_alarms_that_say_nothing_about_the_room_are_no_facts(sight: Sight) -> None:
    warranty = make_alarm(quantity="")

    assert (
        facts_of(Dossier(make_order(), alarms=(warranty,)), sight=sight, as_of_s=NOON_S).alarms
        == ()
    )


def test_an_alarm_that_is_shelved_is_no_less_an_alarm(sight: Sight) -> None:
    shelved = make_alarm(make_alarm().key._replace(asset_id="R1"), suppression="shelved")

    facts = facts_of(Dossier(make_order(), alarms=(shelved,)), sight=sight, as_of_s=NOON_S)

    assert len(facts.alarms) == 1


@pytest.mark.parametrize(
    ("quantity", "rule", "trouble"),
    [
        ("temperature_c", "module_temperature", AlarmTrouble.THERMAL),
        ("ambient_temperature_c", "ambient_high", AlarmTrouble.THERMAL),
        ("cell_voltage_v", "cell_spread", AlarmTrouble.IMBALANCE),
        ("insulation_kohm", "insulation", AlarmTrouble.INSULATION),
        ("smoke_alarm", "smoke", AlarmTrouble.GAS),
        ("communication_lost", "bms_links", AlarmTrouble.COMMUNICATION),
        ("", "silence", AlarmTrouble.COMMUNICATION),
        ("", "warranty", None),
        ("soh_pct", "state_of_health", None),
    ],
)
def test_an_alarm_is_about_what_its_quantity_says(
    quantity: str, rule: str, trouble: AlarmTrouble | None
) -> None:
    key = AlarmKey("daejeon", "R1", WHOLE_BATTERY, rule)

    assert trouble_of(make_alarm(key, quantity=quantity)) is trouble


def test_a_sensor_that_shows_nonsense_is_no_heat() -> None:
    key = AlarmKey("daejeon", "R1", Component(1, 7, sensor=2), "sensor_stuck")

    alarm = make_alarm(key, quantity="temperature_c", scope=Scope.SENSOR)

    assert trouble_of(alarm) is AlarmTrouble.COMMUNICATION


def test_every_quantity_that_shipped_rules_call_critical_matters_before_work() -> None:
    watched = set()
    for table in shipped_rulebook().tables.values():
        if table.row.settings is LimitSettings and "critical" in table.settings.get("setpoint", {}):
            watched |= set(table.settings["quantities"])

    assert "gas_alarm" in watched
    assert {q for q in watched if q not in BY_QUANTITY} <= {"battery_status"}


def test_owners_were_told_of_the_work_as_it_was_then(sight: Sight) -> None:
    told = said(AttestationKind.OWNER_NOTIFIED, service="mobile identity", at_s=NOON_S - 60)
    before, after = make_order(changed_at_s=NOON_S - 61), make_order(changed_at_s=NOON_S - 60)

    known = [
        facts_of(Dossier(order, attestations=(told,)), sight=sight, as_of_s=NOON_S)
        for order in (before, after)
    ]

    told_at_s = [
        next(s.owner_notified_at_s for s in facts.services if s.name == "mobile identity")
        for facts in known
    ]
    assert told_at_s == [NOON_S - 60, None]


@pytest.mark.parametrize("quantity", ["battery_fault", "bms_fault_bits", "bms_alarm_bits"])
def test_a_fault_that_nobody_can_read_counts_as_the_worst(quantity: str) -> None:
    assert trouble_of(make_alarm(quantity=quantity)) is AlarmTrouble.THERMAL


def test_services_have_the_grade_of_today_and_who_was_told(inventory: Inventory) -> None:
    regraded = replace(
        inventory,
        services=(
            Service("mobile identity", 3, ups_id="UPS-5", valid_from=date(2020, 1, 1)),
            Service("mobile identity", 1, ups_id="UPS-5", valid_from=date(2025, 11, 25)),
            Service("mobile identity", 4, ups_id="UPS-5", valid_from=date(2025, 11, 26)),
            Service("elsewhere", 1, room_id="room-4f"),
        ),
    )
    told = said(AttestationKind.OWNER_NOTIFIED, service="mobile identity", at_s=NOON_S - 60)

    facts = facts_of(
        Dossier(make_order(), attestations=(told,)), sight=Sight(regraded, {}), as_of_s=NOON_S
    )

    (service,) = facts.services
    assert (service.name, service.grade) == ("mobile identity", 1)
    assert service.owner_notified_at_s == NOON_S - 60
    assert service.recovery_copy_confirmed_at_s is None


def test_findings_are_those_of_the_batteries_around(sight: Sight) -> None:
    findings = tuple(
        Finding(f"F-{asset}", asset, date(2024, 6, 27), "KESCO", "temperature deviation")
        for asset in ("R1", "R3", "R9")
    )

    facts = facts_of(Dossier(make_order(), findings=findings), sight=sight, as_of_s=NOON_S)

    assert [f.asset_id for f in facts.findings] == ["R1", "R3"]
