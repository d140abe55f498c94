"""How a battery was used, and how that stands against the conditions of its contract.

Usage is what somebody saw, with its bounds: a time above a temperature is known only as well as
the periods that it was read from, and what nobody saw is counted as not observed. Usage of one span
and of the next make the usage of both (`then`), so an account can be carried on day by day after
the history that it was made from is forgotten.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from batteryd.domain.component import Component


@dataclass(frozen=True, slots=True)
class Peak:
    """The hottest period. `temperature_c` is its mean, so that one wrong read is no peak."""

    component: Component
    temperature_c: float
    at_s: float  # when the period began
    period_s: int  # 60: a minute, 3600: an hour


@dataclass(frozen=True, slots=True)
class Heat:
    """Time above a temperature: at least `above_s_min`, at most `above_s_max` of what was seen."""

    limit_c: float
    above_s_min: float = 0.0
    above_s_max: float = 0.0
    observed_s: float = 0.0  # in which a temperature was read
    hours_touched: int = 0  # hours whose highest reading was above the limit
    hours_by_minute: int = 0  # of these: those read minute by minute, the others as one hour
    first_at_s: float | None = None  # begin of the first hour touched
    last_at_s: float | None = None  # begin of the last one
    peak: Peak | None = None

    def plus(self, other: "Heat") -> "Heat":
        """Return what was seen of both; they must not overlap."""
        peaks = [p for p in (self.peak, other.peak) if p is not None]
        firsts = [s for s in (self.first_at_s, other.first_at_s) if s is not None]
        lasts = [s for s in (self.last_at_s, other.last_at_s) if s is not None]
        return Heat(
            limit_c=self.limit_c,
            above_s_min=self.above_s_min + other.above_s_min,
            above_s_max=self.above_s_max + other.above_s_max,
            observed_s=self.observed_s + other.observed_s,
            hours_touched=self.hours_touched + other.hours_touched,
            hours_by_minute=self.hours_by_minute + other.hours_by_minute,
            first_at_s=min(firsts, default=None),
            last_at_s=max(lasts, default=None),
            peak=max(peaks, key=lambda p: (p.temperature_c, -p.at_s), default=None),
        )


@dataclass(frozen=True, slots=True)
class Reported:
    """What a BMS said in one hour."""

    value: float
    at_s: float  # when the hour began


@dataclass(frozen=True, slots=True)
class Counter:
    """What a BMS says of itself over time: batteryd repeats it and cannot check it."""

    first: Reported
    last: Reported
    highest: Reported

    @property
    def fell(self) -> bool:
        """Whether it was higher before: of a count, a BMS that was replaced or reset."""
        return self.last.value < self.highest.value

    def plus(self, other: "Counter") -> "Counter":
        """Return what both say, whichever was said first."""
        return Counter(
            first=min(self.first, other.first, key=lambda r: r.at_s),
            last=max(self.last, other.last, key=lambda r: r.at_s),
            highest=max(self.highest, other.highest, key=lambda r: (r.value, -r.at_s)),
        )


@dataclass(frozen=True, slots=True)
class Usage:
    """How one battery was used in `from_s <= time < to_s`; None is what nobody read or asked."""

    asset_id: str
    from_s: float
    to_s: float
    answered_s: float = 0.0  # in which the device answered
    heat: Heat | None = None
    cycle_count: Counter | None = None
    energy_throughput_kwh: Counter | None = None
    soh_pct: Counter | None = None

    @classmethod
    def nothing(cls, asset_id: str, at_s: float, *, limit_c: float | None) -> "Usage":
        """Return the usage of no time, which others go on from."""
        heat = None if limit_c is None else Heat(limit_c)
        return cls(asset_id, at_s, at_s, heat=heat)

    @property
    def limit_c(self) -> float | None:
        """The temperature above which heat is counted; None where none is."""
        return None if self.heat is None else self.heat.limit_c

    def then(self, later: "Usage") -> "Usage":
        """Return both spans together.

        Raises:
            ValueError: the other does not begin where this one ends, or counts another heat.
        """
        if (later.asset_id, later.from_s) != (self.asset_id, self.to_s):
            raise ValueError(f"usage of {self.asset_id} does not go on at {later.from_s}")
        if self.limit_c != later.limit_c:
            raise ValueError(f"usage of {self.asset_id} above {self.limit_c} °C goes on as other")
        return replace(self.beside(later), to_s=later.to_s)

    def beside(self, other: "Usage") -> "Usage":
        """Return this span with what else was seen of the same battery."""
        return replace(
            self,
            answered_s=self.answered_s + other.answered_s,
            heat=self.heat and other.heat and self.heat.plus(other.heat),
            cycle_count=_both(self.cycle_count, other.cycle_count),
            energy_throughput_kwh=_both(self.energy_throughput_kwh, other.energy_throughput_kwh),
            soh_pct=_both(self.soh_pct, other.soh_pct),
        )


class ContractCondition(StrEnum):
    """A condition that a warranty contract can set."""

    TEMPERATURE = "temperature"
    CYCLES = "cycle_count"
    THROUGHPUT = "energy_throughput"
    HEALTH = "soh"


class ConditionStanding(StrEnum):
    """How a condition stands. There is no "kept": what nobody saw is not known to be kept."""

    EXCEEDED = "exceeded"
    POSSIBLY_EXCEEDED = "possibly_exceeded"  # the periods read are too coarse to tell
    UNKNOWN = "unknown"  # not exceeded in what was seen, and too much was not seen
    NOT_EXCEEDED = "not_exceeded"  # not even if all that was not seen counted against it

    @property
    def threatens(self) -> bool:
        """Whether a maker could refuse a claim over it."""
        return self in (ConditionStanding.EXCEEDED, ConditionStanding.POSSIBLY_EXCEEDED)


@dataclass(frozen=True, slots=True)
class ConditionFinding:
    """How one condition of one battery's contract stands, and what that rests on."""

    asset_id: str
    condition: ContractCondition
    standing: ConditionStanding
    limit: float
    observed: float | None  # at least; None where nothing was read
    observed_max: float | None  # at most, of what was seen
    unit: str
    since_s: float | None  # when it was first touched, or reported
    unobserved_share: float | None  # 0 to 1 of the time in use; None where its begin is not known
    source: str  # "journal roll-ups ..." or "as the BMS reports it"
    text: str  # one sentence
    evidence: Mapping[str, object] = field(default_factory=dict)  # JSON-able


def _both(one: Counter | None, other: Counter | None) -> Counter | None:
    return one or other if one is None or other is None else one.plus(other)
