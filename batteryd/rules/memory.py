"""How what a detector remembers gets out of it and back in: named numpy arrays, nothing else.

A part names its arrays in `REMEMBERED`. They are copied out, so that whoever keeps them is not
surprised by the next poll, and copied in only if every name, type and shape of them fits. A table
(it has no rows when new) has as many rows as there are things to remember. Of a part of which
nothing was kept (its rule is new) nothing is known, and the others go on.

A number that is none, where a new part has one, costs its place and no more: all that the part
remembers of that sensor or cell begins anew. Left in, it would make that place blind for good.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, TypeGuard

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]  # of numbers; kept as whatever they are
Arrays = dict[str, Array]


class Remembering(Protocol):
    """Something with arrays that must outlive it."""

    REMEMBERED: ClassVar[tuple[str, ...]]


def recollect(parts: Mapping[str, Remembering]) -> Arrays:
    """Return copies of all arrays, as `part.array`."""
    return {
        f"{part_name}.{name}": array.copy()
        for part_name, part in parts.items()
        for name, array in _arrays_of(part).items()
    }


def remind(parts: Mapping[str, Remembering], kept: Mapping[str, object]) -> bool:
    """Fill new parts with what was kept; False, and nothing is changed, unless all of it fits."""
    found: list[tuple[Remembering, Arrays]] = []
    for part_name, part in parts.items():
        new = _arrays_of(part)
        of_part = {name: kept.get(f"{part_name}.{name}") for name in new}
        if all(array is None for array in of_part.values()):
            continue
        arrays = {name: array.copy() for name, array in of_part.items() if _fits(array, new[name])}
        if len(arrays) < len(new):
            return False
        found.append((part, arrays))
    for part, arrays in found:
        _mend(arrays, _arrays_of(part))
        for name, array in arrays.items():
            setattr(part, name, array)
    return True


def _fits(kept: object, new: Array) -> TypeGuard[Array]:
    if not isinstance(kept, np.ndarray):
        return False
    is_table = new.ndim > 1 and not len(new)
    is_shaped = kept.ndim == new.ndim and kept.shape[is_table:] == new.shape[is_table:]
    return is_shaped and kept.dtype == new.dtype


def _mend(kept: Arrays, new: Arrays) -> None:
    for name, array in kept.items():
        if array.shape != new[name].shape:
            continue  # a table: whoever takes it leaves out what is none
        is_none_yet = (array == new[name]) | (np.isnan(array) & ~np.isfinite(new[name]))
        odd = ~np.isfinite(array) & ~is_none_yet
        if not odd.any():
            continue
        for other, of_same in kept.items():
            if of_same.shape == array.shape:
                of_same[odd] = new[other][odd]


def _arrays_of(part: Remembering) -> Arrays:
    return {name: getattr(part, name) for name in part.REMEMBERED}
