"""What the demo changes about the rules that ship, and how it prints what happens."""

import tomllib
from dataclasses import replace

import pytest

from batteryd.domain.alarm import Priority
from batteryd.rules.found import added_to
from batteryd.rules.kind import Subject
from batteryd.rules.rulebook_file import parse_rulebook
from batteryd.rules.silence import SilenceSettings
from simulators.demo import patient_rules, told
from simulators.scenario import find_scenario
from tests.builders import make_alarm
from tests.rulebooks import SHIPPED, shipped_rulebook


@pytest.mark.parametrize(("speedup", "polls", "high_s"), [(1, 3, 60.0), (60, 9, 180.0)])
@pytest.mark.parametrize("at_work", [False, True])
def test_a_fast_clock_is_patient_with_silence_during_work_too(
    speedup: float, polls: int, high_s: float, at_work: bool
) -> None:
    text = patient_rules(SHIPPED.read_text(), find_scenario("daejeon"), speedup=speedup)
    rack = Subject("UPS-5-R1", "nirs-daejeon", at_work=at_work)

    rules = {r.name: r for r in parse_rulebook(tomllib.loads(text)).effective(rack)}

    silence = rules.pop("silence").settings
    assert isinstance(silence, SilenceSettings)
    assert (silence.polls, silence.after_s.high) == (polls, high_s)
    shipped = {r.name: r for r in shipped_rulebook().effective(rack)}
    assert rules == {name: rule for name, rule in shipped.items() if name != "silence"}


def test_what_is_added_to_an_alarm_is_printed_as_no_alarm_of_its_own() -> None:
    alarm = make_alarm(why="module 5 of Rack A1 is 4.4 K above its 16 peers")
    raised = alarm.as_event(at_s=alarm.raised_at_s)
    addition = "module 6 of Rack A1 is 2.1 K above its 16 peers"
    more = replace(raised, why=added_to(alarm.why, addition), is_addition=True)

    assert told(alarm, raised) == f"{Priority.HIGH.text:<8}  {alarm.why}"
    assert told(replace(alarm, why=more.why), more) == f"added     {addition}"
