"""Instants, spans, lists and names."""

import math

import pytest

from batteryd.clearance.wording import instant, instant_or_none, listed, span


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2.0 h"),
     (172_799, "48.0 h"), (172_800, "2.0 d")],
)  # fmt: skip
def test_a_span_is_told_in_the_unit_that_suits_it(seconds: float, text: str) -> None:
    assert span(seconds) == text


@pytest.mark.parametrize(
    ("items", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_a_list_reads_as_a_sentence(items: list[str], text: str) -> None:
    assert listed(items) == text


def test_an_instant_that_nobody_knows_says_so() -> None:
    assert instant(math.nan) == "an unknown time"
    assert instant_or_none(math.nan) is None
    assert instant_or_none(None) is None
    assert instant_or_none(0.0) == instant(0.0) == "1970-01-01T00:00:00Z"
