"""Why a device is silent: what failed since it was last heard, and nothing from before."""

from batteryd.domain.snapshot import EMPTY_LAYOUT, failed_snapshot
from tests.builders import NOON_S, make_snapshot
from tests.rulebooks import make_engine

RULES = '[rule.silence]\nkind = "silence"\npolls = 3\nafter_s = { medium = 0.0 }\n'


def test_a_failure_that_a_good_poll_has_followed_explains_no_later_silence() -> None:
    engine = make_engine(RULES)
    failed = failed_snapshot("rack-1", EMPTY_LAYOUT, at_s=NOON_S, failure="timeout: no answer")
    engine.evaluate(failed, NOON_S)
    engine.evaluate(make_snapshot(at_s=NOON_S + 10), NOON_S + 10)

    (event,) = (e for second in range(11, 50) for e in engine.tick(NOON_S + second))

    assert event.why == "Rack 1: no answer for 30 s, since 2025-11-25T12:00:10Z"
