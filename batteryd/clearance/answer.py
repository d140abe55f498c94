"""A clearance as programs read it (the JSON of `batteryd work check`) and as people do.

Wherever a GO is shown, it is said what it is not.
"""

from collections.abc import Iterator

from batteryd.clearance.wording import instant, instant_or_none
from batteryd.domain.clearance import Clearance, Hold, ImpactedService

NOTICE = (
    "This is decision support: it says what was seen, when and by which check. It is neither an"
    " interlock nor a lock-out/tag-out; measure before you touch."
)


def clearance_as_json(clearance: Clearance) -> dict[str, object]:
    """Return the object that other tools rely on; instants are UTC texts."""
    return {
        "decision": clearance.decision.value,
        "as_of": instant(clearance.as_of_s),
        "work_order": clearance.work_order_id,
        "valid_until": instant_or_none(clearance.valid_until_s),
        "holds": [_hold(hold) for hold in clearance.holds],
        "warnings": [_hold(warning) for warning in clearance.warnings],
        "accepted": [code.value for code in clearance.accepted],
        "impact": [_service(service) for service in clearance.impact],
        "notice": NOTICE,
    }


def clearance_as_text(clearance: Clearance) -> str:
    """Return the answer as a shift lead reads it, several lines."""
    return "\n".join(_lines(clearance))


def _hold(hold: Hold) -> dict[str, object]:
    return {
        "code": hold.code.value,
        "subject": hold.subject,
        "text": hold.text,
        "evidence": dict(hold.evidence),
    }


def _service(service: ImpactedService) -> dict[str, object]:
    return {"name": service.name, "grade": service.grade, "reached_by": service.reached_by}


def _lines(clearance: Clearance) -> Iterator[str]:
    as_of = instant(clearance.as_of_s)
    yield f"{clearance.decision.value}  {clearance.work_order_id}, as of {as_of}{_until(clearance)}"
    yield from (f"  {hold.code.value}  {hold.text}{_refusals(hold)}" for hold in clearance.holds)
    if clearance.warnings:
        yield "to be known"
        yield from (f"  {warning.code.value}  {warning.text}" for warning in clearance.warnings)
    if clearance.impact:
        yield "services that this work can take down, the most important first"
        yield from (f"  {_grade(s)}  {s.name}, by {s.reached_by}" for s in clearance.impact)
    yield NOTICE


def _until(clearance: Clearance) -> str:
    return "" if clearance.valid_until_s is None else f", until {instant(clearance.valid_until_s)}"


def _refusals(hold: Hold) -> str:
    why = hold.evidence.get("risk_acceptance")
    return f" (risk acceptance does not lift it: {'; '.join(why)})" if isinstance(why, list) else ""


def _grade(service: ImpactedService) -> str:
    return "grade ?" if service.grade is None else f"grade {service.grade}"
