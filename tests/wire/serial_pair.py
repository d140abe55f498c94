"""Two serial ports joined by a cable: what one end sends, the other receives."""

import asyncio
import os
import pty
import tty
from typing import Self


class SerialPair:
    """Two pseudo-terminals; a program may open `here` and `there` like serial ports."""

    def __enter__(self) -> Self:
        self._ends = [pty.openpty(), pty.openpty()]
        self.here, self.there = (os.ttyname(port) for _, port in self._ends)
        loop = asyncio.get_running_loop()
        (one, _), (other, _) = self._ends
        for _, port in self._ends:
            tty.setraw(port)
        loop.add_reader(one, self._pass_on, one, other)
        loop.add_reader(other, self._pass_on, other, one)
        return self

    def __exit__(self, *_: object) -> None:
        loop = asyncio.get_running_loop()
        for cable, port in self._ends:
            loop.remove_reader(cable)
            os.close(cable)
            os.close(port)

    @staticmethod
    def _pass_on(source: int, target: int) -> None:
        os.write(target, os.read(source, 4096))
