"""What a gap between polls costs, by its length and by what is known of it."""

import numpy as np
import pytest

from tests.racks import HOUR_S
from tests.still_racks import LEARNED_H, StillRack, raised_h, told, told_of

ONSET_H = LEARNED_H + 0.2


def warm(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
    heat[2] += 2.0 * (at_h >= ONSET_H)


def told_min(rack: StillRack, *, gap_s: float) -> float:
    """Return how many minutes after its onset a warm module is told, with a gap after the first."""
    first_s = next(rack.polls(0.1)).observed_at_s
    from_s = first_s + ONSET_H * HOUR_S + 65.0
    polls = (
        poll
        for poll in rack.polls(ONSET_H + 1.0, warm)
        if not from_s < poll.observed_at_s < from_s + gap_s - rack.poll_s
    )
    (at_h,) = raised_h(told_of("heat_peer", rack, polls))
    return (at_h - ONSET_H) * 60


def told_anew_min(gap_s: float) -> float:
    """Return when it is told where its delay begins after the gap."""
    return 1 + gap_s / 60 + 3


@pytest.mark.parametrize(
    ("poll_s", "gap_s", "is_none"),
    [
        (10.0, 60.0, True),
        (10.0, 90.0, False),
        (60.0, 180.0, True),  # three polls
        (60.0, 240.0, False),
    ],
)
def test_delays_begin_anew_after_a_gap_of_which_nobody_knows(
    poll_s: float, gap_s: float, *, is_none: bool
) -> None:
    rack = StillRack(poll_s=poll_s, soc_pct=lambda at_h: np.nan)

    expected = max(3, 1 + gap_s / 60) if is_none else told_anew_min(gap_s)
    assert told_min(rack, gap_s=gap_s) == pytest.approx(expected, abs=1.1)


@pytest.mark.parametrize(("gap_min", "is_pause"), [(14, True), (17, False)])
def test_a_gap_in_which_nothing_happened_costs_nothing_up_to_a_quarter_of_an_hour(
    gap_min: float, *, is_pause: bool
) -> None:
    after = told_min(StillRack(), gap_s=60 * gap_min)

    assert after == pytest.approx(1 + gap_min if is_pause else told_anew_min(60 * gap_min), abs=1.1)


@pytest.mark.parametrize(
    ("read_k", "after_polls"),
    [
        ((4.5, 9.0), 1),  # as fast as air may be
        ((5.5,), None),  # a wild reading
        ((5.5, 5.5), None),
        ((5.5, 5.5, 5.5), 2),
    ],
)
def test_the_air_is_believed_at_the_pace_of_air(
    read_k: tuple[float, ...], after_polls: int | None
) -> None:
    def ambient_c(at_h: float) -> float:
        number = round((at_h - ONSET_H) * 60)
        return 22.0 + (read_k[number] if 0 <= number < len(read_k) else 0.0)

    events = told("heat_room", StillRack(ambient_c=ambient_c), ONSET_H + 0.3, on_delay_s=0.0)

    assert raised_h(events) == (
        [] if after_polls is None else [pytest.approx(ONSET_H + after_polls / 60, abs=0.001)]
    )
