"""One way to write a value as JSON, so that equal values have equal bytes and equal hashes.

Keys sorted, no spaces, characters as they are (UTF-8), numbers as Python's shortest text that reads
back the same. JSON has no NaN and no infinity: they become null, because an alarm must not be lost
over a number that nobody could read.
"""

import json
import math
from collections.abc import Mapping
from typing import Any


def canonical_json(value: object) -> str:
    """Return the canonical text of a JSON-able value; mappings and sequences of any kind are fine.

    Raises:
        TypeError: something in it is not JSON-able.
    """
    return json.dumps(
        _plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def from_json(text: str) -> Any:
    """Return what a canonical text says."""
    return json.loads(text)


def _plain(value: object) -> object:
    if value is None or isinstance(value, str):  # most of what there is; asking for Mapping is slow
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
