"""The clearance report of a work order: all that was recorded, by whom, with its evidence."""

import json
from dataclasses import replace
from typing import Any

import pytest

from batteryd.domain.work import WorkOrder, WorkState
from batteryd.report.clearance_pdf import DECISIONS_MAX, clearance_page, clearance_pdf
from batteryd.report.work_history import (
    Recorded,
    WorkEntry,
    WorkHistory,
    history_as_json,
    summary_of,
)
from tests.papers import EVENING_S, GO, HOLD, HOUR_S, ORDER, permit_view, text_of

PLANNED = replace(ORDER, state=WorkState.PLANNED, cleared_at_s=None, cleared_until_s=None)
REVOKED = replace(
    ORDER,
    state=WorkState.REVOKED,
    revoked_at_s=EVENING_S + 60,
    revoked_because=("PW-04 NIRS-5F-R2: the contactor is closed",),
)
BRIEFING, ABSENCE = permit_view().attestations
ACCEPTANCE = permit_view().acceptances[0]


def entry(seq: int, action: str, value: Recorded, *, actor: str = "김민준") -> WorkEntry:
    return WorkEntry(seq, EVENING_S + seq, actor, action, "", value)


EVENING = WorkHistory(
    order=REVOKED,
    entries=(
        entry(11, "opened", PLANNED),
        entry(12, "checked", HOLD),
        entry(15, "attested", ABSENCE, actor="박지훈"),
        entry(16, "accepted the risk", ACCEPTANCE, actor="최지우 and Anna Köhler"),
        entry(17, "checked", GO),
        entry(18, "cleared", ORDER),
        entry(40, "revoked", REVOKED, actor="batteryd"),
    ),
    place="대전, 5F",
    zone="Asia/Seoul",
    made_at_s=EVENING_S + HOUR_S,
    ledger_seq=41,
    ledger_hash="5e" * 32,
)


def test_every_entry_is_there_with_its_number_its_person_and_its_time() -> None:
    text = text_of(clearance_pdf(EVENING))

    assert "11 2025-09-26 19:26:11 KST 김민준 order opened relocate of NIRS-5F-R1" in text
    assert (
        "15 2025-09-26 19:26:15 KST 박지훈 attested absence of voltage, NIRS-5F-R1, 0.3 V" in text
    )
    assert "40 2025-09-26 19:26:40 KST batteryd order revoked cleared to revoked; PW-04" in text


def test_every_decision_is_printed_with_its_reasons_and_their_evidence() -> None:
    page: dict[str, Any] = clearance_page(EVENING)

    assert [(d["decision"], d["seq"], len(d["holds"])) for d in page["decisions"]] == [
        ("HOLD", "12", 2),
        ("GO", "17", 0),
    ]
    assert page["decisions"][0]["holds"][0]["evidence"].startswith("soc 90 %; observed 2025-09-26")
    assert page["decisions"][1]["accepted"] == "PW-01"


def test_the_report_ends_with_where_the_ledger_ended() -> None:
    text = text_of(clearance_pdf(EVENING)).replace(" ", "")

    assert f"entry41,{'5e' * 32}" in text
    assert "notaninterlock" in text


@pytest.mark.parametrize(
    ("after", "before", "said"),
    [
        (ORDER, PLANNED, "planned to cleared"),
        (replace(ORDER, cleared_until_s=EVENING_S), ORDER, "as it was"),
        (REVOKED, ORDER, "cleared to revoked; PW-04 NIRS-5F-R2: the contactor is closed"),
        (replace(PLANNED, starts_at_s=EVENING_S), PLANNED, "starts changed"),
        (replace(PLANNED, people=("이서연",), title="x"), PLANNED, "people changed; title changed"),
    ],
)
def test_an_order_is_told_by_what_changed(after: WorkOrder, before: WorkOrder, said: str) -> None:
    assert summary_of(entry(1, "x", after), before, zone="UTC") == said


def test_the_json_has_every_field_of_every_entry() -> None:
    found = json.loads(json.dumps(history_as_json(EVENING)))

    assert [(e["seq"], e["kind"]) for e in found["entries"]][2:5] == [
        (15, "attestation"),
        (16, "risk acceptance"),
        (17, "decision"),
    ]
    assert found["entries"][1]["value"]["holds"][0]["evidence"]["soc_pct"] == 90.0
    assert found["work_order"]["revoked_because"] == ["PW-04 NIRS-5F-R2: the contactor is closed"]
    assert found["ledger_head"] == {"seq": 41, "hash": "5e" * 32}


def test_what_is_not_printed_is_said() -> None:
    checked = tuple(entry(seq, "checked", GO) for seq in range(1, DECISIONS_MAX + 6))
    page: dict[str, Any] = clearance_page(replace(EVENING, entries=checked))

    assert len(page["decisions"]) == DECISIONS_MAX
    assert page["omissions"] == [
        f"The first {DECISIONS_MAX} of {DECISIONS_MAX + 5} decisions are printed;"
        " the JSON has them all."
    ]


def test_an_order_of_which_nothing_was_decided_says_so() -> None:
    history = replace(EVENING, order=PLANNED, entries=(entry(11, "opened", PLANNED),))

    text = text_of(clearance_pdf(history))

    assert "None was recorded." in text
    assert "Started not yet" in text
