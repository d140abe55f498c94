"""A stretch that begins in the middle of an alarm says which alarms stood there."""

from batteryd.domain.alarm import Change
from batteryd.replay.playback import Playback
from batteryd.replay.stretch import since
from tests.builders import NOON_S, make_snapshot
from tests.rulebooks import make_asset, rulebook

RULES = """
[rule.module_temperature]
kind = "limit"
quantities = ["temperature_c"]
direction = "high"
setpoint = { medium = 40.0, critical = 50.0 }
"""


def of_stretch(*degrees, from_s):
    """Return change, setpoint and instant of what is said of a poll every 10 s."""
    snapshots = (
        make_snapshot(at_s=NOON_S + 10 * n, values={"s1/m02/t1:temperature_c": value})
        for n, value in enumerate(degrees)
    )
    events = Playback(rulebook(RULES), make_asset()).all_of(snapshots)
    return [(e.change, e.setpoint, e.at_s - NOON_S) for e in since(events, from_s=NOON_S + from_s)]


def test_an_alarm_that_stands_all_the_time_is_said_though_nothing_happens_to_it():
    assert of_stretch(24, 41, 51, 51, 51, from_s=30) == [(Change.RAISED, 50.0, 20)]


def test_an_alarm_that_ends_in_the_stretch_is_said_first():
    assert of_stretch(24, 41, 41, 41, 24, from_s=30) == [
        (Change.RAISED, 40.0, 10),
        (Change.RETURNED, 40.0, 40),
    ]


def test_what_was_over_before_the_stretch_is_not_said():
    assert of_stretch(24, 41, 24, 24, 41, from_s=30) == [(Change.RAISED, 40.0, 40)]
