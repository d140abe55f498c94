"""When a battery may reach its end of life, from its own capacity points; or why nobody can say.

The layer that takes up a lithium-ion cell's charge grows the slower the thicker it is, so capacity
falls with the square root of age: fast at first, then ever more slowly,

    C(t) = a + m · √t

A line through the first years would end a battery far too early. Where the loss goes is decided by
chemistry, temperature and use: under the same duty a battery may last 2 years or 15. So there is no
default here. `a` and `m` are fitted to the points of this battery (least squares, equal weights),
and the answer is a range, never a day: from where the lower edge of the fit's 90 % band meets the
limit to where its upper edge does,

    (a + m·x - L)² = q² · var(a + m·x),     x = √t,     q: Student's t for n - 2

with L raised for the early end and lowered for the late one by what all points may be off together
(current sensor, open-circuit curve). Points never scatter less than `REPEATABLE` of the rated
capacity: four points that happen to lie well do not make it known better.

A forecast is withheld, with every reason, where it would be guessed: too few points or years,
points that rise or scatter, a loss that is not more than their scatter, an age that nobody knows.
It reaches as far as twice the span of the points, no farther. It knows nothing of what comes
suddenly (a cell that fails, the knee after which capacity falls fast): it says how wear goes on, if
it goes on as before.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from batteryd.domain.health import CapacityPoint
from batteryd.domain.inventory import Chemistry

YEAR_S = 365.25 * 86_400.0
POINTS_MIN, YEARS_MIN = 4, 2.0
REACH = 2.0  # times the span of the points
REPEATABLE = 0.01  # of the rated capacity
RISE_MAX, SCATTER_MAX = 0.03, 0.03  # of the rated capacity
ALIKE_K, ALIKE_RATE = 7.5, 2.0  # how much points may differ and still be compared

# 95 % quantiles of Student's t, by degrees of freedom; beyond the table its last is taken.
_STUDENT = (
    6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812,
    1.796, 1.782, 1.771, 1.761, 1.753, 1.746, 1.740, 1.734, 1.729, 1.725,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Forecast:
    """A range, or the reasons why there is none. Instants are seconds since 1970."""

    limit_ah: float
    end_of_life_pct: float
    point_count: int  # that can be compared
    set_aside: int  # that cannot: another battery, end, temperature or rate
    span_years: float
    withheld: tuple[str, ...] = ()
    earliest_s: float | None = None
    latest_s: float | None = None  # None with an `earliest_s`: beyond `reach_s`
    reach_s: float | None = None

    @property
    def is_withheld(self) -> bool:
        """Whether there is no range."""
        return bool(self.withheld)


class Rating(NamedTuple):
    """What points are held against."""

    rated_ah: float
    end_of_life_pct: float
    born_s: float | None  # from when the age counts; None where no date is known
    chemistry: Chemistry | None

    @property
    def limit_ah(self) -> float:
        """The capacity of the end of life."""
        return self.rated_ah * self.end_of_life_pct / 100.0


class _Fit(NamedTuple):
    a: float
    m: float
    covariance: np.ndarray
    scatter_ah: float
    quantile: float


def forecast(points: Sequence[CapacityPoint], rating: Rating, *, now_s: float) -> Forecast:
    """Return when the points of one string, by time, reach the limit."""
    # What was measured before this battery was there is of another one.
    used = comparable([p for p in points if p.at_s > (rating.born_s or -math.inf)])
    span_s = used[-1].at_s - used[0].at_s if used else 0.0
    answer = Forecast(
        limit_ah=rating.limit_ah,
        end_of_life_pct=rating.end_of_life_pct,
        point_count=len(used),
        set_aside=len(points) - len(used),
        span_years=span_s / YEAR_S,
    )
    reasons = _reasons(used, rating, span_s=span_s)
    if reasons or rating.born_s is None:
        return _withheld(answer, *reasons)
    return _fitted(answer, used, rating, born_s=rating.born_s, now_s=now_s)


def comparable(points: Sequence[CapacityPoint]) -> tuple[CapacityPoint, ...]:
    """Return the points that were measured alike: the largest group, of two as large the newer."""
    kinds = [(p.method, p.ended_by) for p in points]
    if not kinds:
        return ()
    kind = max(reversed(kinds), key=kinds.count)
    group = [p for p, k in zip(points, kinds, strict=True) if k == kind]
    temperature_c = float(np.median([p.temperature_c for p in group]))
    rate_c = float(np.median([p.rate_c for p in group]))
    return tuple(
        p
        for p in group
        if abs(p.temperature_c - temperature_c) <= ALIKE_K
        and 1 / ALIKE_RATE <= p.rate_c / rate_c <= ALIKE_RATE
    )


def _reasons(used: Sequence[CapacityPoint], rating: Rating, *, span_s: float) -> list[str]:
    rated_ah, newest_ah = rating.rated_ah, used[-1].capacity_ah if used else math.inf
    lowest = list(accumulate((p.capacity_ah for p in used), min))
    rise_ah = max((p.capacity_ah - low for p, low in zip(used, lowest, strict=True)), default=0.0)
    checks = (
        (
            newest_ah <= rating.limit_ah,
            f"the newest capacity, {newest_ah:.1f} Ah, is at or below the limit of"
            f" {rating.limit_ah:.1f} Ah already",
        ),
        (
            len(used) < POINTS_MIN,
            f"{len(used)} capacity point{'' if len(used) == 1 else 's'} of {POINTS_MIN}",
        ),
        (span_s < YEARS_MIN * YEAR_S, f"{span_s / YEAR_S:.1f} years of {YEARS_MIN:.0f}"),
        (rating.chemistry is None, "its chemistry is unknown"),
        (rating.born_s is None, "its age is unknown: the register has no date of its life"),
        (
            rise_ah > RISE_MAX * rated_ah,
            f"its capacity rises by {rise_ah:.1f} Ah: modules were replaced, or a point is wrong",
        ),
    )
    return [reason for is_so, reason in checks if is_so]


def _fitted(
    answer: Forecast,
    used: Sequence[CapacityPoint],
    rating: Rating,
    *,
    born_s: float,
    now_s: float,
) -> Forecast:
    fit = _fit(used, rating, born_s=born_s)
    if fit.scatter_ah > SCATTER_MAX * rating.rated_ah:
        share = 100.0 * fit.scatter_ah / rating.rated_ah
        return _withheld(answer, f"its points scatter by {share:.0f} % around the square root")
    off_ah = _off_together_ah(used, rating)
    early = _crossings(fit, rating.limit_ah + off_ah)
    late = _crossings(fit, rating.limit_ah - off_ah)
    if early is None or late is None or fit.m >= 0:
        return _withheld(answer, "its loss so far is not more than its points scatter")

    def at(root: float) -> float:
        return born_s + max(root, 0.0) ** 2 * YEAR_S

    reach_s = used[-1].at_s + REACH * (used[-1].at_s - used[0].at_s)
    earliest_s, latest_s = max(at(early[0]), now_s), at(late[1])
    if latest_s < now_s:
        return _withheld(answer, "by its points it is there already: measure its capacity again")
    if earliest_s > reach_s:
        reason = f"its end of life lies after {_month(reach_s)}, and its points reach no farther"
        return replace(_withheld(answer, reason), reach_s=reach_s)
    return replace(
        answer,
        earliest_s=earliest_s,
        latest_s=latest_s if latest_s <= reach_s else None,
        reach_s=reach_s,
    )


def _fit(used: Sequence[CapacityPoint], rating: Rating, *, born_s: float) -> _Fit:
    age_root = np.sqrt([(p.at_s - born_s) / YEAR_S for p in used])
    design = np.column_stack((np.ones_like(age_root), age_root))
    capacity_ah = np.array([p.capacity_ah for p in used])
    (a, m), *_ = np.linalg.lstsq(design, capacity_ah, rcond=None)
    free = len(used) - 2
    left = capacity_ah - design @ (a, m)
    scatter_ah = math.sqrt(float(left @ left) / free)
    deviation_ah = max(scatter_ah, REPEATABLE * rating.rated_ah)
    covariance = deviation_ah**2 * np.linalg.inv(design.T @ design)
    quantile = _STUDENT[min(free, len(_STUDENT)) - 1]
    return _Fit(float(a), float(m), covariance, scatter_ah, quantile)


def _off_together_ah(used: Sequence[CapacityPoint], rating: Rating) -> float:
    total = float(np.mean([p.uncertainty_ah**2 for p in used]))
    return math.sqrt(max(0.0, total - (REPEATABLE * rating.rated_ah) ** 2))


def _crossings(fit: _Fit, level_ah: float) -> tuple[float, float] | None:
    """Return the roots of age at which the band's edges meet a level; None where one never does."""
    above, (va, vam, vm) = fit.a - level_ah, fit.covariance.ravel()[[0, 1, 3]]
    q2 = fit.quantile**2
    square = fit.m**2 - q2 * vm
    if square <= 0:
        return None
    half = above * fit.m - q2 * vam
    root = math.sqrt(max(0.0, half**2 - square * (above**2 - q2 * va)))
    return (-half - root) / square, (-half + root) / square


def _withheld(answer: Forecast, *reasons: str) -> Forecast:
    return replace(answer, withheld=reasons)


def _month(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m")
