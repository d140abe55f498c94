"""The life of one rack, step by step, all cells at once.

Each cell is a source, a resistance, two resistances with time constants behind it (what builds up
in seconds and in minutes under load) and, where it is damaged, a conductance G across it:

    V = (E + P + I·R) / (1 + G·R)          dP_k/dt = (I_cell·R_k - P_k) / tau_k

Each cell is also one lump of heat that conducts to the cells beside it and to those in the modules
above and below, and gives the rest to the air before its module:

    C·dT/dt = losses + idle + heater - airflow·A·(T - air) + conduction

What goes in at the terminals is stored, kept in P for a while, or becomes heat. The charger holds
its current until the cells' mean voltage is reached, then the voltage. Balancing bleeds what is
above the lowest cell while the rack is nearly full.
"""

from dataclasses import dataclass

import numpy as np

from simulators.chemistry import CellChemistry, Floats
from simulators.traces.build import TraceBuild
from simulators.traces.faults import NO_HARM, Harm
from simulators.traces.program import Program

STEP_S_MAX = 10.0
_RESISTANCE_PER_K = 0.012  # cold cells resist more
_CURVE_POINTS = 1000
_CHARGED_C = 0.02  # a charge is over below this
_SOC_EMPTY = 0.06  # where a UPS gives up
_BLEED_A_AH = 0.0008  # of the balancing, an ampere-hour
_BLEED_ABOVE_V = 0.006
_BLEED_BELOW_FULL = 0.03
_BAR_HEAT_SHARE = 0.4  # of a bar's heat; the rest goes to other metal
_SENSOR_LAG_S = 60.0
_BAR_LAG_S = 240.0


@dataclass(frozen=True, slots=True, eq=False)
class Books:
    """What went where, for whoever checks that nothing was lost. J, of the whole rack."""

    soc_end: Floats
    drawn_ah: Floats  # (module, cell): by shorts, bleeders and self-discharge
    taken_in_j: float  # at the terminals
    losses_j: float  # shorts and resistances
    heat_j: float  # losses that stay in cells, the idle heat and heaters
    given_off_j: float
    stored_j: float  # in warmer cells


@dataclass(frozen=True, slots=True, eq=False)
class Lived:
    """What was true at each step."""

    step_s: float
    current_a: Floats
    soc: Floats  # mean of the rack
    air_c: Floats
    cell_v: np.ndarray  # float32 (step, module, cell)
    sensor_c: np.ndarray  # float32 (step, module, sensor), before a sensor's own offset
    books: Books


def live(build: TraceBuild, program: Program, harm: Harm = NO_HARM) -> Lived:
    """Let a rack live through a program."""
    if not 0 < program.step_s <= STEP_S_MAX:
        raise ValueError(f"a step is more than 0 and at most {STEP_S_MAX:g} s")
    life = _Life(build, program, harm)
    for step in range(program.steps):
        life.live(step)
    return life.lived()


class _Curve:
    """An open-circuit voltage curve on an even grid: `np.interp` is slower by half."""

    def __init__(self, chemistry: CellChemistry) -> None:
        self._v = chemistry.voltage_at(np.linspace(0.0, 1.0, _CURVE_POINTS + 1))
        self.v_min = float(self._v[0])
        self._rise_v = np.append(np.diff(self._v), 0.0)

    def at(self, soc: Floats) -> Floats:
        place = soc * _CURVE_POINTS
        below = place.astype(np.intp)
        found: Floats = self._v[below] + self._rise_v[below] * (place - below)
        return found


