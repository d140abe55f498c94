"""A status that the device itself calls unknown: it raises nothing, and it ends nothing."""

import numpy as np

from batteryd.domain.snapshot import Layout, Snapshot, parse_column
from tests.builders import NOON_S
from tests.rulebooks import make_engine

RULES = """
[rule.battery_status]
kind = "limit"
quantities = ["battery_status"]
direction = "high"
setpoint = { high = 3.0, critical = 4.0 }
says = "the device calls its battery low or depleted"
"""
UNKNOWN, NORMAL, LOW = 1, 2, 3
GOOD = np.zeros(1, dtype=np.uint8)


def said_of(*statuses: int, rules: str = RULES) -> list[tuple[str, str]]:
    """Return what becomes of the alarm in polls of ten seconds."""
    engine, layout = make_engine(rules), Layout.of([parse_column("-:battery_status")])
    polls = (
        Snapshot("rack-1", NOON_S + 10 * number, layout, np.array([float(s)]), GOOD)
        for number, s in enumerate(statuses)
    )
    return [
        (event.change.value, event.why)
        for poll in polls
        for event in engine.evaluate(poll, poll.observed_at_s)
    ]


def test_a_low_battery_that_is_unknown_afterwards_is_not_over() -> None:
    says = "the device calls its battery low or depleted (battery_status = 3)"

    assert [change for change, _ in said_of(NORMAL, LOW, UNKNOWN, UNKNOWN)] == ["raised"]
    assert said_of(LOW)[0][1].endswith(says)


def test_it_is_over_once_the_device_says_normal() -> None:
    assert [change for change, _ in said_of(LOW, UNKNOWN, NORMAL)] == ["raised", "returned"]


def test_an_unknown_status_raises_nothing_whatever_the_setpoint() -> None:
    normal_or_less = RULES.replace('"high"', '"low"').replace(
        "{ high = 3.0, critical = 4.0 }", "{ low = 2.0 }"
    )

    assert said_of(UNKNOWN, UNKNOWN, rules=normal_or_less) == []
    assert len(said_of(UNKNOWN, NORMAL, rules=normal_or_less)) == 1
