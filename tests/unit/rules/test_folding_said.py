"""What is said of findings that were added to an alarm: each once, and never as if it were now."""

from batteryd.domain.alarm import AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.component import Scope, parse_component
from batteryd.rules.folding import GRACE_S
from batteryd.rules.found import added_to
from tests.folded import Desk
from tests.listed import listed
from tests.rulebooks import shipped_rulebook

WARM = "module 7 of Rack A2 is 20.9 K above its 16 peers, both sensors, no load, rising for 4 min"
BESIDE = "module 8 of Rack A2 is 4.3 K above its 16 peers, both sensors, no load"
NOON_S = 1_764_072_000.0  # 2025-11-25T12:00:00Z


def said(rule: str, why: str, *, at_s: float, change: Change = Change.RAISED) -> AlarmEvent:
    """Return what a rule says of module 7."""
    is_limit = rule == "module_temperature"
    return AlarmEvent(
        key=AlarmKey("north", "A-R2", parse_component("s1/m07"), rule),
        change=change,
        at_s=at_s,
        scope=Scope.MODULE,
        priority=Priority.CRITICAL,
        quantity="temperature_c",
        value=50.0 if is_limit else 20.9,
        setpoint=50.0 if is_limit else 8.0,
        why=why,
    )


def test_what_a_detector_added_to_its_own_sentence_is_listed_without_that_sentence() -> None:
    desk = Desk(shipped_rulebook())
    desk.fold(said("module_temperature", "at 50.0 °C", at_s=NOON_S), now_s=NOON_S)
    desk.fold(said("module_warmer", WARM, at_s=NOON_S + 60), now_s=NOON_S + 60)

    (more,) = desk.fold(
        said("module_warmer", added_to(WARM, BESIDE), at_s=NOON_S + 600), now_s=NOON_S + 600
    )

    assert more.why == added_to("at 50.0 °C", BESIDE)
    assert [entry["why"] for entry in listed(more.evidence["found"])] == [
        "at 50.0 °C",
        WARM,
        BESIDE,
    ]


def test_what_is_told_half_an_hour_after_its_alarm_says_when_its_figures_were_true() -> None:
    desk = Desk(shipped_rulebook())
    desk.fold(said("module_temperature", "at 50.0 °C", at_s=NOON_S), now_s=NOON_S)
    desk.fold(said("module_warmer", WARM, at_s=NOON_S + 60), now_s=NOON_S + 60)
    end = said("module_temperature", "back", at_s=NOON_S + 3600, change=Change.RETURNED)
    desk.fold(end, now_s=end.at_s)

    (told,) = desk.fold(now_s=end.at_s + GRACE_S)

    assert told.why == f"found at 2025-11-25T12:01:00Z and not over yet: {WARM}"
    assert (told.value, told.setpoint) == (None, None)  # nobody has measured it again
    assert (told.key.rule, told.priority) == ("module_warmer", Priority.CRITICAL)
    assert not told.is_addition
