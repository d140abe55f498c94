"""What rules have learned, as `rules show` prints it.

Rules keep many arrays, and most of them are buffers that mean nothing to people. The table has
those that say what is normal for a place, once the rules go by it; how long something was learned
is kept only until it suffices, so it is not shown. `--json` has all of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from batteryd.cli.frame import instant
from batteryd.rules import cell_leak, heat_cooling, heat_seen
from batteryd.rules.kind import LEARNED_LAYOUT, LEARNED_VERSION
from batteryd.rules.words import duration

if TYPE_CHECKING:
    from batteryd.domain.component import Component
    from batteryd.rules.rack import Rack
    from batteryd.store.learned import Kept

_SAID_ELSEWHERE = (LEARNED_VERSION, LEARNED_LAYOUT)


class Shown(NamedTuple):
    """An array that means something to people. A factor turns it into the unit."""

    title: str
    unit: str
    digits: int
    factor: float = 1.0
    of: Literal["sensors", "cells", "rack"] = "rack"  # whose numbers these are, in their order
    backed_by: str = ""  # the array that says how much stands behind a number
    backed_from: float = 1.0  # from so much of it on the rules go by the number


# By how an array's name ends. Before it stand the rack, and the rule or what it looks at.
SHOWN: Mapping[str, Shown] = {
    "heat.offset": Shown(
        "offset of each sensor",
        "K",
        2,
        of="sensors",
        backed_by="calm_s",
        backed_from=heat_seen.LEARNED_S,
    ),
    "sum_kh": Shown("drift of each sensor so far", "K·h", 2, of="sensors"),
    "baseline_v": Shown(
        "each cell at rest against its peers",
        "mV",
        1,
        1000,
        of="cells",
        backed_by="means",
        backed_from=cell_leak.SETTLE_MEANS,
    ),
    "learned_mohm": Shown(
        "resistance of each cell against its peers", "mΩ", 3, of="cells", backed_by="discharges"
    ),
    "discharges": Shown("  as a mean of discharges", "", 0, of="cells"),
    "normal_k": Shown(
        "rack above ambient", "K", 2, backed_by="learned_s", backed_from=heat_cooling.LEARNED_S
    ),
    "rest_k": Shown("spread of the modules at rest", "K", 2),
    "heat.believed.wrong": Shown("invalid readings in about 6 h", "", 0, of="sensors"),
    "heat.believed.missing": Shown("missing readings in about 6 h", "", 0, of="sensors"),
}


def kept_as_json(kept: "Kept") -> dict[str, object]:
    """Return a row of what was learned as plain JSON values; what is not known is null."""
    return {
        "rules": kept.family,
        "version": kept.version,
        "layout_id": kept.layout_id,
        "since": instant(kept.since_s),
        "kept_at": instant(kept.kept_at_s),
        "began_because": kept.began_because,
        "learned": {
            name: _plain(value) for name, value in kept.state.items() if name not in _SAID_ELSEWHERE
        },
    }


def kept_lines(kept: "Kept", racks: Sequence["Rack"] = ()) -> Iterator[str]:
    """Yield what was learned: since when, why it began then, and how far each thing has come.

    With the racks that it is about, extremes name their places.
    """
    age = duration(max(0.0, kept.kept_at_s - kept.since_s))
    yield f"{kept.family} (version {kept.version})"
    yield f"  learning since {instant(kept.since_s)}, {age}: {kept.began_because}"
    yield f"  as it was at   {instant(kept.kept_at_s)}"
    for name, value in kept.state.items():
        shown = next((s for end, s in SHOWN.items() if name.endswith(f".{end}")), None)
        if shown is None or not isinstance(value, np.ndarray):
            continue
        by = kept.state.get(f"{name.rpartition('.')[0]}.{shown.backed_by}")
        value = _backed(value, by, from_=shown.backed_from)
        rack = next((r for r in racks if name.startswith(f"{r.component}.")), None)
        named = f"{shown.title} ({name.partition('.')[0]})"
        yield f"  {named:<48} {_summary(value, shown, _places(rack, shown, value.size))}"


def _backed(value: npt.NDArray[Any], by: object, *, from_: float) -> npt.NDArray[np.float64]:
    """Return the numbers that rules go by; NaN for those that are still being learned."""
    numbers = np.asarray(value, float)
    return np.where(by >= from_, numbers, np.nan) if isinstance(by, np.ndarray) else numbers


def _summary(value: npt.NDArray[np.float64], shown: Shown, places: Sequence["Component"]) -> str:
    """Return how many numbers are known, their range, and where its ends are."""
    scaled = np.asarray(value, float).ravel() * shown.factor
    known = np.isfinite(scaled).nonzero()[0]
    if not known.size:
        return "not known yet"

    def at(index: int) -> str:
        where = f" at {places[index]}" if places and known.size > 1 else ""
        return f"{scaled[index]:.{shown.digits}f}{where}"

    lowest, highest = (int(known[pick(scaled[known])]) for pick in (np.argmin, np.argmax))
    if scaled[lowest] == scaled[highest]:
        spread = f"{scaled[lowest]:.{shown.digits}f}"
    else:
        spread = f"{at(lowest)} to {at(highest)}"
    of_all = f"{known.size} of {scaled.size}: " if scaled.size > 1 else ""
    return f"{of_all}{spread} {shown.unit}".rstrip()


def _places(rack: "Rack | None", shown: Shown, count: int) -> Sequence["Component"]:
    if rack is None or shown.of == "rack":
        return ()
    places = rack.sensors if shown.of == "sensors" else rack.cells
    return places if len(places) == count else ()


def _plain(value: object) -> object:
    if not isinstance(value, np.ndarray):
        return value if not isinstance(value, float) or np.isfinite(value) else None
    if value.dtype.kind != "f":
        return value.tolist()
    plain = value.astype(object)
    plain[~np.isfinite(value)] = None
    return plain.tolist()
