"""Usage from the journal: how hot a battery was for how long, and what its BMS counted.

Hours are kept for as long as a warranty runs, so they carry the account; `hot_hours` reads minutes
where an hour leaves it open. Only whole hours are counted.

What a BMS says of itself is taken once an hour: of counts the lowest reading, of health the mean,
so that one wrong read of 65535 or 0 is neither. Where only strings report, the battery's cycles are
those of the worst string, its energy is that of all of them, its health that of the weakest.
"""

from dataclasses import replace
from functools import partial
from itertools import pairwise
from math import ceil
from typing import Literal, NamedTuple

import numpy as np

from batteryd.domain.component import WHOLE_BATTERY
from batteryd.domain.conditions import Counter, Reported, Usage
from batteryd.domain.snapshot import Column, Layout
from batteryd.store import summary_rows
from batteryd.store.fold import Summaries
from batteryd.store.hot_hours import LoadMinutes, heat_of
from batteryd.store.journal import Journal
from batteryd.store.resolution import HOUR, MINUTE

_CHUNK_S = 30 * 86_400  # read at once: 720 lines of an asset and layout
# A poll that comes somewhat late leaves no gap; one that does not come at all does.
_LATE = 1.5


class _Count(NamedTuple):
    """A number that a BMS reports of itself."""

    quantity: str
    of_an_hour: Literal["minimum", "mean"]
    over_strings: np.ufunc


_CYCLES = _Count("cycle_count", "minimum", np.fmax)
_THROUGHPUT = _Count("energy_throughput_kwh", "minimum", np.add)  # unknown while one is silent
_HEALTH = _Count("soh_pct", "mean", np.fmin)


def usage_of(
    journal: Journal,
    asset_id: str,
    *,
    from_s: float,
    to_s: float,
    temperature_c_max: float | None,
    poll_interval_s: float,
) -> Usage:
    """Return how a battery was used in the whole hours of `from_s <= time < to_s`.

    Args:
        journal: rolled up at least to `to_s`; polls that are rolled up later are not seen.
        asset_id: a battery; of one that was never polled nothing is known.
        from_s: rounded up to a whole hour.
        to_s: rounded down to a whole hour.
        temperature_c_max: the contract's; None where it has none, then `heat` is None.
        poll_interval_s: how long one poll stands for what was not read after it.

    Raises:
        StoreError: the journal cannot be read.
    """
    starts_s = ceil(from_s / HOUR.period_s) * HOUR.period_s
    ends_s = max(starts_s, int(to_s // HOUR.period_s) * HOUR.period_s)
    usage = Usage.nothing(asset_id, starts_s, limit_c=temperature_c_max)
    for begin_s, end_s in pairwise([*range(starts_s, ends_s, _CHUNK_S), ends_s]):
        nothing = replace(Usage.nothing(asset_id, begin_s, limit_c=temperature_c_max), to_s=end_s)
        usage = usage.then(_read(journal, nothing, poll_interval_s=poll_interval_s))
    return usage


def _read(journal: Journal, nothing: Usage, *, poll_interval_s: float) -> Usage:
    """Return what the journal knows of a span, given the usage of it that knows nothing."""
    asset, usage = journal.names.asset(nothing.asset_id), nothing
    if asset is None:
        return nothing
    with journal.file.read() as db:
        for number, layout in journal.names.layouts:
            load = partial(
                summary_rows.load_lines, db, asset=asset, layout=number, width=len(layout)
            )
            hours = load(HOUR, from_s=nothing.from_s, to_s=nothing.to_s)
            if not len(hours):
                continue
            # Minutes say nothing of their own where polls come more rarely.
            minutes = partial(load, MINUTE) if poll_interval_s <= MINUTE.period_s else None
            usage = usage.beside(
                _of_layout(
                    hours, layout, minutes, nothing=nothing, vouches_s=poll_interval_s * _LATE
                )
            )
    return usage


def _of_layout(
    hours: Summaries,
    layout: Layout,
    minutes: LoadMinutes | None,
    *,
    nothing: Usage,
    vouches_s: float,
) -> Usage:
    heat = nothing.heat and heat_of(
        hours, layout, minutes, limit_c=nothing.heat.limit_c, vouches_s=vouches_s
    )
    return replace(
        nothing,
        answered_s=float(np.minimum(HOUR.period_s, hours.poll_count * vouches_s).sum()),
        heat=heat,
        cycle_count=_counter(hours, layout, _CYCLES),
        energy_throughput_kwh=_counter(hours, layout, _THROUGHPUT),
        soh_pct=_counter(hours, layout, _HEALTH),
    )


def _counter(hours: Summaries, layout: Layout, count: _Count) -> Counter | None:
    """Return what the BMS said of itself, by hours; None where it said nothing."""
    places = layout.indices(count.quantity)
    whole = layout.index.get(Column(WHOLE_BATTERY, count.quantity))
    if whole is not None:
        places = np.array([whole], np.intp)
    if not places.size:
        return None
    values = count.over_strings.reduce(getattr(hours, count.of_an_hour)[:, places], axis=1)
    known = np.flatnonzero(~np.isnan(values))
    if not known.size:
        return None

    def reported(at: np.intp) -> Reported:
        return Reported(float(values[at]), float(hours.start_s[at]))

    return Counter(
        first=reported(known[0]),
        last=reported(known[-1]),
        highest=reported(known[values[known].argmax()]),
    )
