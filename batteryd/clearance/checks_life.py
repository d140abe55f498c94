"""PW-01 and PW-02: what contracts and inspections say of a battery.

PW-01 is judged on the last planned day, not on the day of the check: work may be cleared early and
drag on. A warranty covers its last day, and so does the recommended service life. PW-02 looks back
only: a finding counts from the day it was opened until the day it was closed on.
"""

from collections.abc import Iterator
from datetime import date

from batteryd.clearance.facts import BatteryFacts, Facts
from batteryd.clearance.scope import in_scope
from batteryd.clearance.wording import listed
from batteryd.domain.clearance import Hold, HoldCode
from batteryd.domain.work import Finding


def life_over(facts: Facts) -> Iterator[Hold]:
    """PW-01: hold for every battery in scope that will be past its warranty or service life."""
    planned = facts.order.last_day
    for battery in in_scope(facts):
        ended = [*_ended("warranty", battery.warranty_last_day, planned)]
        ended += _ended("recommended service life", battery.service_life_last_day, planned)
        if ended:
            text = f"{battery.asset_id}: {listed(ended)}; the last planned day is {planned}"
            yield Hold(HoldCode.LIFE_OVER, battery.asset_id, text, _life(battery, planned))


def finding_open(facts: Facts) -> Iterator[Hold]:
    """PW-02: hold for every battery in scope with an inspection finding that is open."""
    for battery in in_scope(facts):
        still_open = open_findings(facts, asset_id=battery.asset_id)
        if still_open:
            said = listed(f'"{finding.text}" since {finding.opened_on}' for finding in still_open)
            evidence = {"findings": [_finding(finding) for finding in still_open]}
            text = f"{battery.asset_id}: open finding {said}"
            yield Hold(HoldCode.FINDING_OPEN, battery.asset_id, text, evidence)


def open_findings(facts: Facts, *, asset_id: str) -> tuple[Finding, ...]:
    """Return the findings about a battery that are open on the day of the check."""
    return tuple(f for f in facts.findings if f.asset_id == asset_id and _is_open(f, facts.day))


def _ended(what: str, last_day: date | None, planned: date) -> Iterator[str]:
    if last_day is None:
        yield f"the last day of its {what} is unknown"
    elif planned > last_day:
        yield f"its {what} ends on {last_day}"


def _is_open(finding: Finding, day: date) -> bool:
    return finding.opened_on <= day and (finding.closed_on is None or finding.closed_on > day)


def _life(battery: BatteryFacts, planned: date) -> dict[str, object]:
    warranty, service_life = battery.warranty_last_day, battery.service_life_last_day
    return {
        "warranty_last_day": warranty and warranty.isoformat(),
        "service_life_last_day": service_life and service_life.isoformat(),
        "last_planned_day": planned.isoformat(),
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "finding": finding.finding_id,
        "opened_on": finding.opened_on.isoformat(),
        "closed_on": finding.closed_on.isoformat() if finding.closed_on else "not closed",
        "text": finding.text,
    }
