"""PW-08: owners of services that the work can take down, and the impact of the work."""

import pytest

from batteryd.clearance.checks_services import lesser_owner_not_notified, owner_not_notified
from batteryd.clearance.facts import Facts
from batteryd.clearance.services import impact_of
from batteryd.domain.clearance import ImpactedService
from tests.clearances import AS_OF_S, make_facts, make_order, make_rack, make_service


def unready(**changes: object) -> Facts:
    changes = {"owner_notified_at_s": None, **changes}
    return make_facts(services=(make_service(**changes),))


@pytest.mark.parametrize(
    ("grade", "holds", "warns"),
    [(1, True, False), (2, True, False), (3, False, True), (4, False, True), (None, True, False)],
)
def test_the_two_highest_grades_hold_and_so_does_an_unknown_one(
    grade: int | None, holds: bool, warns: bool
) -> None:
    facts = unready(grade=grade)

    assert bool(list(owner_not_notified(facts))) is holds
    assert bool(list(lesser_owner_not_notified(facts))) is warns


def test_a_service_whose_grade_changed_yesterday_is_judged_by_the_grade_of_the_check() -> None:
    # Yesterday's grade 3 only warned; the facts carry the grade as of the check.
    before, since = unready(grade=3), unready(grade=2)

    assert not list(owner_not_notified(before))
    assert [hold.subject for hold in owner_not_notified(since)] == ["mobile identity"]


@pytest.mark.parametrize(
    ("notified_at_s", "confirmed_at_s", "lacks"),
    [
        (AS_OF_S, AS_OF_S, None),
        (AS_OF_S + 1, AS_OF_S, "its owner is not notified"),
        (AS_OF_S, AS_OF_S + 1, "its recovery copy is not confirmed"),
        (None, AS_OF_S, "its owner is not notified"),
        (AS_OF_S, None, "its recovery copy is not confirmed"),
        (None, None, "its owner is not notified and its recovery copy is not confirmed"),
    ],
)
def test_both_the_notice_and_the_copy_have_to_be_there_by_the_check(
    notified_at_s: float | None, confirmed_at_s: float | None, lacks: str | None
) -> None:
    facts = unready(owner_notified_at_s=notified_at_s, recovery_copy_confirmed_at_s=confirmed_at_s)

    texts = [hold.text for hold in owner_not_notified(facts)]

    assert texts == ([f"mobile identity (grade 1, by UPS ups-1): {lacks}"] if lacks else [])


@pytest.mark.parametrize(
    ("reach", "way"),
    [
        ({"ups_id": "ups-1"}, "UPS ups-1"),
        ({"ups_id": "ups-2"}, None),
        ({"ups_id": None, "room_id": "room-5b"}, "room room-5b"),
        ({"ups_id": None, "room_id": "room-6a"}, None),
        ({"ups_id": "ups-1", "room_id": "room-5b"}, "UPS ups-1, room room-5b"),
        (
            {"ups_id": None, "room_id": None},
            "nobody knows what: what it depends on is not written down",
        ),
    ],
)
def test_a_service_is_reached_by_feed_by_room_or_as_nobody_knows(
    reach: dict[str, object], way: str | None
) -> None:
    facts = unready(**reach)

    assert [service.reached_by for service in impact_of(facts)] == ([way] if way else [])
    assert bool(list(owner_not_notified(facts))) is (way is not None)


def test_behind_a_battery_of_unknown_ups_there_may_be_any_service_with_a_ups() -> None:
    rack = make_rack(ups_id=None)
    fed = make_service(name="payments", ups_id="ups-9", owner_notified_at_s=None)
    housed = make_service(name="archive", ups_id=None, room_id="room-6a", owner_notified_at_s=None)

    (hold,) = owner_not_notified(make_facts(rack, services=(fed, housed)))

    assert hold.text == (
        "payments (grade 1, by perhaps UPS ups-9, as that of rack-1 is unknown):"
        " its owner is not notified"
    )


def test_neighbours_on_the_bus_do_not_reach_services_of_their_own() -> None:
    neighbour = make_rack("rack-2", ups_id="ups-2", room_id="room-6a")
    service = make_service(ups_id="ups-2", owner_notified_at_s=None)

    assert not list(owner_not_notified(make_facts(make_rack(), neighbour, services=(service,))))


def test_a_service_in_several_rows_is_one_by_its_worst_row() -> None:
    by_feed = make_service(grade=3)
    by_room = make_service(grade=None, ups_id=None, room_id="room-5b", owner_notified_at_s=None)

    facts = make_facts(services=(by_feed, by_room))

    assert impact_of(facts) == (
        ImpactedService("mobile identity", None, "UPS ups-1, room room-5b"),
    )
    (hold,) = owner_not_notified(facts)
    assert hold.text.endswith("its owner is not notified")
    assert hold.evidence["rows"] == [
        {
            "ups": "ups-1",
            "room": None,
            "owner_notified_at": "2025-09-25T10:31:44Z",
            "recovery_copy_confirmed_at": "2025-09-25T14:31:44Z",
        },
        {
            "ups": None,
            "room": "room-5b",
            "owner_notified_at": None,
            "recovery_copy_confirmed_at": "2025-09-25T14:31:44Z",
        },
    ]


def test_impact_is_in_order_of_importance_then_of_name() -> None:
    rows = [("canteen", 4), ("tax", 1), ("mail", 2), ("identity", 1), ("forgotten", None)]
    facts = make_facts(services=tuple(make_service(name=n, grade=g) for n, g in rows))

    names = [service.name for service in impact_of(facts)]

    assert names == ["forgotten", "identity", "tax", "mail", "canteen"]


def test_two_batteries_on_one_ups_reach_a_service_in_one_way() -> None:
    facts = make_facts(order=make_order(batteries=("rack-1", "rack-2")))

    assert impact_of(facts) == (ImpactedService("mobile identity", 1, "UPS ups-1"),)
