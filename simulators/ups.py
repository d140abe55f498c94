"""A double-conversion UPS on its DC bus: where the load's power comes from. Pure.

With mains, the rectifier carries the load and charges the racks at a constant voltage up to a
current limit. Without, the racks carry the load through the inverter until the bus falls to the
cut-off; from then on the load is dropped until mains is back. With its battery breaker open the UPS
neither charges nor discharges: the bus is then what the closed racks make of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from batteryd.domain.quantity import BatteryStatus, OutputSource
from simulators.battery import Electrics
from simulators.dc_bus import Parallel, in_parallel, shares

_EFFICIENCY = 0.95
_LOW_SOC_PCT = 20.0  # upsBatteryStatus turns to batteryLow
_RUNTIME_S_MAX = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class UpsBuild:
    """How a UPS is rated and set."""

    rating_w: float
    charge_voltage_v: float
    charge_current_a_max: float
    cutoff_voltage_v: float


@dataclass(frozen=True, slots=True)
class UpsSupply:
    """What the site gives a UPS and asks of it."""

    load_w: float
    mains_present: bool = True
    battery_breaker_closed: bool = True


@dataclass(frozen=True, slots=True)
class UpsState:
    """What a UPS remembers."""

    time_on_battery_s: float = 0.0
    is_exhausted: bool = False  # the cut-off was reached and mains is not back yet


@dataclass(frozen=True, slots=True)
class BusFlow:
    """What flows on the DC bus during a step; currents are positive while charging."""

    output_source: OutputSource
    voltage_v: float
    current_a: float
    rack_current_a: Mapping[str, float]


def flow(
    build: UpsBuild, state: UpsState, *, supply: UpsSupply, racks: Mapping[str, Electrics]
) -> BusFlow:
    """Return what flows while `racks` are connected to the bus."""
    together = in_parallel(racks)
    source = _output_source(build, state, supply=supply, together=together)
    rectifier_v = build.charge_voltage_v if supply.mains_present else 0.0
    if together is None:
        return BusFlow(source, rectifier_v * supply.battery_breaker_closed, 0.0, {})
    current_a = _bus_current_a(build, source, supply=supply, together=together)
    voltage_v = together.voltage_v(current_a)
    return BusFlow(source, voltage_v, current_a, shares(racks, voltage_v=voltage_v))


def advance_ups(
    build: UpsBuild, state: UpsState, *, supply: UpsSupply, now: BusFlow, dt_s: float
) -> UpsState:
    """Return what the UPS remembers `dt_s` seconds later."""
    if supply.mains_present:
        return UpsState()
    if now.output_source is not OutputSource.BATTERY:
        return replace(state, is_exhausted=True)
    return UpsState(
        time_on_battery_s=state.time_on_battery_s + dt_s,
        is_exhausted=now.voltage_v < build.cutoff_voltage_v,
    )


def battery_status(state: UpsState, *, soc_pct: float, is_connected: bool) -> BatteryStatus:
    """Return what upsBatteryStatus says."""
    if not is_connected:
        return BatteryStatus.UNKNOWN
    if state.is_exhausted:
        return BatteryStatus.DEPLETED
    return BatteryStatus.LOW if soc_pct < _LOW_SOC_PCT else BatteryStatus.NORMAL


def runtime_remaining_s(*, energy_wh: float, load_w: float) -> float:
    """Return how long this energy carries this load."""
    if load_w <= 0:
        return _RUNTIME_S_MAX
    return min(3600.0 * energy_wh * _EFFICIENCY / load_w, _RUNTIME_S_MAX)


def _output_source(
    build: UpsBuild, state: UpsState, *, supply: UpsSupply, together: Parallel | None
) -> OutputSource:
    if supply.mains_present:
        return OutputSource.NORMAL
    if together is None or state.is_exhausted or not supply.battery_breaker_closed:
        return OutputSource.NONE
    if together.discharging_current_a(power_w=_drawn_w(supply)) is None:
        return OutputSource.NONE
    return OutputSource.BATTERY


def _bus_current_a(
    build: UpsBuild, source: OutputSource, *, supply: UpsSupply, together: Parallel
) -> float:
    if not supply.battery_breaker_closed:
        return 0.0
    if source is OutputSource.NORMAL:
        return together.charging_current_a(
            voltage_v=build.charge_voltage_v, current_a_max=build.charge_current_a_max
        )
    if source is OutputSource.BATTERY:
        return together.discharging_current_a(power_w=_drawn_w(supply)) or 0.0
    return 0.0


def _drawn_w(supply: UpsSupply) -> float:
    return supply.load_w / _EFFICIENCY
