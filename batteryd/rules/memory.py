"""How what a detector remembers gets out of it and back in: named numpy arrays, nothing else.

A part names its arrays in `REMEMBERED`. They are copied out, so that whoever keeps them is not
surprised by the next poll, and copied in only if every name and shape fits.
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Remembering(Protocol):
    """Something with arrays of floats that must outlive it."""

    REMEMBERED: ClassVar[tuple[str, ...]]


def recollect(parts: Mapping[str, Remembering]) -> dict[str, Array]:
    """Return copies of all arrays, as `part.array`."""
    return {name: array.copy() for name, array in _arrays_of(parts)}


def remind(parts: Mapping[str, Remembering], kept: Mapping[str, object]) -> bool:
    """Fill the arrays with what was kept; False, and nothing is changed, unless all of it fits."""
    arrays = dict(_arrays_of(parts))
    found = {name: np.asarray(kept[name], dtype=float) for name in arrays if name in kept}
    if any(name not in found or found[name].shape != a.shape for name, a in arrays.items()):
        return False
    for name, array in arrays.items():
        array[...] = found[name]
    return True


def _arrays_of(parts: Mapping[str, Remembering]) -> Iterable[tuple[str, Array]]:
    for part_name, part in parts.items():
        for name in part.REMEMBERED:
            yield f"{part_name}.{name}", getattr(part, name)
