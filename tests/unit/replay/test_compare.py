"""Two sets of rules beside one another: what only one of them says, and what both say otherwise."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.domain.alarm import AlarmEvent, Change, Priority
from batteryd.domain.component import Scope
from batteryd.replay.compare import Outcome, compare
from batteryd.replay.spells import Spell, Spells
from tests.builders import NOON_S, make_key

HOT = Spell(make_key("s1/m02"), NOON_S, Priority.MEDIUM, "module 2 is 41.0 °C", NOON_S + 3600)


def event(change=Change.RAISED, priority=Priority.MEDIUM, *, at_s=NOON_S, component="s1/m02"):
    return AlarmEvent(
        key=make_key(component),
        change=change,
        at_s=at_s,
        scope=Scope.MODULE,
        priority=priority,
        quantity="temperature_c",
        value=41.0,
        setpoint=40.0,
        why="module 2 is 41.0 °C",
    )


def gathered(*events):
    spells = Spells()
    for one in events:
        spells.note(one)
    return spells


def outcomes(before, after):
    return [comparison.outcome for comparison in compare(before, after)]


def test_an_alarm_that_grows_is_one_spell_with_its_worst_priority():
    spells = gathered(
        event(),
        event(priority=Priority.CRITICAL, at_s=NOON_S + 60),
        event(Change.RETURNED, Priority.CRITICAL, at_s=NOON_S + 600),
    )

    (spell,) = spells.since(NOON_S)

    assert (spell.raised_at_s, spell.returned_at_s) == (NOON_S, NOON_S + 600)
    assert spell.priority is Priority.CRITICAL


def test_what_was_over_before_the_stretch_does_not_count_and_what_stood_then_does():
    spells = gathered(
        event(at_s=NOON_S - 900),
        event(Change.RETURNED, at_s=NOON_S - 600),
        event(at_s=NOON_S - 300, component="s1/m03"),
    )

    assert [str(s.key.component) for s in spells.since(NOON_S)] == ["s1/m03"]


def test_an_end_without_a_beginning_is_nothing():
    assert gathered(event(Change.RETURNED)).since(0.0) == ()


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (None, HOT, Outcome.NEW),
        (HOT, None, Outcome.GONE),
        (HOT, HOT, Outcome.SAME),
        (HOT, replace(HOT, why="module 2 is 41.0 °C, above 39.0 °C"), Outcome.SAME),
        (HOT, replace(HOT, raised_at_s=NOON_S - 600), Outcome.CHANGED),
        (HOT, replace(HOT, priority=Priority.CRITICAL), Outcome.CHANGED),
        (HOT, replace(HOT, returned_at_s=None), Outcome.SAME),
    ],
)
def test_one_alarm_under_two_sets_of_rules(before, after, outcome):
    found = compare([before] if before else [], [after] if after else [])

    assert [comparison.outcome for comparison in found] == [outcome]


def test_how_much_earlier_or_later_is_said():
    (earlier,) = compare([HOT], [replace(HOT, raised_at_s=NOON_S - 600)])
    (later,) = compare([HOT], [replace(HOT, raised_at_s=NOON_S + 60)])

    assert (earlier.later_s, later.later_s) == (-600.0, 60.0)


def test_the_same_alarm_on_another_day_is_another_trouble():
    tomorrow = replace(HOT, raised_at_s=NOON_S + 86_400, returned_at_s=NOON_S + 90_000)

    assert outcomes([HOT], [tomorrow]) == [Outcome.GONE, Outcome.NEW]


def test_an_alarm_that_another_rule_set_raises_twice_is_matched_once():
    again = replace(HOT, raised_at_s=NOON_S + 1800, returned_at_s=NOON_S + 3600)
    short = replace(HOT, returned_at_s=NOON_S + 900)

    assert outcomes([HOT], [short, again]) == [Outcome.SAME, Outcome.NEW]


def spell_of(found):
    module, begins_s, length_s = found
    key = make_key(f"s1/m{module:02d}")
    return replace(HOT, key=key, raised_at_s=begins_s, returned_at_s=begins_s + length_s)


# One alarm has no two spells at the same time, so each module has one here.
spans = st.lists(
    st.tuples(st.integers(1, 17), st.floats(0, 1000), st.floats(1, 500)), unique_by=lambda s: s[0]
).map(lambda found: sorted(map(spell_of, found), key=lambda spell: spell.raised_at_s))


@given(spans, spans)
def test_every_spell_is_told_exactly_once(before, after):
    found = compare(before, after)

    key = str
    assert sorted((c.before for c in found if c.before), key=key) == sorted(before, key=key)
    assert sorted((c.after for c in found if c.after), key=key) == sorted(after, key=key)
    begins = [c.begins_s for c in found]
    assert begins == sorted(begins)


@given(spans)
def test_the_same_rules_change_nothing(spells):
    found = compare(spells, spells)

    assert [c.outcome for c in found] == [Outcome.SAME] * len(spells)
