"""The two alarm machines as tables: which step leads where, and with which reason.

`lifecycle` walks them. docs/alarms.md has the same tables in words, and a test compares them.
"""

from enum import StrEnum
from types import MappingProxyType

from batteryd.domain.alarm import Condition, Suppression


class Reason(StrEnum):
    """What a step did, or why it was refused."""

    RAISED = "raised"
    RAISED_AGAIN = "raised_again"  # before anybody had acknowledged the last time
    WORSENED = "worsened"
    MORE_SEEN = "more_seen"
    RETURNED = "returned"
    ACKNOWLEDGED = "acknowledged"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    SHELF_TIME_OVER = "shelf_time_over"
    SUPPRESSED_BY_DESIGN = "suppressed_by_design"
    UNSUPPRESSED = "unsuppressed"
    OUT_OF_SERVICE = "out_of_service"
    BACK_IN_SERVICE = "back_in_service"
    # Refused:
    ALREADY_RAISED = "already_raised"
    NOT_ACTIVE = "not_active"
    NOTHING_TO_ACKNOWLEDGE = "nothing_to_acknowledge"
    ALREADY_ACKNOWLEDGED = "already_acknowledged"
    NOT_SUPPRESSED = "not_suppressed"
    IS_SHELVED = "is_shelved"
    IS_SUPPRESSED_BY_DESIGN = "is_suppressed_by_design"
    IS_OUT_OF_SERVICE = "is_out_of_service"
    SHELF_TIME_NOT_OVER = "shelf_time_not_over"
    SHELF_TIME_TOO_LONG = "shelf_time_too_long"
    SHELF_TIME_PAST = "shelf_time_past"
    PROTECTS_LIFE = "protects_life"


class Step(StrEnum):
    """What happens to an alarm."""

    RAISED = "raised"
    WORSENED = "worsened"
    MORE_SEEN = "more_seen"
    RETURNED = "returned"
    ACKNOWLEDGED = "acknowledged"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    SHELF_TIME_OVER = "shelf_time_over"
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "unsuppressed"
    TAKEN_OUT_OF_SERVICE = "taken_out_of_service"
    PUT_BACK_IN_SERVICE = "put_back_in_service"


_C, _S, _R = Condition, Suppression, Reason

# A row: where the step leads, and the reason. Where it leads nowhere, the reason is a refusal.
CONDITION_TABLE = MappingProxyType(
    {
        (_C.NORMAL, Step.RAISED): (_C.UNACKNOWLEDGED, _R.RAISED),
        (_C.NORMAL, Step.RETURNED): (_C.NORMAL, _R.NOT_ACTIVE),
        (_C.NORMAL, Step.ACKNOWLEDGED): (_C.NORMAL, _R.NOTHING_TO_ACKNOWLEDGE),
        (_C.UNACKNOWLEDGED, Step.RAISED): (_C.UNACKNOWLEDGED, _R.ALREADY_RAISED),
        (_C.UNACKNOWLEDGED, Step.WORSENED): (_C.UNACKNOWLEDGED, _R.WORSENED),
        (_C.UNACKNOWLEDGED, Step.MORE_SEEN): (_C.UNACKNOWLEDGED, _R.MORE_SEEN),
        (_C.UNACKNOWLEDGED, Step.RETURNED): (_C.RETURNED_UNACKNOWLEDGED, _R.RETURNED),
        (_C.UNACKNOWLEDGED, Step.ACKNOWLEDGED): (_C.ACKNOWLEDGED, _R.ACKNOWLEDGED),
        (_C.ACKNOWLEDGED, Step.RAISED): (_C.ACKNOWLEDGED, _R.ALREADY_RAISED),
        (_C.ACKNOWLEDGED, Step.WORSENED): (_C.UNACKNOWLEDGED, _R.WORSENED),
        (_C.ACKNOWLEDGED, Step.MORE_SEEN): (_C.ACKNOWLEDGED, _R.MORE_SEEN),
        (_C.ACKNOWLEDGED, Step.RETURNED): (_C.NORMAL, _R.RETURNED),
        (_C.ACKNOWLEDGED, Step.ACKNOWLEDGED): (_C.ACKNOWLEDGED, _R.ALREADY_ACKNOWLEDGED),
        (_C.RETURNED_UNACKNOWLEDGED, Step.RAISED): (_C.UNACKNOWLEDGED, _R.RAISED_AGAIN),
        (_C.RETURNED_UNACKNOWLEDGED, Step.RETURNED): (_C.RETURNED_UNACKNOWLEDGED, _R.NOT_ACTIVE),
        (_C.RETURNED_UNACKNOWLEDGED, Step.ACKNOWLEDGED): (_C.NORMAL, _R.ACKNOWLEDGED),
    }
)

# Only what moves; every other step is refused with what REFUSED_WHILE says.
SUPPRESSION_TABLE = MappingProxyType(
    {
        (_S.NONE, Step.SHELVED): (_S.SHELVED, _R.SHELVED),
        (_S.NONE, Step.SUPPRESSED): (_S.BY_DESIGN, _R.SUPPRESSED_BY_DESIGN),
        (_S.NONE, Step.TAKEN_OUT_OF_SERVICE): (_S.OUT_OF_SERVICE, _R.OUT_OF_SERVICE),
        (_S.SHELVED, Step.SHELVED): (_S.SHELVED, _R.SHELVED),  # for longer, or shorter
        (_S.SHELVED, Step.UNSHELVED): (_S.NONE, _R.UNSHELVED),
        (_S.SHELVED, Step.SHELF_TIME_OVER): (_S.NONE, _R.SHELF_TIME_OVER),
        (_S.SHELVED, Step.TAKEN_OUT_OF_SERVICE): (_S.OUT_OF_SERVICE, _R.OUT_OF_SERVICE),
        (_S.BY_DESIGN, Step.UNSUPPRESSED): (_S.NONE, _R.UNSUPPRESSED),
        (_S.BY_DESIGN, Step.TAKEN_OUT_OF_SERVICE): (_S.OUT_OF_SERVICE, _R.OUT_OF_SERVICE),
        (_S.OUT_OF_SERVICE, Step.PUT_BACK_IN_SERVICE): (_S.NONE, _R.BACK_IN_SERVICE),
    }
)

REFUSED_WHILE = MappingProxyType(
    {
        _S.NONE: _R.NOT_SUPPRESSED,
        _S.SHELVED: _R.IS_SHELVED,
        _S.BY_DESIGN: _R.IS_SUPPRESSED_BY_DESIGN,
        _S.OUT_OF_SERVICE: _R.IS_OUT_OF_SERVICE,
    }
)

REFUSALS = frozenset(
    {
        _R.ALREADY_RAISED,
        _R.NOT_ACTIVE,
        _R.NOTHING_TO_ACKNOWLEDGE,
        _R.ALREADY_ACKNOWLEDGED,
        _R.SHELF_TIME_NOT_OVER,
        _R.SHELF_TIME_TOO_LONG,
        _R.SHELF_TIME_PAST,
        _R.PROTECTS_LIFE,
        *REFUSED_WHILE.values(),
    }
)
