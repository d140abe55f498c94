"""PW-08: whether the owners of what hangs on the batteries know, and have a recovery copy.

Grades 1 and 2 hold, and so does a grade that nobody knows; 3 and 4 only warn. Both the notice and
the confirmation have to be there by the time of the check.
"""

from collections.abc import Iterator

from batteryd.clearance.facts import Facts, ServiceFacts
from batteryd.clearance.services import ReachedService, reached_services
from batteryd.clearance.wording import instant_or_none, listed
from batteryd.domain.clearance import Hold, HoldCode

LESSER_GRADES = (3, 4)


def owner_not_notified(facts: Facts) -> Iterator[Hold]:
    """PW-08: hold for every important service whose owner is not ready."""
    yield from (
        hold
        for service, hold in _not_ready(facts)
        if service.grade not in LESSER_GRADES
    )  # fmt: skip


def lesser_owner_not_notified(facts: Facts) -> Iterator[Hold]:
    """Name every other service whose owner is not ready; never holds."""
    yield from (
        hold
        for service, hold in _not_ready(facts)
        if service.grade in LESSER_GRADES
    )  # fmt: skip


def _not_ready(facts: Facts) -> Iterator[tuple[ReachedService, Hold]]:
    for service in reached_services(facts):
        against = list(dict.fromkeys(lack for row in service.rows for lack in _lacks(row, facts)))
        if against:
            grade = "of unknown grade" if service.grade is None else f"grade {service.grade}"
            text = f"{service.name} ({grade}, by {service.reached_by}): {listed(against)}"
            yield service, Hold(HoldCode.OWNER_NOT_NOTIFIED, service.name, text, _evidence(service))


def _lacks(row: ServiceFacts, facts: Facts) -> Iterator[str]:
    if not _is_done(row.owner_notified_at_s, facts):
        yield "its owner is not notified"
    if not _is_done(row.recovery_copy_confirmed_at_s, facts):
        yield "its recovery copy is not confirmed"


def _is_done(at_s: float | None, facts: Facts) -> bool:
    return at_s is not None and at_s <= facts.as_of_s


def _evidence(service: ReachedService) -> dict[str, object]:
    return {
        "grade": service.grade,
        "reached_by": service.reached_by,
        "rows": [
            {
                "ups": row.ups_id,
                "room": row.room_id,
                "owner_notified_at": instant_or_none(row.owner_notified_at_s),
                "recovery_copy_confirmed_at": instant_or_none(row.recovery_copy_confirmed_at_s),
            }
            for row in service.rows
        ],
    }
