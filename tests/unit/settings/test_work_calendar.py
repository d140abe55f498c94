"""Planned work from a calendar: which events count, what they say, and every mistake at once."""

from pathlib import Path

import pytest

from batteryd.domain.inventory import Inventory
from batteryd.domain.work import WorkKind
from batteryd.errors import ConfigError
from batteryd.settings.files import SourceFile
from batteryd.settings.work_calendar import CalendarEvent, read_calendar
from tests.builders import NOON_S
from tests.work_site import read_inventory

# 2025-11-25, 21:00 to 23:00 in Seoul: noon and two in the afternoon, UTC.
EVENT = """\
BEGIN:VEVENT
UID:move-1@planning.example
DTSTAMP:20251101T000000Z
DTSTART;TZID=Asia/Seoul:20251125T210000
DTEND;TZID=Asia/Seoul:20251125T230000
SUMMARY:Move to the basement\\, part 1
ATTENDEE;CN=김민수:mailto:kim@example.org
ATTENDEE:mailto:lee@example.org
X-BATTERYD-KIND:relocate
X-BATTERYD-BATTERIES:R1, R2
END:VEVENT
"""
MARKS = "X-BATTERYD-KIND:relocate\nX-BATTERYD-BATTERIES:R1, R2\n"
START = "DTSTART;TZID=Asia/Seoul:20251125T210000\n"
END = "DTEND;TZID=Asia/Seoul:20251125T230000\n"


def calendar(*events: str) -> str:
    return "".join(
        ("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n", *events, "END:VCALENDAR\n")
    )


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    return read_inventory(tmp_path_factory.mktemp("site"))


def read(text: str, inventory: Inventory) -> tuple[CalendarEvent, ...]:
    file = SourceFile(Path("work.ics"), text.encode())
    return read_calendar(file, inventory=inventory)


def mistakes_in(text: str, inventory: Inventory) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        read(text, inventory)
    return [str(mistake) for mistake in refused.value.mistakes]


def test_an_event_with_properties_of_its_own_becomes_a_plan(inventory: Inventory) -> None:
    ((plan, is_cancelled),) = [(e.plan, e.is_cancelled) for e in read(calendar(EVENT), inventory)]

    assert not is_cancelled
    assert plan.kind is WorkKind.RELOCATE
    assert plan.batteries == ("R1", "R2")
    assert plan.people == ("김민수", "lee@example.org")
    assert (plan.starts_at_s, plan.ends_at_s) == (NOON_S, NOON_S + 7200)
    assert plan.title == "Move to the basement, part 1"
    assert plan.source == "move-1@planning.example"


@pytest.mark.parametrize(
    "line",
    [
        "batteryd: kind=relocate batteries=R1\\,R2",
        "Bring gloves.\\nBatteryd: batteries=R1\\,R2 kind=Relocate\\nCall Choi.",
        'batteryd: kind=relocate batteries="R1\\, R2"',
    ],
)
def test_a_line_of_the_description_says_the_same(inventory: Inventory, line: str) -> None:
    text = EVENT.replace(MARKS, f"DESCRIPTION:{line}\n")

    (event,) = read(calendar(text), inventory)

    assert (event.plan.kind, event.plan.batteries) == (WorkKind.RELOCATE, ("R1", "R2"))


def test_events_about_other_things_are_left_alone(inventory: Inventory) -> None:
    birthday = EVENT.replace(MARKS, "").replace(START, "DTSTART;VALUE=DATE:20251125\n")

    (event,) = read(calendar(birthday.replace("move-1", "cake"), EVENT), inventory)

    assert event.plan.source == "move-1@planning.example"


def test_an_event_may_say_how_long_it_takes(inventory: Inventory) -> None:
    (event,) = read(calendar(EVENT.replace(END, "DURATION:PT90M\n")), inventory)

    assert event.plan.ends_at_s == NOON_S + 5400


def test_a_cancelled_event_needs_nothing_but_its_uid(inventory: Inventory) -> None:
    text = EVENT.replace(START, "STATUS:CANCELLED\n").replace("R1, R2", "R77")

    (event,) = read(calendar(text), inventory)

    assert event.is_cancelled


def test_a_file_of_several_calendars_is_read_as_one(inventory: Inventory) -> None:
    second = EVENT.replace("move-1", "move-2")

    found = read(calendar(EVENT) + calendar(second), inventory)

    assert [event.plan.source[:6] for event in found] == ["move-1", "move-2"]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (START, f"{START}RRULE:FREQ=WEEKLY\n", "RRULE: one event for each piece of work"),
        (START, f"{START}RECURRENCE-ID:20251125T120000Z\n", "RECURRENCE-ID: one event"),
        (START, "DTSTART:20251125T210000\n", "DTSTART = 2025-11-25 21:00:00: one instant"),
        (START, "DTSTART;TZID=Mars/Olympus:20251125T210000\n", "in a known time zone"),
        (START, "DTSTART;VALUE=DATE:20251125\n", "DTSTART = 2025-11-25: one instant"),
        (START, "DTSTART:25.11.2025\n", "DTSTART = 25.11.2025: one instant"),
        (START, START + START, "one instant"),
        (END, "", "DTEND: one instant"),
        (END, "DTEND:20251125T110000Z\n", "to: an end that comes after the beginning"),
        (END, "DTEND:99991231T235959Z\n", "to: an instant from 1970 to 2999"),
        (END, "DURATION:P4000000D\n", "to: an instant from 1970 to 2999"),
        (END, "DURATION:two hours\n", "DURATION = two hours: a duration such as PT2H"),
        ("relocate", "move", "kind = move: one of relocate"),
        ("R1, R2", "R1, R22", "battery = R22: unknown battery; did you mean R2?"),
        ("UID:move-1@planning.example\n", "", "UID: a UID"),
        (
            "ATTENDEE;CN=김민수:mailto:kim@example.org\nATTENDEE:mailto:lee@example.org\n",
            "",
            "person: the name of everybody",
        ),
        (MARKS, 'DESCRIPTION:batteryd: kind="relocate\n', "No closing quotation"),
        (
            MARKS,
            "DESCRIPTION:batteryd: kind=test battery=R1\n",
            "batteryd = battery=R1: unknown word; did you mean batteries?",
        ),
    ],
)
def test_what_is_no_plan_is_refused(
    inventory: Inventory, before: str, after: str, told: str
) -> None:
    assert before in EVENT
    found = mistakes_in(calendar(EVENT.replace(before, after)), inventory)

    assert any(told in mistake for mistake in found), found
    assert all(mistake.startswith("work.ics: event 1") for mistake in found)


def test_every_mistake_of_every_event_is_told(inventory: Inventory) -> None:
    wrong = EVENT.replace("relocate", "move").replace(END, "")

    found = mistakes_in(calendar(wrong, wrong.replace("move-1", "move-2")), inventory)

    assert len(found) == 4
    assert {mistake[:18] for mistake in found} == {"work.ics: event 1 ", "work.ics: event 2 "}


def test_two_events_of_one_uid_are_a_mistake(inventory: Inventory) -> None:
    found = mistakes_in(calendar(EVENT, EVENT), inventory)

    assert found == [
        "work.ics: UID = move-1@planning.example: a UID that no other event has",
    ]


@pytest.mark.parametrize("content", [b"hello", b"\xff\xfe", b"BEGIN:VCALENDAR\nfoo\n"])
def test_what_is_no_calendar_is_refused(inventory: Inventory, content: bytes) -> None:
    with pytest.raises(ConfigError, match="an iCalendar file in UTF-8"):
        read_calendar(SourceFile(Path("work.ics"), content), inventory=inventory)
