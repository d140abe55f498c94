"""How what a detector remembers gets out of it and back in: named numpy arrays, nothing else.

A part names its arrays in `REMEMBERED`. They are copied out, so that whoever keeps them is not
surprised by the next poll, and copied in only if every name and shape fits. A table (of two axes)
has as many rows as there are things to remember.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]  # of numbers; kept as whatever they are


class Remembering(Protocol):
    """Something with arrays that must outlive it."""

    REMEMBERED: ClassVar[tuple[str, ...]]


def recollect(parts: Mapping[str, Remembering]) -> dict[str, Array]:
    """Return copies of all arrays, as `part.array`."""
    return {name: array.copy() for name, array in _arrays_of(parts)}


def remind(parts: Mapping[str, Remembering], kept: Mapping[str, object]) -> bool:
    """Fill the arrays with what was kept; False, and nothing is changed, unless all of it fits."""
    arrays = dict(_arrays_of(parts))
    found = {name: np.asarray(kept[name], dtype=float) for name in arrays if name in kept}
    if any(name not in found or not _fits(found[name], a) for name, a in arrays.items()):
        return False
    for part_name, part in parts.items():
        for name in part.REMEMBERED:
            setattr(part, name, found[f"{part_name}.{name}"].astype(getattr(part, name).dtype))
    return True


def _fits(kept: Array, array: Array) -> bool:
    return kept.ndim == array.ndim and kept.shape[array.ndim - 1 :] == array.shape[array.ndim - 1 :]


def _arrays_of(parts: Mapping[str, Remembering]) -> Iterable[tuple[str, Array]]:
    for part_name, part in parts.items():
        for name in part.REMEMBERED:
            yield f"{part_name}.{name}", getattr(part, name)
