"""The word on a work order: GO only where it was said a moment ago and stands."""

import pytest

from batteryd.domain.clearance import Clearance, HoldCode
from batteryd.domain.work import WorkOrder, WorkState
from batteryd.web.order import Decided, Tone, verdict_on
from tests.builders import NOON_S
from tests.looks import make_clearance, make_order

CLEARED = make_order(state=WorkState.CLEARED)
STARTED = make_order(state=WorkState.STARTED, started_at_s=NOON_S - 60)
GO = make_clearance()
HOLD = make_clearance(HoldCode.NOT_ISOLATED, HoldCode.FINDING_OPEN)


@pytest.mark.parametrize(
    ("order", "clearance", "word", "because"),
    [
        (CLEARED, GO, "GO", "No check holds. Work may begin."),
        (STARTED, GO, "GO", "No check holds. Work has begun."),
        (make_order(), GO, "NOT CLEARED", "nobody has asked for the GO"),
        (make_order(), None, "HOLD", "Nobody has checked it yet."),
        (CLEARED, None, "HOLD", "Nobody has checked it yet."),
        (make_order(), HOLD, "HOLD", "2 reasons. Do not begin."),
        (make_order(), make_clearance(HoldCode.LIFE_OVER), "HOLD", "1 reason. Do not begin."),
        (STARTED, HOLD, "HOLD", "Stop work and leave the batteries"),
        (make_order(state=WorkState.REVOKED), GO, "HOLD", "The GO was revoked. Do not begin."),
        (
            make_order(state=WorkState.REVOKED, started_at_s=NOON_S),
            GO,
            "HOLD",
            "The GO was revoked. Stop work and leave the batteries",
        ),
        (make_order(state=WorkState.CLOSED), GO, "CLOSED", "over"),
        (CLEARED, make_clearance(as_of_s=NOON_S - 60), "GO", "No check holds"),
        (CLEARED, make_clearance(as_of_s=NOON_S - 61), "HOLD", "that is 1 min ago"),
        (CLEARED, make_clearance(as_of_s=NOON_S - 9000), "HOLD", "that is 2 h ago"),
        (CLEARED, make_clearance(valid_until_s=NOON_S), "GO", "No check holds"),
        (CLEARED, make_clearance(valid_until_s=NOON_S - 1), "HOLD", "The GO has run out."),
        (CLEARED, make_clearance(valid_until_s=None), "HOLD", "The GO has run out."),
    ],
)
def test_the_word_and_the_sentence_under_it(
    order: WorkOrder, clearance: Clearance | None, word: str, because: str
) -> None:
    verdict = verdict_on(Decided(order, clearance), now_s=NOON_S)

    assert verdict.word == word
    assert because in verdict.because


def test_nothing_but_a_go_is_green() -> None:
    for state in WorkState:
        for clearance in (None, GO, HOLD):
            verdict = verdict_on(Decided(make_order(state=state), clearance), now_s=NOON_S)

            assert (verdict.tone is Tone.GO) is (verdict.word == "GO")
