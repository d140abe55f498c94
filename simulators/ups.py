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
    has_dropped_load: bool = False  # and stays off until mains is back


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
    source, current_a = _carried(build, state, supply=supply, together=together)
    if together is None:
        is_fed = supply.mains_present and supply.battery_breaker_closed
        return BusFlow(source, build.charge_voltage_v if is_fed else 0.0, 0.0, {})
    voltage_v = together.voltage_v(current_a)
    return BusFlow(source, voltage_v, current_a, shares(racks, voltage_v=voltage_v))


def advance_ups(
    build: UpsBuild, state: UpsState, *, supply: UpsSupply, now: BusFlow, dt_s: float
) -> UpsState:
    """Return what the UPS remembers `dt_s` seconds later."""
    if supply.mains_present:
        return UpsState()
    if now.output_source is not OutputSource.BATTERY:
        return replace(state, has_dropped_load=True)
    return UpsState(
        time_on_battery_s=state.time_on_battery_s + dt_s,
        has_dropped_load=now.voltage_v < build.cutoff_voltage_v,
    )


def battery_status(state: UpsState, *, soc_pct: float, is_connected: bool) -> BatteryStatus:
    """Return what upsBatteryStatus says."""
    if not is_connected:
        return BatteryStatus.UNKNOWN
    if state.has_dropped_load:
        return BatteryStatus.DEPLETED
    return BatteryStatus.LOW if soc_pct < _LOW_SOC_PCT else BatteryStatus.NORMAL


def runtime_remaining_s(*, energy_wh: float, load_w: float) -> float:
    """Return how long this energy carries this load."""
    if load_w <= 0:
        return _RUNTIME_S_MAX
    return min(3600.0 * energy_wh * _EFFICIENCY / load_w, _RUNTIME_S_MAX)


def _carried(
    build: UpsBuild, state: UpsState, *, supply: UpsSupply, together: Parallel | None
) -> tuple[OutputSource, float]:
    """Return what carries the load, and the current into the racks."""
    connected = together if supply.battery_breaker_closed else None
    if supply.mains_present:
        return OutputSource.NORMAL, 0.0 if connected is None else _charging_a(build, connected)
    if connected is None or state.has_dropped_load:
        return OutputSource.NONE, 0.0
    current_a = connected.discharging_current_a(power_w=supply.load_w / _EFFICIENCY)
    return (OutputSource.NONE, 0.0) if current_a is None else (OutputSource.BATTERY, current_a)


def _charging_a(build: UpsBuild, racks: Parallel) -> float:
    return racks.charging_current_a(
        voltage_v=build.charge_voltage_v, current_a_max=build.charge_current_a_max
    )
