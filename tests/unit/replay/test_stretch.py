"""A stretch of what was read under the configured rules and under others."""

from batteryd.domain.snapshot import failed_snapshot
from batteryd.replay.compare import Outcome
from batteryd.replay.stretch import try_rules
from tests.builders import NOON_S, make_layout, make_snapshot
from tests.rulebooks import make_asset, rulebook

RULES = """
[rule.module_temperature]
kind = "limit"
quantities = ["temperature_c"]
direction = "high"
setpoint = { medium = 40.0, critical = 50.0 }
[rule.silence]
kind = "silence"
polls = 3
after_s = { medium = 0.0 }
"""
STRICTER = RULES.replace("40.0", "38.0")
DEAF = RULES.replace("polls = 3", "polls = 30")


def polls(*degrees, begin_s=NOON_S):
    """Return a poll every 10 s; None is one that failed."""
    for number, value in enumerate(degrees):
        at_s = begin_s + 10 * number
        if value is None:
            yield failed_snapshot("rack-1", make_layout(), at_s=at_s, failure="timeout")
        else:
            yield make_snapshot(at_s=at_s, values={"s1/m02/t1:temperature_c": value})


def trial(snapshots, changed, *, from_s=NOON_S):
    return try_rules(
        snapshots,
        make_asset(),
        configured=rulebook(RULES),
        changed=rulebook(changed),
        from_s=from_s,
    )


def test_a_lower_setpoint_raises_what_was_not_raised_and_the_rest_earlier():
    found = trial(polls(24, 39, 24, 24, 39, 41, 24), STRICTER)

    assert [c.outcome for c in found.comparisons] == [Outcome.NEW, Outcome.CHANGED]
    assert [c.later_s for c in found.comparisons] == [0.0, -10.0]
    assert found.poll_count == 7


def test_a_silence_that_others_would_wait_out_is_no_longer_raised():
    found = trial(polls(24, 24, *[None] * 12, 24, 24), DEAF)

    assert [(c.outcome, c.before.key.rule) for c in found.comparisons] == [
        (Outcome.GONE, "silence")
    ]


def test_what_happened_before_the_stretch_is_learned_from_and_not_told():
    lead = polls(24, 39, 24, 24, begin_s=NOON_S - 3600)

    found = trial([*lead, *polls(24, 24)], STRICTER)

    assert found.comparisons == ()
    assert (found.poll_count, found.lead_s) == (2, 3600.0)


def test_the_same_rules_change_nothing():
    found = trial(polls(24, 41, 55, 24, None, None, None, None, None, 24), RULES)

    assert {c.outcome for c in found.comparisons} == {Outcome.SAME}
    assert len(found.comparisons) == 2
