"""The sentence that an alarm goes by: what was said a while ago says when that was."""

from dataclasses import replace

import pytest

from batteryd.domain.alarm import Alarm, Condition, Priority
from batteryd.rules.found import FOUND, Found, added_to
from batteryd.rules.headline import Headline, headline_of
from tests.builders import NOON_S, make_alarm, make_key

SAID = "module 5 of Rack A1 is 4.4 K above its 16 peers"
ADDED = "module 9 of Rack A1 is 0.8 K above its 16 peers"


def grown(*, why: str, count: int) -> Alarm:
    """An alarm that was medium, became critical ten minutes later, and had findings added."""
    found, place = Found(), make_key("s1/m05").component
    for number, priority in enumerate([Priority.MEDIUM, Priority.CRITICAL][:count]):
        at_s = NOON_S + 600 * number
        found.add("module_warmer", place, at_s=at_s, priority=priority, why=SAID)
    for number in range(2, count):
        at_s = NOON_S + 600 * number
        found.add("module_drifting", place, at_s=at_s, priority=Priority.MEDIUM, why=ADDED)
    evidence = {FOUND: found.written()}
    return make_alarm(raised_at_s=NOON_S, changed_at_s=NOON_S + 9000, why=why, evidence=evidence)


def test_the_most_urgent_sentence_stands_with_its_time_and_what_was_added_is_counted() -> None:
    headline = headline_of(grown(why=added_to(SAID, ADDED), count=4))

    assert headline == Headline(f"{SAID}. 3 more findings", NOON_S + 600, True)


def test_what_has_nothing_added_is_said_as_it_is() -> None:
    assert headline_of(grown(why=SAID, count=2)) == Headline(SAID, NOON_S + 600, True)


@pytest.mark.parametrize(
    ("after_s", "said"),
    [(0, SAID), (100, SAID), (7200, f"at 12:00: {SAID}"), (-60, f"at 12:00: {SAID}")],
)
def test_what_is_not_fresh_says_as_of_when(after_s: float, said: str) -> None:
    alarm = make_alarm(why=SAID, raised_at_s=NOON_S, changed_at_s=NOON_S)

    assert headline_of(alarm).as_of("12:00", now_s=NOON_S + after_s) == said


def test_where_people_did_something_since_it_was_said_by_then_at_the_latest() -> None:
    alarm = make_alarm(why=SAID, raised_at_s=NOON_S, changed_at_s=NOON_S + 3600)

    assert headline_of(alarm).as_of("13:00", now_s=NOON_S + 3610) == f"by 13:00: {SAID}"


def test_what_has_returned_is_said_with_the_words_of_its_end() -> None:
    over = replace(
        grown(why="back below 40.0 °C", count=3),
        condition=Condition.RETURNED_UNACKNOWLEDGED,
        returned_at_s=NOON_S + 9000,
    )

    assert headline_of(over) == Headline("back below 40.0 °C", NOON_S + 9000, True)
