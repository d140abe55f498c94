"""When a row that a server has accepted counts as kept.

A server that is killed may lose what it accepted in its last seconds (VictoriaMetrics holds them in
memory). So there are two places in the journal: up to `sent_row` the server has accepted, up to
`settled_row` it has done so a while ago and is trusted. Only the settled one is stored. Whoever
starts, or loses the server, goes back to it; sending the rows between again changes nothing.

Marks say which row had been sent by when. One every few seconds is enough, so there are few.
"""

from collections import deque

SETTLE_S = 30.0
_MARK_EVERY_S = 5.0


class Settling:
    """The two places. Takes no action: the follower stores the settled row when it has moved."""

    def __init__(self, settled_row: int) -> None:
        self.settled_row = settled_row
        self.sent_row = settled_row
        self._marks: deque[tuple[float, int]] = deque()  # at most SETTLE_S / _MARK_EVERY_S + 1

    def send(self, row: int) -> None:
        """Note that the server has accepted everything up to a row."""
        self.sent_row = row

    def settle(self, now_s: float) -> bool:
        """Let time pass; return whether `settled_row` has moved."""
        marks = self._marks
        if marks and now_s < marks[-1][0]:
            marks.clear()  # the clock jumped back: those times say nothing any more
        last_s, last_row = marks[-1] if marks else (float("-inf"), self.settled_row)
        if self.sent_row > last_row and now_s >= last_s + _MARK_EVERY_S:
            marks.append((now_s, self.sent_row))
        before = self.settled_row
        while marks and now_s - marks[0][0] >= SETTLE_S:
            self.settled_row = marks.popleft()[1]
        return self.settled_row > before

    def go_back(self) -> None:
        """Send again what has not settled."""
        self.sent_row = self.settled_row
        self._marks.clear()
