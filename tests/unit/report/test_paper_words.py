"""Evidence as a line for people: ages, units, and no notation of a programming language."""

from batteryd.report.paper_words import evidence_words
from tests.builders import NOON_S


def test_evidence_reads_as_words_with_units_and_ages() -> None:
    evidence = {
        "soc_pct": 18.0,
        "contactor_closed": None,
        "observed_at": "2025-11-25T11:59:50Z",
        "accepted_by": ("Choi Eun", "Jung Ha"),
    }

    said = evidence_words(evidence, as_of_s=NOON_S, zone="UTC")

    assert said.startswith("soc 18 %; contactor closed unknown; observed 2025-11-25 11:59:50 UTC")
    assert "10 s" in said
    assert said.endswith("accepted by Choi Eun, Jung Ha")


def test_a_list_of_tables_is_said_one_after_the_other() -> None:
    rows = [
        {"room": "room-5b", "owner_notified_at": None},
        {"ups": "UPS-5", "owner_notified_at": "2025-11-25T11:00:00Z"},
    ]

    said = evidence_words({"grade": 4, "rows": rows}, as_of_s=NOON_S, zone="UTC")

    assert said.startswith("grade 4; rows: room room-5b; owner notified unknown / ups UPS-5; ")
    assert "{" not in said
    assert "None" not in said
