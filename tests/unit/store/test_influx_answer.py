import pytest

from batteryd.store.influx_answer import Verdict, judge, retry_after_s
from tests.builders import NOON_S


@pytest.mark.parametrize(
    ("status", "text", "verdict"),
    [
        (204, "", Verdict.ACCEPTED),
        (200, "", Verdict.ACCEPTED),
        (400, "unable to parse 'battery'", Verdict.REJECTED),
        (400, "partial write: points beyond retention policy dropped=3", Verdict.TOO_OLD),
        (422, "dropped 1 points outside retention policy", Verdict.TOO_OLD),
        (400, "partial write: field type conflict dropped=1", Verdict.REJECTED),
        (413, "Request Entity Too Large", Verdict.TOO_LARGE),
        (401, "authorization failed", Verdict.REFUSED),
        (403, "forbidden", Verdict.REFUSED),
        (404, 'database not found: "batteryd"', Verdict.REFUSED),
        (302, "Found", Verdict.REFUSED),
        (429, "", Verdict.UNAVAILABLE),
        (503, "", Verdict.UNAVAILABLE),
        (500, "timeout", Verdict.UNAVAILABLE),
        (502, "Bad Gateway", Verdict.UNREACHABLE),
    ],
)
def test_a_status_means_one_thing(status: int, text: str, verdict: Verdict) -> None:
    assert judge(status, text) is verdict


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        (None, 0),
        ("7", 7),
        ("Tue, 25 Nov 2025 12:00:30 GMT", 30),
        ("Tue, 25 Nov 2025 12:00:30 -0000", 30),
        ("Tue, 25 Nov 2025 11:00:00 GMT", 0),
        ("soon", 0),
        ("", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, wait_s: float) -> None:
    assert retry_after_s(header, now_s=NOON_S) == wait_s
