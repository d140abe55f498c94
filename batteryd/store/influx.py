"""The InfluxDB follower: reads the journal behind a cursor and sends what is new.

The journal is always there and InfluxDB follows it, so an outage of any length costs nothing but
lag. A row is sent at least once; sending it again changes nothing, because the same measurement,
tags and time overwrite.

`step` sends at most one body and returns why it did what it did. What an answer leads to:
  accepted, too old    the next body; when a batch is done, the cursor moves
  too large            halve the body, and make the next bodies smaller
  rejected             halve it until the bad line stands alone; that goes into quarantine
  refused              an operator must mend something: said once, tried again slowly, for ever
  unavailable          wait, longer each time, as long as Retry-After says; for ever
  unreachable          the same, and go back to what had settled (see `settling`)
A server that rejects every single line is not rejecting lines: that counts as refused, and nothing
goes into quarantine.
"""

import logging
import threading
from dataclasses import dataclass
from enum import StrEnum

from batteryd.clock import Clock
from batteryd.store.cursors import INFLUX
from batteryd.store.influx_answer import Answer, Verdict, retry_after_s
from batteryd.store.influx_batch import Batch
from batteryd.store.influx_write import BodyWriter
from batteryd.store.journal import Journal
from batteryd.store.line_protocol import LineEncoder
from batteryd.store.pause import Pause
from batteryd.store.quarantine import Quarantine
from batteryd.store.settling import Settling

_log = logging.getLogger(__name__)

_ROWS_MAX = 1_000  # of one batch
_BODY_CHARS_MAX = 2_000_000
_BODY_CHARS_MIN = 1_000
_REFUSED_WAIT_S = 60.0
_REJECTED_IN_A_ROW_MAX = 64


class StepReason(StrEnum):
    """What a step did, and why."""

    IDLE = "idle"  # everything is sent
    SENT = "sent"
    TOO_OLD = "too_old"  # the server's retention is shorter than the lag was
    SPLIT = "split"
    QUARANTINED = "quarantined"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    BACKING_OFF = "backing_off"  # nothing was tried: it is not time yet


_WAIT_S = dict.fromkeys(StepReason, 0.0) | {StepReason.IDLE: 0.5, StepReason.BACKING_OFF: 0.5}


@dataclass
class FollowerCounters:
    """What happened since the start."""

    requests: int = 0
    rows_sent: int = 0
    lines_quarantined: int = 0
    bodies_too_old: int = 0
    failures: int = 0  # requests that were refused, unavailable or unreachable


