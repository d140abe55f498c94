"""PW-07: what named people attest before the work."""

from dataclasses import replace
from unicodedata import normalize

import pytest

from batteryd.clearance.checks_people import attestation_missing
from batteryd.clearance.matrix import MATRIX
from batteryd.clearance.wording import UNKNOWN_S
from batteryd.domain.work import Attestation, AttestationKind, WorkKind
from tests.clearances import AS_OF_S, ATTESTED, CREW, make_attestation, make_facts, make_order

BRIEFING = AttestationKind.BRIEFING


def briefed(*people: str) -> Attestation:
    return make_attestation(BRIEFING, people=people)


def without(kind: AttestationKind) -> tuple[Attestation, ...]:
    return tuple(said for said in ATTESTED if said.kind is not kind)


@pytest.mark.parametrize("missing", [said.kind for said in ATTESTED])
@pytest.mark.parametrize("kind", list(WorkKind))
def test_each_kind_of_work_wants_its_own_attestations(
    kind: WorkKind, missing: AttestationKind
) -> None:
    facts = make_facts(order=make_order(kind=kind), attestations=without(missing))

    holds = list(attestation_missing(facts))

    assert bool(holds) is (missing in MATRIX[kind].attested)
    assert all(hold.evidence["missing"] == [missing.value] for hold in holds)


def test_what_was_attested_for_other_work_is_not_attested_for_this() -> None:
    changed = make_order(changed_at_s=AS_OF_S - 1)
    before = tuple(replace(said, at_s=AS_OF_S - 1) for said in ATTESTED)
    after = tuple(replace(said, at_s=AS_OF_S) for said in ATTESTED)

    (hold,) = attestation_missing(make_facts(order=changed, attestations=before))

    assert hold.evidence["missing"] == [kind.value for kind in MATRIX[changed.kind].attested]
    assert not list(attestation_missing(make_facts(order=changed, attestations=after)))


@pytest.mark.parametrize(
    "changes",
    [
        {"by": ""},
        {"by": " \t"},
        {"at_s": AS_OF_S + 1},
        {"at_s": UNKNOWN_S},
        {"work_order_id": "WO-OTHER"},
        {"battery": "rack-2"},  # about another battery only
    ],
)
def test_what_nobody_known_said_or_not_yet_or_of_other_work_does_not_count(
    changes: dict[str, object],
) -> None:
    tools = make_attestation(AttestationKind.INSULATED_TOOLS, **changes)
    facts = make_facts(attestations=(*without(AttestationKind.INSULATED_TOOLS), tools))

    (hold,) = attestation_missing(facts)

    assert hold.text == "WO-5B-3: nobody has attested insulated tools"


def test_what_is_said_at_the_instant_of_the_check_counts() -> None:
    attestations = tuple(replace(said, at_s=AS_OF_S) for said in ATTESTED)

    assert not list(attestation_missing(make_facts(attestations=attestations)))


@pytest.mark.parametrize(
    ("about", "holds"), [(("rack-1",), True), (("rack-1", "rack-2"), False), (("rack-2",), True)]
)
def test_what_is_attested_battery_by_battery_has_to_cover_all_in_scope(
    about: tuple[str, ...], holds: bool
) -> None:
    kind = AttestationKind.INSULATED_CONDUCTORS
    each = tuple(make_attestation(kind, battery=battery) for battery in about)
    facts = make_facts(
        order=make_order(batteries=("rack-1", "rack-2")), attestations=(*without(kind), *each)
    )

    assert bool(list(attestation_missing(facts))) is holds


@pytest.mark.parametrize(
    ("briefings", "missed"),
    [
        ((briefed(*CREW),), None),
        ((briefed("  kim  MIN-JUN ", "Lee Seo-yeon"),), None),  # the same person, written otherwise
        ((briefed("Kim Min-jun"), briefed("Lee Seo-yeon")), None),  # two briefings add up
        ((briefed("Kim Min-jun"),), "Lee Seo-yeon was not at the briefing"),
        ((briefed(),), "Kim Min-jun and Lee Seo-yeon were not at the briefing"),
    ],
)
def test_the_briefing_has_to_cover_everyone_on_the_order(
    briefings: tuple[Attestation, ...], missed: str | None
) -> None:
    facts = make_facts(attestations=(*without(BRIEFING), *briefings))

    texts = [hold.text for hold in attestation_missing(facts)]

    assert texts == ([] if missed is None else [f"WO-5B-3: {missed}"])


def test_hangul_is_the_same_name_composed_or_not() -> None:
    composed = "김민준"
    decomposed = normalize("NFD", composed)
    facts = make_facts(
        order=make_order(people=(composed,)),
        attestations=(*without(BRIEFING), briefed(decomposed)),
    )

    assert composed != decomposed
    assert not list(attestation_missing(facts))


def test_a_blank_name_on_the_order_is_nobody_who_could_be_briefed() -> None:
    facts = make_facts(
        order=make_order(people=(" ",)), attestations=(*without(BRIEFING), briefed(" "))
    )

    assert len(list(attestation_missing(facts))) == 1


def test_an_order_without_people_is_one_of_which_nobody_is_known_to_be_briefed() -> None:
    (hold,) = attestation_missing(make_facts(order=make_order(people=())))

    assert hold.text == "WO-5B-3: it names no people, so nobody is known to be briefed"


def test_the_evidence_says_who_said_what_and_when() -> None:
    tools = make_attestation()

    (hold,) = attestation_missing(make_facts(attestations=(tools,)))

    assert hold.evidence["attested"] == [
        {"kind": "insulated_tools", "by": "Park Ji-ho", "at": "2025-09-26T10:01:44Z"}
    ]
    assert hold.evidence["people"] == list(CREW)
