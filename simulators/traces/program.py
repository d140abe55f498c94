"""What happens to a rack from outside, step by step: load, charge, air, doors.

A trace is made of steps of equal length; every array of a program has one entry a step.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from simulators.chemistry import Floats
from simulators.traces.geometry import TraceRack

HOUR_S = 3600.0
DAY_S = 86_400.0
DISCHARGES = ((60.0, 2.0), (300.0, 4.0), (600.0, 3.0), (900.0, 2.0), (1200.0, 1.5))  # s, C
_LOAD_GAP_S = 8 * HOUR_S
_COMPRESSOR_S = (600.0, 2400.0)
_DOOR_AIR = 4.0  # half an hour of air this much colder cools a module by the degrees of the door


class Spell(NamedTuple):
    """Something between two times, with a height: C, K, or what its field says."""

    begin_s: float
    end_s: float
    height: float


@dataclass(frozen=True, slots=True)
class Days:
    """What the days of a rack hold; empty ones are quiet."""

    seconds: float
    discharges: tuple[Spell, ...] = ()  # C
    refreshes_s: tuple[float, ...] = ()  # when the charger tops the rack up
    charge_c: float = 0.25
    hvac: tuple[Spell, ...] = ()  # K of the air, once it stands
    doors: tuple[Spell, ...] = ()  # K that modules cool
    door_modules: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """The same, step by step."""

    step_s: float
    current_a: Floats  # NaN where the charger decides
    refresh: np.ndarray  # bool: a charge begins
    charge_a: float
    soc_full: float  # where the charger stops
    air_c: Floats
    door_k: Floats  # on the air of `door_modules`
    door_modules: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.intp))

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return len(self.air_c)


def harsh_days(rack: TraceRack, rng: np.random.Generator, *, days: float) -> Days:
    """Draw days that ask much of a detector but hold no fault."""
    seconds = days * DAY_S
    count = min(rng.poisson(days / 2.0), round(days)) + 1
    begins = rng.uniform(3 * HOUR_S, seconds - 6 * HOUR_S, 3 * count)
    kept: list[float] = []
    for begin_s in begins.tolist():
        if len(kept) < count and all(abs(begin_s - other) > _LOAD_GAP_S for other in kept):
            kept.append(begin_s)
    modules = int(rng.integers(2, max(3, rack.module_count // 3) + 1))
    lowest = 0 if rng.random() < 0.7 else rack.module_count - modules
    return Days(
        seconds=seconds,
        discharges=tuple(_discharge(rng, begin_s) for begin_s in sorted(kept)),
        refreshes_s=tuple(np.arange(rng.uniform(6, 30) * HOUR_S, seconds, 26 * HOUR_S).tolist())
        if rng.random() < 0.4
        else (),
        charge_c=float(rng.choice((0.1, 0.25, 0.5))),
        hvac=_spells(rng, seconds, chance=0.3, hours=(1.5, 5.0), height=(8.0, 14.0)),
        doors=_spells(rng, seconds, chance=0.4, hours=(0.4, 0.7), height=(-3.0, -1.0)),
        door_modules=tuple(range(lowest, min(lowest + modules, rack.module_count))),
    )


def fault_days(rng: np.random.Generator, *, hours: float) -> Days:
    """Draw one discharge before a fault would begin, mostly, and one some hours after."""
    begins = [rng.uniform(15.5, 22.5)] if rng.random() < 0.1 else rng.uniform([3.5, 15.5], [8, 22])
    return Days(
        seconds=hours * HOUR_S,
        discharges=tuple(
            _discharge(rng, begin_h * HOUR_S, least_s=600.0) for begin_h in np.asarray(begins)
        ),
        charge_c=float(rng.choice((0.1, 0.25, 0.5))),
    )


def program_of(
    days: Days, rack: TraceRack, rng: np.random.Generator, *, step_s: float, soc_full: float
) -> Program:
    """Lay days out step by step."""
    at_s = np.arange(0.0, days.seconds, step_s)
    current_a = np.full(len(at_s), np.nan)
    refresh = np.zeros(len(at_s), dtype=bool)
    for spell in days.discharges:
        current_a[_within(at_s, spell)] = -spell.height * rack.capacity_ah
        refresh[np.searchsorted(at_s, spell.end_s).clip(0, len(at_s) - 1)] = True
    for begin_s in days.refreshes_s:
        refresh[np.searchsorted(at_s, begin_s).clip(0, len(at_s) - 1)] = True
    door_k = np.zeros(len(at_s))
    for spell in days.doors:
        door_k[_within(at_s, spell)] = _DOOR_AIR * spell.height
    return Program(
        step_s=step_s,
        current_a=current_a,
        refresh=refresh,
        charge_a=days.charge_c * rack.capacity_ah,
        soc_full=soc_full,
        air_c=_air_c(at_s, days.hvac, rng),
        door_k=door_k,
        door_modules=np.array(days.door_modules, dtype=np.intp),
    )


def _discharge(rng: np.random.Generator, begin_s: float, *, least_s: float = 0.0) -> Spell:
    seconds, rate_c = rng.permutation([d for d in DISCHARGES if d[0] >= least_s])[0]
    seconds *= rng.uniform(0.8, 1.1)
    return Spell(begin_s, begin_s + seconds, float(rate_c * rng.uniform(0.85, 1.0)))


def _spells(
    rng: np.random.Generator,
    seconds: float,
    *,
    chance: float,
    hours: tuple[float, float],
    height: tuple[float, float],
) -> tuple[Spell, ...]:
    if rng.random() >= chance:
        return ()
    begin_s = rng.uniform(6 * HOUR_S, max(7 * HOUR_S, seconds - 12 * HOUR_S))
    return (Spell(begin_s, begin_s + rng.uniform(*hours) * HOUR_S, rng.uniform(*height)),)


def _within(at_s: Floats, spell: Spell) -> np.ndarray:
    return (at_s >= spell.begin_s) & (at_s < spell.end_s)


def _air_c(at_s: Floats, hvac: tuple[Spell, ...], rng: np.random.Generator) -> Floats:
    """Return a room's air: the hours of the day, the compressor, and what fails."""
    day = rng.uniform(0.4, 1.5) * np.sin(2 * np.pi * (at_s / DAY_S + rng.random()))
    period_s = rng.uniform(*_COMPRESSOR_S)
    saw = ((at_s / period_s + 0.05 * np.sin(at_s / 5000.0)) % 1.0 - 0.5) * rng.uniform(0.1, 0.6)
    walk = np.cumsum(rng.normal(0.0, 1.0, len(at_s))) * np.sqrt(at_s[1] - at_s[0])
    walk -= np.linspace(0.0, walk[-1], len(walk))
    air: Floats = rng.uniform(20.0, 26.0) + day + saw + walk * (0.6 / np.sqrt(DAY_S))
    for spell in hvac:
        rise_s, fall_s = rng.uniform(900.0, 3600.0, 2)
        up = spell.height * -np.expm1(-(at_s - spell.begin_s).clip(0.0) / rise_s)
        end = spell.height * -np.expm1(-(spell.end_s - spell.begin_s) / rise_s)
        down = end * np.exp(-(at_s - spell.end_s).clip(0.0) / fall_s)
        air += np.where(at_s < spell.end_s, up, down)
    return air
