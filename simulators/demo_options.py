"""What somebody may ask the demo for: every mistake at once, before anything is started."""

import math
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from batteryd.errors import Mistake
from simulators.scenario_tables import SPEEDUP_MAX

HOST = "127.0.0.1"
_PORT_MAX = 65_535


class Options(NamedTuple):
    """What stands behind the command; None is what nobody said."""

    speedup: float | None
    duration_s: float | None
    port: int
    folder: Path | None

    def mistakes(self) -> Iterator[Mistake]:
        """Yield what is wrong with each of them."""
        if self.speedup is not None and not 1 <= self.speedup <= SPEEDUP_MAX:
            yield _mistake("speedup", f"{self.speedup:g}", f"1 to {SPEEDUP_MAX:g}")
        if self.duration_s is not None and not 0 < self.duration_s < math.inf:
            yield _mistake("duration", f"{self.duration_s:g}", "seconds, more than 0")
        if not 0 <= self.port <= _PORT_MAX:
            yield _mistake("port", str(self.port), f"0 to {_PORT_MAX}")
        elif not _is_free(self.port):
            yield _mistake("port", str(self.port), f"a free port of {HOST}; 0 takes one")
        if self.folder is not None and not _is_empty(self.folder):
            yield _mistake("folder", str(self.folder), "a folder that is new or empty")


def _mistake(name: str, value: str, allowed: str) -> Mistake:
    return Mistake("demo", f"--{name}", value, allowed)


def _is_free(port: int) -> bool:
    if port == 0:
        return True
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True


def _is_empty(folder: Path) -> bool:
    """Return whether a folder can be filled; one that is not there is made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return not any(folder.iterdir())
    except OSError:
        return False
