"""The permit on paper: the decision in large words, every reason, who said what, who is there.

`permit_page` decides every word (pure); `permit_pdf` sets them in type.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby

from batteryd.domain.clearance import Clearance, Hold, HoldCode, ImpactedService
from batteryd.domain.work import Attestation, RiskAcceptance
from batteryd.report import paper_words as words
from batteryd.report.permit import BatteryLine, PermitView, Standing, standing_of
from batteryd.report.qr import qr_svg
from batteryd.report.typeset import Head, typeset

NO_INTERLOCK = (
    "This is decision support. It is not an interlock and not a lock-out/tag-out: it opens no"
    " contactor and keeps none open. Prove the absence of voltage on every rack before you touch"
    " it."
)
PAPER_IS_OLD = "Paper does not change when a rack is closed again. Scan the code before you start."

CHECKS: Mapping[HoldCode, str] = {
    HoldCode.LIFE_OVER: "warranty and recommended service life",
    HoldCode.FINDING_OPEN: "open inspection findings",
    HoldCode.CHARGE_TOO_HIGH: "state of charge, and voltage against it",
    HoldCode.NOT_ISOLATED: "isolation of every rack on the DC bus",
    HoldCode.NOT_OBSERVED: "readings that are there and fresh",
    HoldCode.ALARM_IN_ROOM: "alarms in the room",
    HoldCode.ATTESTATION_MISSING: "what named people attest",
    HoldCode.OWNER_NOT_NOTIFIED: "owners of dependent services",
    HoldCode.PERMIT_VOID: "validity, and changes since the GO",
}


def permit_pdf(view: PermitView) -> bytes:
    """Return the permit of a work order as it stands on record.

    Raises:
        TypesettingError: it could not be set in type.
    """
    is_cleared = standing_of(view) is Standing.CLEARED
    head = Head(
        # On every page: one of them may be all that somebody holds.
        title=f"Work permit – {'CLEARED' if is_cleared else 'NOT CLEARED'}",
        subject=view.order.work_order_id,
        as_of=words.instant(view.printed_at_s, view.zone),
        at_s=view.printed_at_s,
    )
    return typeset("permit", permit_page(view), head=head, images={"live.svg": qr_svg(view.url)})


def permit_page(view: PermitView) -> dict[str, object]:
    """Return what the template prints, all of it as text."""
    clearance, zone = view.deciding, view.zone
    return {
        "decision": decision_words(view),
        "url": view.url,
        "paper_is_old": PAPER_IS_OLD,
        "no_interlock": NO_INTERLOCK,
        "order": _order_facts(view),
        "holds": [] if clearance is None else hold_rows(clearance.holds, clearance, zone=zone),
        "warnings": []
        if clearance is None
        else hold_rows(clearance.warnings, clearance, zone=zone),
        "checks": [] if clearance is None else check_rows(clearance, asked=view.asked),
        "batteries": [_battery_row(line, view) for line in view.batteries],
        "attestations": [attestation_row(said, zone=zone) for said in view.attestations],
        "acceptances": [acceptance_row(risk, zone=zone) for risk in view.acceptances],
        "people": list(view.order.people),
        "services": [] if clearance is None else service_rows(clearance.impact),
    }


def decision_words(view: PermitView) -> dict[str, object]:
    """Return the words of the box at the top; `is_cleared` chooses its look."""
    standing = standing_of(view)
    is_cleared = standing is Standing.CLEARED
    return {
        "is_cleared": is_cleared,
        "word": "GO" if is_cleared else "HOLD",
        "permission": "CLEARED TO START" if is_cleared else "NOT CLEARED – DO NOT START",
        "recorded": "" if view.clearance is None else view.clearance.decision.value,
        "lines": list(_decision_lines(view, standing=standing)),
    }


def _decision_lines(view: PermitView, *, standing: Standing) -> Iterator[str]:
    order, zone = view.order, view.zone
    if standing is not Standing.CLEARED:
        yield f"Why: {standing.value}."
    if standing is Standing.REVOKED:
        because = "; ".join(order.revoked_because) or "no reason is on record"
        yield f"Revoked {words.instant(order.revoked_at_s, zone)}: {because}."
    if view.deciding is not None and view.deciding.holds:
        counts = sorted(Counter(hold.code for hold in view.deciding.holds).items())
        yield f"Reasons: {', '.join(f'{code} ({count})' for code, count in counts)}."
    if view.clearance is not None:
        yield from _record_lines(view.clearance, view)


def _record_lines(clearance: Clearance, view: PermitView) -> Iterator[str]:
    decided = words.instant_with_age(clearance.as_of_s, as_of_s=view.printed_at_s, zone=view.zone)
    yield f"{clearance.decision} decided {decided} this was printed."
    if clearance.valid_until_s is not None:
        yield f"Valid until {words.instant(clearance.valid_until_s, view.zone)}."


def hold_rows(holds: tuple[Hold, ...], clearance: Clearance, *, zone: str) -> list[dict[str, str]]:
    """Return one row a reason, with what was seen and how old it was."""
    return [
        {
            "code": hold.code.value,
            "subject": hold.subject,
            "text": hold.text,
            "evidence": words.evidence_words(hold.evidence, as_of_s=clearance.as_of_s, zone=zone),
        }
        for hold in holds
    ]


def check_rows(clearance: Clearance, *, asked: frozenset[HoldCode]) -> list[dict[str, str]]:
    """Return, for every check there is, what became of it in this decision."""
    return [
        {"code": code.value, "about": about, "outcome": _outcome(code, clearance, asked=asked)}
        for code, about in CHECKS.items()
    ]


def attestation_row(said: Attestation, *, zone: str) -> dict[str, str]:
    """Return who attested what, about what, and when."""
    about = said.battery or said.service or "the whole order"
    value = "" if said.value is None else f"{said.value:g} V"
    details = ", ".join(filter(None, (value, ", ".join(said.people), said.comment)))
    return {
        "what": said.kind.value.replace("_", " "),
        "about": about,
        "by": said.by,
        "at": words.instant(said.at_s, zone),
        "details": details,
    }


def acceptance_row(accepted: RiskAcceptance, *, zone: str) -> dict[str, str]:
    """Return which risk two people took on themselves, why and until when."""
    return {
        "code": accepted.code,
        "by": " and ".join(accepted.by),
        "at": words.instant(accepted.at_s, zone),
        "expires": words.instant(accepted.expires_at_s, zone),
        "reason": accepted.reason,
    }


def service_rows(impact: tuple[ImpactedService, ...]) -> list[dict[str, object]]:
    """Return the services that the work can take down, grade by grade in the order given."""
    return [
        {
            "grade": "unknown" if grade is None else f"grade {grade}",
            "services": [f"{service.name} (by {service.reached_by})" for service in found],
        }
        for grade, found in groupby(impact, key=lambda service: service.grade)
    ]


def _order_facts(view: PermitView) -> list[tuple[str, str]]:
    order = view.order
    return [
        ("Work", order.title or order.kind.value),
        ("Kind", order.kind.value),
        ("Planned", words.span(order.starts_at_s, order.ends_at_s, view.zone)),
        ("Where", view.place),
        ("Contractor", order.contractor or words.UNKNOWN),
        ("Opened by", f"{order.opened_by or words.UNKNOWN}, "
                      f"{words.instant(order.opened_at_s, view.zone)}"),
        ("State on record", order.state.value),
    ]  # fmt: skip


def _outcome(code: HoldCode, clearance: Clearance, *, asked: frozenset[HoldCode]) -> str:
    if code not in asked:
        return "not asked for this kind of work"
    holds = sum(hold.code is code for hold in clearance.holds)
    warnings = sum(hold.code is code for hold in clearance.warnings)
    parts = (
        f"holds ({holds})" if holds else "",
        f"warns ({warnings})" if warnings else "",
        "risk accepted" if code in clearance.accepted else "",
    )
    return ", ".join(filter(None, parts)) or "nothing found"


def _battery_row(line: BatteryLine, view: PermitView) -> dict[str, object]:
    battery = line.battery
    return {
        "asset_id": battery.asset_id,
        "rack": battery.rack or "",
        "role": "in scope" if line.is_in_scope else f"on {battery.dc_bus_id or 'its bus'}",
        "is_in_scope": line.is_in_scope,
        "soc": words.amount(line.soc_pct, "%", digits=0),
        "voltage": words.amount(line.voltage_v, "V"),
        "current": words.amount(line.current_a, "A"),
        "contactor": words.state(is_closed=line.contactor_closed),
        "breaker": words.state(is_closed=line.breaker_closed),
        "temperature": words.amount(line.temperature_c_max, "°C"),
        "age": words.UNKNOWN
        if line.observed_at_s is None
        else words.age(view.printed_at_s - line.observed_at_s),
    }