class _Life:
    def __init__(self, build: TraceBuild, program: Program, harm: Harm) -> None:
        self._build, self._program, self._harm = build, program, harm
        shape, steps = build.soc.shape, program.steps
        self._curve = _Curve(build.chemistry)
        self._soc = build.soc.copy()
        self._polarised_v = np.zeros((2, *shape))
        self._decay = np.exp(-program.step_s / build.polarised_s)
        self._air_rise_k = build.air_rise_k.copy()
        self._cell_c = self._at_rest_c()
        self._begin_c = self._cell_c.copy()
        self._modules = np.arange(shape[0])[:, None]
        self._sensor_c = self._cell_c[self._modules, build.sensor_cell]
        self._bar_k = np.zeros(build.sensor_offset_k.shape)
        self._is_charging = False
        self._short_s, self._joint_ohm = np.zeros(shape), np.zeros(shape)
        self._airflow = np.ones((shape[0], 1))
        self._drawn_ah = np.zeros(shape)
        self._taken_in_j = self._losses_j = self._heat_j = self._given_off_j = 0.0
        self._current_a, self._mean_soc = np.zeros(steps), np.zeros(steps)
        self._kept_v = np.zeros((steps, *shape), dtype=np.float32)
        self._kept_c = np.zeros((steps, *build.sensor_offset_k.shape), dtype=np.float32)

    def _at_rest_c(self) -> Floats:
        warmer_k = self._build.idle_w / self._build.cooling_w_per_k
        air_c = self._program.air_c[0] + self._air_rise_k[:, None]
        return np.broadcast_to(air_c + warmer_k, self._build.soc.shape).copy()

    def live(self, step: int) -> None:
        """Note what is true at a step, then go on to the next."""
        build, dt_s = self._build, self._program.step_s
        self._suffer(step)
        warmth = np.exp(_RESISTANCE_PER_K * (25.0 - self._cell_c.clip(-20.0, 90.0)))
        ohmic = build.ohmic_ohm * warmth + build.bar_ohm + self._joint_ohm
        source_v = self._curve.at(self._soc)
        open_v = source_v + self._polarised_v[0] + self._polarised_v[1]
        current_a = self._charger_a(step, open_v, ohmic)
        cell_v = (open_v + current_a * ohmic) / (1.0 + self._short_s * ohmic)
        self._note(step, current_a, cell_v)
        drawn_a = self._short_s * cell_v + self._bled_a(cell_v)
        through_a = current_a - drawn_a
        losses_w = through_a**2 * (ohmic - _bars(build, self._joint_ohm) * (1 - _BAR_HEAT_SHARE))
        losses_w += drawn_a * cell_v
        losses_w += (self._polarised_v**2 / (build.polarised_ohm * warmth)).sum(axis=0)
        self._book(current_a, cell_v, losses_w, through_a)
        self._drawn_ah += (drawn_a + build.self_discharge_a) * (dt_s / 3600.0)
        reach_v = through_a * build.polarised_ohm * warmth
        self._polarised_v = reach_v + (self._polarised_v - reach_v) * self._decay
        stored_a = through_a - build.self_discharge_a
        self._soc += stored_a * (dt_s / 3600.0) / build.cell_capacity_ah
        self._soc.clip(0.0, 1.0, out=self._soc)
        self._warm(step, losses_w, current_a)

    def _suffer(self, step: int) -> None:
        harm, place = self._harm, (self._harm.module, self._harm.cell)
        if harm.short_s is not None:
            # An empty cell has nothing left to give.
            left_a = self._soc[place] * self._build.cell_capacity_ah[place] * 3600.0
            left_s = left_a / self._program.step_s / self._curve.v_min
            self._short_s[place] = min(harm.short_s[step], left_s)
        if harm.joint_ohm is not None:
            self._joint_ohm[place] = harm.joint_ohm[step]
        if harm.airflow is not None:
            self._airflow[slice(None) if harm.is_everywhere else harm.module] = harm.airflow[step]

    def _charger_a(self, step: int, open_v: Floats, ohmic: Floats) -> float:
        program = self._program
        wanted_a = float(program.current_a[step])
        soc = self._mean_soc[step] = float(self._soc.mean())
        if not np.isnan(wanted_a):  # the program decides, not the charger
            self._is_charging = False
            return 0.0 if wanted_a < 0 and soc < _SOC_EMPTY else wanted_a
        self._is_charging |= bool(program.refresh[step])
        if not self._is_charging:
            return 0.0
        held_a = (self._build.chemistry.charge_v_max - open_v.mean()) / ohmic.mean()
        current_a = float(min(program.charge_a, held_a))
        over_a = min(_CHARGED_C * self._build.cell_capacity_ah[0, 0], program.charge_a / 2)
        if soc >= program.soc_full or current_a < over_a:
            self._is_charging = False
        return max(current_a, 0.0)

    def _bled_a(self, cell_v: Floats) -> Floats | float:
        if not self._is_charging:
            return 0.0
        if self._soc.mean() < self._program.soc_full - _BLEED_BELOW_FULL:
            return 0.0
        capacity_ah = self._build.cell_capacity_ah
        bled: Floats = (cell_v > cell_v.min() + _BLEED_ABOVE_V) * (_BLEED_A_AH * capacity_ah)
        return bled

    def _note(self, step: int, current_a: float, cell_v: Floats) -> None:
        self._current_a[step] = current_a
        self._kept_v[step] = cell_v
        self._kept_c[step] = self._sensor_c + self._bar_k

    def _book(self, current_a: float, cell_v: Floats, losses_w: Floats, through_a: Floats) -> None:
        dt_s = self._program.step_s
        outside_w = through_a**2 * _bars(self._build, self._joint_ohm) * (1 - _BAR_HEAT_SHARE)
        self._taken_in_j += float(cell_v.sum()) * current_a * dt_s
        self._losses_j += float((losses_w + outside_w).sum()) * dt_s
        self._heat_j += float((losses_w + self._build.idle_w).sum()) * dt_s

    def _warm(self, step: int, losses_w: Floats, current_a: float) -> None:
        build, program, cell_c = self._build, self._program, self._cell_c
        dt_s = program.step_s
        power_w = losses_w + build.idle_w
        if self._harm.heater_w is not None:
            power_w[self._harm.module, self._harm.cell] += self._harm.heater_w[step]
            self._heat_j += float(self._harm.heater_w[step]) * dt_s
        air_c = program.air_c[step] + self._air_rise_k
        air_c[program.door_modules] += program.door_k[step]
        air_c = air_c[:, None]
        off_w = build.cooling_w_per_k * self._airflow * (cell_c - air_c)
        self._given_off_j += float(off_w.sum()) * dt_s
        power_w -= off_w
        beside_w = build.conduction_w_per_k * np.diff(cell_c, axis=1)
        power_w[:, :-1] += beside_w
        power_w[:, 1:] -= beside_w
        above_w = build.stack_w_per_k * np.diff(cell_c, axis=0)
        power_w[:-1] += above_w
        power_w[1:] -= above_w
        self._cell_c = cell_c + power_w * (dt_s / build.heat_j_per_k)
        self._feel(current_a, air_c)

    def _feel(self, current_a: float, air_c: Floats) -> None:
        build, dt_s = self._build, self._program.step_s
        near_c = self._cell_c[self._modules, build.sensor_cell]
        near_c = near_c + build.sensor_air * (air_c - near_c)
        self._sensor_c += (near_c - self._sensor_c) * min(1.0, dt_s / _SENSOR_LAG_S)
        rate_c = current_a / float(build.cell_capacity_ah[0, 0])
        reach_k = build.sensor_bar_k * rate_c**2
        self._bar_k += (reach_k - self._bar_k) * min(1.0, dt_s / _BAR_LAG_S)

    def lived(self) -> Lived:
        warmer_k = float((self._cell_c - self._begin_c).sum())
        books = Books(
            soc_end=self._soc,
            drawn_ah=self._drawn_ah,
            taken_in_j=self._taken_in_j,
            losses_j=self._losses_j,
            heat_j=self._heat_j,
            given_off_j=self._given_off_j,
            stored_j=warmer_k * self._build.heat_j_per_k,
        )
        return Lived(
            step_s=self._program.step_s,
            current_a=self._current_a,
            soc=self._mean_soc,
            air_c=self._program.air_c,
            cell_v=self._kept_v,
            sensor_c=self._kept_c,
            books=books,
        )


def _bars(build: TraceBuild, joint_ohm: Floats) -> Floats:
    return build.bar_ohm + joint_ohm