class InfluxFollower:
    """Follows one journal to one server. One thread calls `step`; anybody may read the rest."""

    def __init__(
        self,
        journal: Journal,
        writer: BodyWriter,
        *,
        encoder: LineEncoder,
        clock: Clock,
        pause: Pause | None = None,
    ) -> None:
        self._journal = journal
        self._writer = writer
        self._encoder = encoder
        self._clock = clock
        self._pause = pause or Pause()
        self._settling = Settling(journal.cursor(INFLUX))
        self._batch: Batch | None = None
        self._body_chars_max = _BODY_CHARS_MAX
        self._rejected_in_a_row = 0
        self._trouble: tuple[Verdict, float] | None = None  # what is wrong, since when
        self.quarantine = Quarantine(journal.file)
        self.counters = FollowerCounters()

    @property
    def lag_rows(self) -> int:
        """Return how many rows the server has not accepted yet."""
        return self._journal.last_row() - self._settling.sent_row

    @property
    def trouble(self) -> str | None:
        """Return what keeps rows from being sent, or None."""
        return None if self._trouble is None else self._trouble[0].value

    def run(self, stop: threading.Event) -> None:
        """Take steps until `stop` is set; a step in progress ends first."""
        while not stop.is_set():
            now_s = self._clock.now_s()
            try:
                reason = self.step(now_s)
            except Exception:  # noqa: BLE001  the thread must outlive what it records here
                _log.exception("InfluxDB follower failed, tries again")
                self._pause.begin(now_s)
                reason = StepReason.BACKING_OFF
            stop.wait(_WAIT_S[reason])
        self._writer.close()

    def step(self, now_s: float) -> StepReason:
        """Send one body, or find that there is nothing to send or that it is not time.

        Raises:
            StoreError: the journal cannot be read or written.
        """
        if self._settling.settle(now_s):
            self._journal.move_cursor(INFLUX, to_row=self._settling.settled_row)
        if not self._pause.is_over(now_s):
            return StepReason.BACKING_OFF
        self._batch = self._batch or self._next_batch()
        if self._batch is None:
            return StepReason.IDLE
        self.counters.requests += 1
        answer = self._writer.write(self._batch.body.encode())
        return self._react(self._batch, answer, now_s)

    def _next_batch(self) -> Batch | None:
        texts: list[str] = []
        last_row, chars_left = self._settling.sent_row, self._body_chars_max
        for row, snapshot in self._journal.rows_after(last_row, _ROWS_MAX):
            text = self._encoder.encode(snapshot)
            if texts and len(text) > chars_left:
                break
            texts.append(text)
            last_row, chars_left = row, chars_left - len(text)
        if not texts:
            return None
        return Batch("".join(texts), last_row=last_row, row_count=len(texts))

    def _react(self, batch: Batch, answer: Answer, now_s: float) -> StepReason:
        match answer.verdict:
            case Verdict.ACCEPTED:
                return self._accepted(batch, StepReason.SENT, now_s)
            case Verdict.TOO_OLD:
                self.counters.bodies_too_old += 1
                return self._accepted(batch, StepReason.TOO_OLD, now_s)
            case Verdict.TOO_LARGE:
                self._body_chars_max = max(_BODY_CHARS_MIN, len(batch.body) // 2)
                return self._rejected(batch, answer, now_s)
            case Verdict.REJECTED:
                return self._rejected(batch, answer, now_s)
            case Verdict.REFUSED | Verdict.UNAVAILABLE | Verdict.UNREACHABLE:
                return self._failed(answer, now_s)

    def _accepted(self, batch: Batch, reason: StepReason, now_s: float) -> StepReason:
        self._pause.end()
        self._rejected_in_a_row = 0
        if self._trouble is not None:
            _log.info("InfluxDB is back after_s=%.0f", now_s - self._trouble[1])
            self._trouble = None
        batch.accept()
        self._finish_if_done(batch, now_s)
        return reason

    def _rejected(self, batch: Batch, answer: Answer, now_s: float) -> StepReason:
        if batch.split():
            return StepReason.SPLIT
        self._rejected_in_a_row += 1
        if self._rejected_in_a_row > _REJECTED_IN_A_ROW_MAX:
            return self._failed(answer._replace(verdict=Verdict.REFUSED), now_s)
        batch.put_aside(answer.text)
        self._finish_if_done(batch, now_s)
        return StepReason.QUARANTINED

    def _finish_if_done(self, batch: Batch, now_s: float) -> None:
        if not batch.is_done:
            return
        if batch.rejected:
            self.quarantine.add(batch.rejected, now_s=now_s)
            self.counters.lines_quarantined += len(batch.rejected)
            _log.error(
                "InfluxDB rejected lines, kept in quarantine count=%d first=%r answer=%r",
                len(batch.rejected),
                *batch.rejected[0],
            )
        self._settling.send(batch.last_row)
        self.counters.rows_sent += batch.row_count
        self._body_chars_max = min(_BODY_CHARS_MAX, self._body_chars_max * 11 // 10)
        self._batch = None

    def _failed(self, answer: Answer, now_s: float) -> StepReason:
        self.counters.failures += 1
        is_refused = answer.verdict is Verdict.REFUSED
        asked_s = _REFUSED_WAIT_S if is_refused else 0.0
        retry_s = retry_after_s(answer.retry_after, now_s=now_s)
        self._pause.begin(now_s, at_least_s=max(asked_s, retry_s))
        self._note_trouble(answer, now_s)
        if answer.verdict is not Verdict.UNAVAILABLE:
            # Whatever is mended or restarted, the next attempt begins with a whole body.
            self._batch = None
        if answer.verdict is Verdict.UNREACHABLE:
            self._settling.go_back()
        return StepReason.REFUSED if is_refused else StepReason.UNAVAILABLE

    def _note_trouble(self, answer: Answer, now_s: float) -> None:
        if self._trouble is not None and self._trouble[0] is answer.verdict:
            return
        level = logging.ERROR if answer.verdict is Verdict.REFUSED else logging.WARNING
        _log.log(level, "InfluxDB is %s answer=%r", answer.verdict.value, answer.text)
        since_s = now_s if self._trouble is None else self._trouble[1]
        self._trouble = (answer.verdict, since_s)
