import threading
from collections.abc import Callable, Sequence

import pytest

from batteryd.clock import SystemClock
from batteryd.store import influx
from batteryd.store.cursors import INFLUX
from batteryd.store.influx import InfluxFollower, StepReason
from batteryd.store.influx_answer import Answer, Verdict
from batteryd.store.journal import Journal
from batteryd.store.line_protocol import LineEncoder, Place
from batteryd.store.pause import Pause
from tests.builders import NOON_S, make_snapshot

ACCEPTED = Answer(Verdict.ACCEPTED)
REJECTED = Answer(Verdict.REJECTED, "field type conflict")
UNAVAILABLE = Answer(Verdict.UNAVAILABLE, "busy")
UNREACHABLE = Answer(Verdict.UNREACHABLE, "connection refused")
REFUSED = Answer(Verdict.REFUSED, "authorization failed")


class ServerFake:
    """Keeps what it accepts; `answer` decides for each body."""

    def __init__(self, answer: Callable[[str], Answer] = lambda _: ACCEPTED) -> None:
        self.answer = answer
        self.bodies: list[str] = []
        self.lines: list[str] = []
        self.is_closed = False

    def write(self, body: bytes) -> Answer:
        text = body.decode()
        self.bodies.append(text)
        answer = self.answer(text)
        if answer.verdict is Verdict.ACCEPTED:
            self.lines += text.splitlines()
        return answer

    def close(self) -> None:
        self.is_closed = True


def follow(journal: Journal, server: ServerFake) -> InfluxFollower:
    encoder = LineEncoder(lambda _: Place("daejeon", "room-5b"))
    pause = Pause(first_s=1, max_s=60, spread=lambda: 1.0)
    return InfluxFollower(journal, server, encoder=encoder, clock=SystemClock(), pause=pause)


def append(journal: Journal, count: int = 1, *, asset_id: str = "rack-1") -> None:
    at_s = NOON_S + journal.last_row() * 10
    journal.append([make_snapshot(asset_id, at_s=at_s + i * 10) for i in range(count)])


def steps(follower: InfluxFollower, *, until: Sequence[StepReason], at_s: float = NOON_S) -> None:
    for _ in range(500):
        if follower.step(at_s) in until:
            return
    pytest.fail(f"none of {until} in 500 steps")


