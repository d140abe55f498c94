"""One line of the benchmark's table."""

from typing import NamedTuple


class BenchRow(NamedTuple):
    """A measurement of ours beside the bare library's in the same run, where there is one."""

    name: str
    ours: float
    bare: float | None  # None: there is nothing to compare with
    unit: str
    goal: str  # in words, e.g. "at most 3 times the bare call"
