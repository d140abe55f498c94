"""What a server's answer to a write means for the follower: one table from status to verdict."""

from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """What became of a body, as far as it changes what is done next."""

    ACCEPTED = "accepted"
    TOO_OLD = "too_old"  # refused for the server's own retention: it will never be wanted
    TOO_LARGE = "too_large"
    REJECTED = "rejected"  # a line of the body is wrong
    REFUSED = "refused"  # credentials, address or database: an operator must mend something
    UNAVAILABLE = "unavailable"  # the server is there and cannot take more now
    UNREACHABLE = "unreachable"  # nobody is there: the server may have been killed


class Answer(NamedTuple):
    """A verdict with the server's own words. `retry_after` is the header as it came."""

    verdict: Verdict
    text: str = ""
    retry_after: str | None = None


_BY_STATUS = {
    400: Verdict.REJECTED,
    408: Verdict.UNAVAILABLE,
    413: Verdict.TOO_LARGE,
    422: Verdict.REJECTED,
    429: Verdict.UNAVAILABLE,
    502: Verdict.UNREACHABLE,  # a proxy in front of it did not reach the server
}


def judge(status: int, text: str) -> Verdict:
    """Return the verdict of an HTTP answer.

    InfluxDB 1.x says `partial write: points beyond retention policy dropped=N` with a 400, 2.x the
    like with a 422; everything else of such a body is written.
    """
    if 200 <= status < 300:
        return Verdict.ACCEPTED
    verdict = _BY_STATUS.get(status, Verdict.UNAVAILABLE if status >= 500 else Verdict.REFUSED)
    if verdict is Verdict.REJECTED and "retention policy" in text:
        return Verdict.TOO_OLD
    return verdict


def retry_after_s(header: str | None, *, now_s: float) -> float:
    """Return how long a Retry-After header asks to wait; 0 where it is absent or unreadable."""
    if header is None:
        return 0.0
    if header.strip().isdecimal():
        return float(header)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return 0.0
    # An HTTP date is GMT; the parser leaves "-0000" without a zone.
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, until.timestamp() - now_s)
