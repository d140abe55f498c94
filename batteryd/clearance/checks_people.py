"""PW-07: whether named people have attested what has to be true before the work.

Which attestations that are depends on the kind of work (see `matrix`). One counts where somebody is
named, it is about this order, and it was said by the time of the check, but not before the order
became other work (another kind, other batteries): tools and briefings are for what was planned. One
about a single battery counts for that battery only. The briefing has to cover everyone on the
order; several briefings add up. An order without people is one of which nobody is known to be
briefed.
"""

from collections.abc import Iterator

from batteryd.clearance.facts import Facts
from batteryd.clearance.matrix import MATRIX
from batteryd.clearance.wording import instant, listed
from batteryd.domain.clearance import Hold, HoldCode
from batteryd.domain.person import name_as_read
from batteryd.domain.work import Attestation, AttestationKind

_WORDS = {
    AttestationKind.BRIEFING: "the briefing",
    AttestationKind.INSULATED_TOOLS: "insulated tools",
    AttestationKind.INSULATED_CONDUCTORS: "insulated conductors",
    AttestationKind.SUPERVISOR_ON_SITE: "a supervisor on site",
    AttestationKind.CONTRACTOR_IS_AWARDED_FIRM: "that the contractor is the awarded firm",
}


def attestation_missing(facts: Facts) -> Iterator[Hold]:
    """PW-07: hold with everything that nobody has attested yet."""
    counting = [attestation for attestation in facts.attestations if _counts(attestation, facts)]
    wanted = MATRIX[facts.order.kind].attested
    missing = [kind for kind in wanted if not _is_covered(kind, counting, facts)]
    against = [f"nobody has attested {listed(_WORDS[kind] for kind in missing)}"] if missing else []
    unbriefed = _unbriefed(counting, facts) if AttestationKind.BRIEFING not in missing else []
    against += unbriefed
    if not against:
        return
    order_id = facts.order.work_order_id
    evidence = {
        "missing": [kind.value for kind in missing],
        "attested": [
            {"kind": said.kind.value, "by": said.by, "at": instant(said.at_s)} for said in counting
        ],
        "people": list(facts.order.people),
    }
    text = f"{order_id}: {listed(against)}"
    yield Hold(HoldCode.ATTESTATION_MISSING, order_id, text, evidence)


def _counts(attestation: Attestation, facts: Facts) -> bool:
    changed_at_s = facts.order.changed_at_s
    return (
        attestation.work_order_id == facts.order.work_order_id
        and bool(name_as_read(attestation.by))
        and attestation.at_s <= facts.as_of_s
        and (changed_at_s is None or attestation.at_s > changed_at_s)
    )


def _is_covered(kind: AttestationKind, counting: list[Attestation], facts: Facts) -> bool:
    about = {attestation.battery for attestation in counting if attestation.kind is kind}
    return None in about or (bool(about) and about.issuperset(facts.order.batteries))


def _unbriefed(counting: list[Attestation], facts: Facts) -> list[str]:
    if not facts.order.people:
        return ["it names no people, so nobody is known to be briefed"]
    briefings = (a for a in counting if a.kind is AttestationKind.BRIEFING)
    briefed = {name_as_read(person) for briefing in briefings for person in briefing.people} - {""}
    missed = [person for person in facts.order.people if name_as_read(person) not in briefed]
    was = "was" if len(missed) == 1 else "were"
    return [f"{listed(missed)} {was} not at the briefing"] if missed else []
