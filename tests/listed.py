"""Lists inside what is typed as anything: in an evidence, an answer, a message."""

from typing import Any


def listed(value: object) -> list[Any]:
    """Return the items; whatever is not a list fails the test."""
    assert isinstance(value, list | tuple), value
    return list(value)
