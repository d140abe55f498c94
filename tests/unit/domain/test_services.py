"""Services count on days: a grade that changes, a service that moves or ends."""

from dataclasses import replace
from datetime import date

import pytest

from batteryd.domain.inventory import Service
from tests.builders import make_inventory

SERVICES = (
    Service("mobile identity", 2, ups_id="ups-1"),
    Service("mobile identity", 1, ups_id="ups-1", valid_from=date(2025, 10, 9)),
    Service("postal banking", 1, ups_id="ups-1", valid_to=date(2025, 9, 30)),
    Service("postal banking", 1, ups_id="ups-2", valid_from=date(2025, 10, 1)),
    Service("staff canteen", 4, room_id="room-5b", valid_from=date(2025, 1, 1)),
)
INVENTORY = replace(make_inventory(), services=SERVICES)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2024-12-31", [("postal banking", 1), ("mobile identity", 2)]),
        ("2025-01-01", [("postal banking", 1), ("mobile identity", 2), ("staff canteen", 4)]),
        ("2025-09-30", [("postal banking", 1), ("mobile identity", 2), ("staff canteen", 4)]),
        ("2025-10-01", [("mobile identity", 2), ("staff canteen", 4)]),
        ("2025-10-08", [("mobile identity", 2), ("staff canteen", 4)]),
        ("2025-10-09", [("mobile identity", 1), ("staff canteen", 4)]),
    ],
)
def test_the_row_that_began_last_counts_until_its_last_day(
    day: str, expected: list[tuple[str, int]]
) -> None:
    found = INVENTORY.services_of(ups_id="ups-1", room_id="room-5b", day=date.fromisoformat(day))

    assert [(s.name, s.grade) for s in found] == expected


def test_a_later_row_hides_an_earlier_one_even_after_its_own_end() -> None:
    rows = (
        Service("payments", 1, ups_id="ups-1"),
        Service(
            "payments", 2, ups_id="ups-1", valid_from=date(2025, 1, 1), valid_to=date(2025, 6, 30)
        ),
    )
    inventory = replace(make_inventory(), services=rows)

    gone = inventory.services_of(ups_id="ups-1", room_id="room-5b", day=date(2025, 7, 1))

    assert gone == ()


def test_without_a_day_every_row_is_told() -> None:
    found = INVENTORY.services_of(ups_id="ups-1", room_id="room-5b")

    assert [s.grade for s in found if s.name == "mobile identity"] == [1, 2]
