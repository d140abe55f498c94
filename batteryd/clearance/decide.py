"""GO or HOLD: every check that applies to this kind of work, less the risks that people took.

GO needs that no check holds. It ends by itself: with the planned work, after the longest time that
a GO may last, or when a risk acceptance it rests on expires, whichever comes first.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from batteryd.clearance.acceptance import acceptance_of, refusals
from batteryd.clearance.checks import CHECKS, REMARKS
from batteryd.clearance.facts import Facts
from batteryd.clearance.matrix import MATRIX
from batteryd.clearance.services import impact_of
from batteryd.clearance.wording import instant
from batteryd.domain.clearance import Clearance, Decision, Hold, HoldCode
from batteryd.domain.work import RiskAcceptance


def decide(facts: Facts) -> Clearance:
    """Return the decision on a work order, with every reason."""
    demands = MATRIX[facts.order.kind]
    found = {code: tuple(CHECKS[code](facts)) for code in demands.holds}
    accepted = {
        code: acceptance
        for code, holds in found.items()
        if holds and (acceptance := acceptance_of(code, facts=facts)) is not None
    }
    holds = tuple(
        _with_refusals(hold, facts)
        for code, held in found.items()
        if code not in accepted
        for hold in held
    )
    return Clearance(
        work_order_id=facts.order.work_order_id,
        decision=Decision.HOLD if holds else Decision.GO,
        as_of_s=facts.as_of_s,
        holds=holds,
        warnings=tuple(_warnings(found, accepted, facts)),
        accepted=tuple(accepted),
        impact=impact_of(facts),
        valid_until_s=None if holds else _valid_until_s(accepted, facts),
    )


def _warnings(
    found: Mapping[HoldCode, tuple[Hold, ...]],
    accepted: Mapping[HoldCode, RiskAcceptance],
    facts: Facts,
) -> Iterator[Hold]:
    for code in HoldCode:
        if code in accepted:
            yield from (_taken_on(hold, accepted[code]) for hold in found[code])
        if code in MATRIX[facts.order.kind].warns:
            yield from CHECKS[code](facts)
        if code in found and code in REMARKS:
            yield from REMARKS[code](facts)


def _taken_on(hold: Hold, acceptance: RiskAcceptance) -> Hold:
    until, by = instant(acceptance.expires_at_s), list(acceptance.by)
    taken = {"accepted_by": by, "accepted_until": until, "accepted_because": acceptance.reason}
    text = f"{hold.text}; accepted by {' and '.join(by)} until {until}: {acceptance.reason}"
    return replace(hold, text=text, evidence={**hold.evidence, **taken})


def _with_refusals(hold: Hold, facts: Facts) -> Hold:
    why = refusals(hold.code, facts=facts)
    if not why:
        return hold
    return replace(hold, evidence={**hold.evidence, "risk_acceptance": list(why)})


def _valid_until_s(accepted: Mapping[HoldCode, RiskAcceptance], facts: Facts) -> float:
    expiries = (acceptance.expires_at_s for acceptance in accepted.values())
    return min(facts.order.ends_at_s, facts.as_of_s + facts.limits.go_valid_s, *expiries)