def polls(server: ServerFake) -> list[int]:
    """Return which polls have arrived, in units of ten seconds."""
    times = [line.split()[-1] for line in server.lines if line.startswith("poll,")]
    return [(int(ms) - int(NOON_S) * 1000) // 10_000 for ms in times]


def test_what_is_new_is_sent_in_one_body_and_then_there_is_nothing_to_do(journal: Journal) -> None:
    server = ServerFake()
    follower = follow(journal, server)
    append(journal, 3)

    assert follower.step(NOON_S) is StepReason.SENT
    assert follower.step(NOON_S) is StepReason.IDLE

    assert len(server.bodies) == 1
    assert polls(server) == [0, 1, 2]
    assert follower.lag_rows == 0


def test_an_outage_of_any_length_loses_nothing(journal: Journal) -> None:
    server = ServerFake(lambda _: UNAVAILABLE)
    follower = follow(journal, server)
    for hour in range(48):
        append(journal)
        follower.step(NOON_S + hour * 3600)
    assert follower.trouble == "unavailable"

    server.answer = lambda _: ACCEPTED
    steps(follower, until=[StepReason.IDLE], at_s=NOON_S + 48 * 3600)

    assert polls(server) == list(range(48))
    assert follower.trouble is None


def test_a_server_that_is_down_is_asked_ever_less_often(journal: Journal) -> None:
    server = ServerFake(lambda _: UNAVAILABLE)
    follower = follow(journal, server)
    append(journal)

    reasons = [follower.step(NOON_S + second) for second in range(300)]

    # At 0, 1, 3, 7, 15, 31, 63 seconds and then once a minute.
    assert reasons.count(StepReason.UNAVAILABLE) == 10
    assert reasons.count(StepReason.BACKING_OFF) == 290


def test_retry_after_is_honoured(journal: Journal) -> None:
    server = ServerFake(lambda _: UNAVAILABLE._replace(retry_after="120"))
    follower = follow(journal, server)
    append(journal)

    follower.step(NOON_S)

    assert follower.step(NOON_S + 119.9) is StepReason.BACKING_OFF
    assert follower.step(NOON_S + 120) is StepReason.UNAVAILABLE


def test_loss_and_recovery_are_each_logged_once(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    server = ServerFake(lambda _: UNREACHABLE)
    follower = follow(journal, server)
    append(journal)
    for minute in range(10):
        follower.step(NOON_S + minute * 60)

    server.answer = lambda _: ACCEPTED
    follower.step(NOON_S + 600)

    assert [record.getMessage() for record in caplog.records] == [
        "InfluxDB is unreachable answer='connection refused'",
        "InfluxDB is back after_s=600",
    ]


def test_refused_credentials_are_loud_and_tried_again_slowly(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    server = ServerFake(lambda _: REFUSED)
    follower = follow(journal, server)
    append(journal)

    reasons = [follower.step(NOON_S + second) for second in range(180)]

    assert reasons.count(StepReason.REFUSED) == 3
    assert [r.levelname for r in caplog.records] == ["ERROR"]
    assert "authorization failed" in caplog.text


def test_a_body_that_is_too_large_is_halved_and_the_next_ones_stay_small(journal: Journal) -> None:
    def at_most_5000(body: str) -> Answer:
        return ACCEPTED if len(body) <= 5000 else Answer(Verdict.TOO_LARGE, "413")

    server = ServerFake(at_most_5000)
    follower = follow(journal, server)
    append(journal, 20)
    steps(follower, until=[StepReason.IDLE])
    refused_first = sum(len(body) > 5000 for body in server.bodies)
    server.bodies.clear()

    append(journal, 40)
    steps(follower, until=[StepReason.IDLE])

    assert polls(server) == list(range(60))
    assert refused_first > 0
    assert sum(len(body) > 5000 for body in server.bodies) < len(server.bodies) / 4


def test_a_bad_line_goes_into_quarantine_with_the_servers_words(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    server = ServerFake(lambda body: REJECTED if "asset=rack-2,component=-" in body else ACCEPTED)
    follower = follow(journal, server)
    append(journal, 3)
    append(journal, 1, asset_id="rack-2")
    append(journal, 3)

    steps(follower, until=[StepReason.IDLE])

    (entry,) = follower.quarantine.entries()
    assert entry.line.startswith("battery,asset=rack-2,component=-,")
    assert entry.answer == "field type conflict"
    assert set(polls(server)) == set(range(7))
    assert follower.counters.lines_quarantined == 1
    assert "kept in quarantine count=1" in caplog.text


def test_a_line_that_is_too_large_by_itself_goes_into_quarantine(journal: Journal) -> None:
    is_wide = "soc_pct=80.0,voltage_v"
    too_large = Answer(Verdict.TOO_LARGE, "413")
    server = ServerFake(lambda body: too_large if is_wide in body else ACCEPTED)
    follower = follow(journal, server)
    append(journal)

    steps(follower, until=[StepReason.IDLE])

    assert [entry.answer for entry in follower.quarantine.entries()] == ["413"]


def test_a_server_that_rejects_everything_fills_no_quarantine(journal: Journal) -> None:
    server = ServerFake(lambda _: REJECTED)
    follower = follow(journal, server)
    append(journal, 100)

    steps(follower, until=[StepReason.REFUSED])
    assert follower.quarantine.count() == 0
    server.answer = lambda _: ACCEPTED
    steps(follower, until=[StepReason.IDLE], at_s=NOON_S + 60)

    assert polls(server) == list(range(100))


def test_what_a_server_finds_too_old_is_counted_and_left(journal: Journal) -> None:
    server = ServerFake(lambda _: Answer(Verdict.TOO_OLD, "beyond retention policy"))
    follower = follow(journal, server)
    append(journal)

    assert follower.step(NOON_S) is StepReason.TOO_OLD
    assert follower.step(NOON_S) is StepReason.IDLE
    assert follower.counters.bodies_too_old == 1
    assert follower.quarantine.count() == 0


def test_a_follower_that_starts_again_sends_again_what_had_not_settled(journal: Journal) -> None:
    append(journal, 2)
    first = follow(journal, ServerFake())
    first.step(NOON_S)
    first.step(NOON_S + 1)
    first.step(NOON_S + 31)
    append(journal, 2)
    first.step(NOON_S + 32)

    again = ServerFake()
    follow(journal, again).step(NOON_S + 33)

    assert journal.cursor(INFLUX) == 2
    assert polls(again) == [2, 3]


def test_a_server_that_was_killed_gets_again_what_it_had_not_kept(journal: Journal) -> None:
    server = ServerFake()
    follower = follow(journal, server)
    append(journal, 2)
    follower.step(NOON_S)
    server.lines.clear()  # it was killed before it wrote them down

    append(journal)
    server.answer = lambda _: UNREACHABLE
    follower.step(NOON_S + 5)
    server.answer = lambda _: ACCEPTED
    follower.step(NOON_S + 10)

    assert polls(server) == [0, 1, 2]


def test_a_busy_server_does_not_get_anything_twice(journal: Journal) -> None:
    server = ServerFake()
    follower = follow(journal, server)
    append(journal, 2)
    follower.step(NOON_S)

    append(journal)
    server.answer = lambda _: UNAVAILABLE
    follower.step(NOON_S + 5)
    server.answer = lambda _: ACCEPTED
    follower.step(NOON_S + 10)

    assert polls(server) == [0, 1, 2]


def test_the_thread_outlives_an_error_and_stops_when_told(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    stop = threading.Event()

    def fail_once(_: str) -> Answer:
        stop.set()
        raise RuntimeError("some bug")

    server = ServerFake(fail_once)
    append(journal)
    thread = threading.Thread(target=follow(journal, server).run, args=(stop,))

    thread.start()
    thread.join(timeout=10)

    assert not thread.is_alive()
    assert server.is_closed
    assert "some bug" in caplog.text


def test_every_reason_has_a_wait() -> None:
    assert set(influx._WAIT_S) == set(StepReason)
