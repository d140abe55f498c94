"""The writer and the follower against a server that answers as HTTP allows, on a real socket."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from batteryd.clock import SystemClock
from batteryd.domain.snapshot import parse_column
from batteryd.errors import StoreError
from batteryd.store.influx import InfluxFollower, StepReason
from batteryd.store.influx_answer import Answer, Verdict
from batteryd.store.influx_query import InfluxReader
from batteryd.store.influx_target import InfluxApi, InfluxTarget
from batteryd.store.influx_write import InfluxWriter
from batteryd.store.journal import Journal
from batteryd.store.line_protocol import LineEncoder, Place
from batteryd.store.pause import Pause
from tests.builders import NOON_S, make_snapshot
from tests.journals import open_journal
from tests.wire.http_sink import HttpSink, Reply, Request, http_sink
from tests.wire.servers import free_port

pytestmark = pytest.mark.wire

LINE = b"battery,asset=rack-1,component=- soc_pct=80.0 1764072000000\n"


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    with http_sink() as sink:
        yield sink


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = open_journal(tmp_path / "journal.db")
    yield journal
    journal.file.close()


def v2(url: str) -> InfluxTarget:
    return InfluxTarget(url, "site", org="facilities", token=SecretStr("t0k3n"), timeout_s=1.0)


def v1(url: str) -> InfluxTarget:
    return InfluxTarget(
        url, "site", api=InfluxApi.V1, username="batteryd", password=SecretStr("s3cret")
    )


def write(target: InfluxTarget, body: bytes = LINE) -> Answer:
    writer = InfluxWriter(target)
    try:
        return writer.write(body)
    finally:
        writer.close()


def follow(journal: Journal, sink: HttpSink) -> InfluxFollower:
    return InfluxFollower(
        journal,
        InfluxWriter(v2(sink.url)),
        encoder=LineEncoder(lambda _: Place("daejeon", "room-5b")),
        clock=SystemClock(),
        pause=Pause(first_s=1, spread=lambda: 1.0),
    )


def drain(follower: InfluxFollower) -> list[StepReason]:
    reasons: list[StepReason] = []
    while not reasons or reasons[-1] is not StepReason.IDLE:
        reasons.append(follower.step(NOON_S))
        assert len(reasons) < 500
    return reasons


def test_version_2_is_written_with_a_token_in_milliseconds(sink: HttpSink) -> None:
    assert write(v2(sink.url)).verdict is Verdict.ACCEPTED

    (request,) = sink.requests
    assert request.path == "/api/v2/write?org=facilities&bucket=site&precision=ms"
    assert request.headers["Authorization"] == "Token t0k3n"
    assert request.headers["Content-Type"] == "text/plain"
    assert request.body == LINE.decode()


def test_version_1_is_written_with_basic_authentication(sink: HttpSink) -> None:
    assert write(v1(sink.url)).verdict is Verdict.ACCEPTED

    (request,) = sink.requests
    assert request.path == "/write?db=site&precision=ms"
    assert request.headers["Authorization"] == "Basic YmF0dGVyeWQ6czNjcmV0"
    assert request.body == LINE.decode()


def test_an_answer_is_passed_on_with_the_servers_words(sink: HttpSink) -> None:
    sink.rule = lambda _: Reply(503, b'{"message": "shutting down"}', (("Retry-After", "17"),))

    answer = write(v2(sink.url))

    assert answer == Answer(Verdict.UNAVAILABLE, '{"message": "shutting down"}', "17")


def test_a_long_answer_is_cut(sink: HttpSink) -> None:
    sink.rule = lambda _: Reply(400, b"x" * 100_000)

    assert len(write(v2(sink.url)).text) == 500


def test_an_answer_that_is_no_text_is_no_exception(sink: HttpSink) -> None:
    sink.rule = lambda _: Reply(500, b"\xff\xfe")

    assert write(v2(sink.url)).verdict is Verdict.UNAVAILABLE


def test_a_redirect_is_refused_and_the_token_not_carried_along(sink: HttpSink) -> None:
    sink.rule = lambda _: Reply(302, b"", (("Location", "http://127.0.0.1:9/"),))

    assert write(v2(sink.url)).verdict is Verdict.REFUSED
    assert len(sink.requests) == 1


def test_nobody_listening_is_unreachable_and_names_no_secret() -> None:
    answer = write(v2(f"http://127.0.0.1:{free_port()}"))

    assert answer.verdict is Verdict.UNREACHABLE
    assert "t0k3n" not in answer.text


def test_a_server_that_speaks_no_tls_is_refused(sink: HttpSink) -> None:
    answer = write(v2(sink.url.replace("http:", "https:")))

    assert answer.verdict is Verdict.REFUSED
    assert "SSL" in answer.text


def test_413_halves_the_body_until_it_fits(journal: Journal, sink: HttpSink) -> None:
    sink.rule = lambda request: Reply(413) if len(request.body) > 3000 else Reply()
    journal.append([make_snapshot(at_s=NOON_S + i) for i in range(30)])

    reasons = drain(follow(journal, sink))

    assert StepReason.SPLIT in reasons
    assert sum(line.startswith("poll,") for line in sink.accepted) == 30
    assert len(set(sink.accepted)) == len(sink.accepted) == 30 * 14


def test_400_in_the_middle_costs_the_bad_line_only(journal: Journal, sink: HttpSink) -> None:
    bad = (
        f"component=s1/m02/c01,room=room-5b,site=daejeon cell_voltage_v=3.652 {int(NOON_S) + 7}000"
    )

    def rule(request: Request) -> Reply:
        is_bad = bad in request.body
        return Reply(400, b'{"message": "unable to parse line"}') if is_bad else Reply()

    sink.rule = rule
    journal.append([make_snapshot(at_s=NOON_S + i) for i in range(30)])
    follower = follow(journal, sink)

    drain(follower)

    (entry,) = follower.quarantine.entries()
    assert entry.line == f"battery,asset=rack-1,{bad}"
    assert entry.answer == '{"message": "unable to parse line"}'
    assert len(set(sink.accepted)) == 30 * 14 - 1


def test_retry_after_is_waited_for(journal: Journal, sink: HttpSink) -> None:
    sink.rule = lambda _: Reply(429, b"", (("Retry-After", "30"),))
    journal.append([make_snapshot()])
    follower = follow(journal, sink)

    assert follower.step(NOON_S) is StepReason.UNAVAILABLE
    sink.rule = lambda _: Reply()

    assert follower.step(NOON_S + 29) is StepReason.BACKING_OFF
    assert follower.step(NOON_S + 30) is StepReason.SENT


def test_a_server_that_never_answers_is_given_up_in_time(sink: HttpSink) -> None:
    is_over = threading.Event()

    def stall(_: Request) -> Reply:
        is_over.wait(10.0)
        return Reply()

    sink.rule = stall

    answer = write(v2(sink.url))
    is_over.set()

    assert answer == Answer(Verdict.UNAVAILABLE, "no answer in 1.0 s")


@pytest.mark.parametrize(
    ("reply", "complaint"),
    [
        (Reply(401, b'{"error": "authorization failed"}'), "answered 401 Unauthorized"),
        (Reply(200, b"<html>a portal</html>"), "no InfluxQL result"),
        (Reply(200, b'{"results": []}'), "no InfluxQL result"),
        (Reply(200, b'{"results": [{"error": "timeout"}]}'), "timeout"),
        (Reply(200, b"\xff"), "UnicodeDecodeError"),
    ],
)
def test_an_answer_that_is_no_history_is_an_error_without_secrets(
    sink: HttpSink, reply: Reply, complaint: str
) -> None:
    sink.rule = lambda _: reply
    reader = InfluxReader(v1(sink.url))

    with pytest.raises(StoreError, match=complaint) as refusal:
        reader.summaries("rack-1", parse_column("-:soc_pct"), NOON_S, NOON_S + 60, period_s=60)
    reader.close()

    assert "s3cret" not in str(refusal.value)


def test_no_history_is_an_empty_answer(sink: HttpSink) -> None:
    sink.rule = lambda _: Reply(200, b'{"results": [{"statement_id": 0}]}')
    reader = InfluxReader(v2(sink.url))

    found = reader.summaries("rack-1", parse_column("-:soc_pct"), NOON_S, NOON_S + 60, period_s=60)
    reader.close()

    assert len(found) == 0
    assert sink.requests[0].headers["Authorization"] == "Token t0k3n"
