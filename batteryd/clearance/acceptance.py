"""When two people may take a risk on themselves: for PW-01 and PW-02, with a reason, for a while.

Nothing else can be accepted: charge, isolation, missing data and alarms are not opinions. Who took
the risk of findings knew of those that were open then, and of no other. An acceptance that does not
lift is no mistake either; the hold stays and its evidence says why.
"""

from batteryd.clearance.checks_life import open_findings
from batteryd.clearance.facts import Facts
from batteryd.clearance.scope import in_scope
from batteryd.clearance.wording import instant
from batteryd.domain.clearance import HoldCode
from batteryd.domain.person import name_as_read
from batteryd.domain.work import RiskAcceptance

ACCEPTABLE = (HoldCode.LIFE_OVER, HoldCode.FINDING_OPEN)
SIGNER_COUNT_MIN = 2


def acceptance_of(code: HoldCode, *, facts: Facts) -> RiskAcceptance | None:
    """Return the risk acceptance that lifts a code for longest; None where none does."""
    lifting = (a for a in _about(code, facts) if not why_not(a, facts=facts))
    return max(lifting, key=lambda acceptance: acceptance.expires_at_s, default=None)


def refusals(code: HoldCode, *, facts: Facts) -> tuple[str, ...]:
    """Return, for each risk acceptance of a code that lifts nothing, why."""
    return tuple(reason for a in _about(code, facts) if (reason := why_not(a, facts=facts)))


def why_not(acceptance: RiskAcceptance, *, facts: Facts) -> str:
    """Return why a risk acceptance lifts nothing; "" where it does."""
    signers = {name_as_read(name) for name in acceptance.by} - {""}
    changed_at_s = facts.order.changed_at_s
    unknown = _findings_since(acceptance, facts)
    reasons = (
        (acceptance.code not in ACCEPTABLE, f"{acceptance.code} cannot be accepted"),
        (
            len(signers) < SIGNER_COUNT_MIN,
            f"two different people have to sign, here: {', '.join(acceptance.by) or 'nobody'}",
        ),
        (not acceptance.reason.strip(), "it gives no reason"),
        (
            not acceptance.at_s <= facts.as_of_s,
            f"it is of {instant(acceptance.at_s)}, in the future",
        ),
        (
            changed_at_s is not None and not changed_at_s < acceptance.at_s,
            f"it is of {instant(acceptance.at_s)}, before this became other work",
        ),
        (bool(unknown), f"nobody who signed it knew of {', '.join(unknown)}"),
        (
            not facts.as_of_s < acceptance.expires_at_s,
            f"it expired at {instant(acceptance.expires_at_s)}",
        ),
    )
    return "; ".join(reason for stands, reason in reasons if stands)


def _findings_since(acceptance: RiskAcceptance, facts: Facts) -> tuple[str, ...]:
    """Return the open findings in scope that an acceptance does not know."""
    if acceptance.code != HoldCode.FINDING_OPEN or acceptance.findings is None:
        return ()
    still_open = (f for b in in_scope(facts) for f in open_findings(facts, asset_id=b.asset_id))
    return tuple(f.finding_id for f in still_open if f.finding_id not in acceptance.findings)


def _about(code: HoldCode, facts: Facts) -> tuple[RiskAcceptance, ...]:
    order_id = facts.order.work_order_id
    return tuple(
        acceptance
        for acceptance in facts.acceptances
        if acceptance.code == code and acceptance.work_order_id == order_id
    )
