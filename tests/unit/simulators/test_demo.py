"""What the demo changes about the rules that ship: patience with silence, and nothing else."""

import tomllib

import pytest

from batteryd.rules.kind import Subject
from batteryd.rules.rulebook_file import parse_rulebook
from simulators.demo import patient_rules
from simulators.scenario import find_scenario
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
    assert (silence.polls, silence.after_s.high) == (polls, high_s)  # type: ignore[attr-defined]
    shipped = {r.name: r for r in shipped_rulebook().effective(rack)}
    assert rules == {name: rule for name, rule in shipped.items() if name != "silence"}
