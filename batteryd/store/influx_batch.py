"""A batch of rows on its way to InfluxDB, and the hunt for a line that the server will not take.

A batch begins as one body. When a body is too large or contains a bad line, it is cut into halves,
which are sent one after the other, until the bad line stands alone and is put aside with the
server's text. Lines that were written before are written again on the way, which changes nothing:
the same time and tags overwrite. The batch is done when nothing is left to send.
"""

from typing import NamedTuple


class RejectedLine(NamedTuple):
    """A line, and why the server would not take it."""

    line: str
    answer: str


class Batch:
    """The rows up to `last_row` as line protocol. Never empty: each row has a `poll` line."""

    def __init__(self, text: str, *, last_row: int, row_count: int) -> None:
        self.last_row = last_row
        self.row_count = row_count
        self.line_count_accepted = 0
        self.rejected: list[RejectedLine] = []
        self._bodies = [text]  # what is left to send, next one last

    @property
    def is_done(self) -> bool:
        """Whether every line was accepted or put aside."""
        return not self._bodies

    @property
    def body(self) -> str:
        """Return what is to be sent next."""
        return self._bodies[-1]

    def accept(self) -> None:
        """Note that the body was taken."""
        self.line_count_accepted += self._bodies.pop().count("\n")

    def split(self) -> bool:
        """Cut the body into halves; False where it is a single line."""
        lines = self.body.split("\n")[:-1]
        if len(lines) == 1:
            return False
        self._bodies.pop()
        middle = len(lines) // 2
        for half in (lines[middle:], lines[:middle]):
            self._bodies.append("\n".join(half) + "\n")
        return True

    def put_aside(self, answer: str) -> None:
        """Give up on the body, a single line."""
        self.rejected.append(RejectedLine(self._bodies.pop().rstrip("\n"), answer))
