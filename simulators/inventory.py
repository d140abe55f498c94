"""Writes the inventory of a simulated room, in the words of `inventory.toml`.

A scenario that plays now cannot carry dates of its own: `warranty_days_left` counts from the day
on which it starts, and the day of installation follows from the warranty's months.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from simulators.scenario_model import Scenario
from simulators.scenario_tables import RackTable, UpsTable
from simulators.toml_text import Scalar, toml_text

Row = dict[str, Scalar | None]


@dataclass(frozen=True, slots=True)
class Reading:
    """How the assets of a room are read."""

    addresses: Mapping[str, str]  # by asset id; an asset without one is in the register only
    rack_profile: str = "lithium-rack"
    ups_profile: str = "ups-mib"
    credential: str | None = None  # name of the SNMP credential in batteryd.toml


def inventory_toml(scenario: Scenario, reading: Reading, *, start_s: float) -> str:
    """Return an `inventory.toml` for a room that starts at `start_s`."""
    starts_on = datetime.fromtimestamp(start_s, tz=UTC).date()
    upses = {ups.ups_id: ups for ups in scenario.ups}
    return toml_text(
        {
            "site": [table.model_dump() for table in scenario.site],
            "room": [
                {"room_id": r.room_id, "site_id": r.site_id, "name": r.name} for r in scenario.room
            ],
            "dc_bus": [
                {"dc_bus_id": u.dc_bus_id, "room_id": u.room_id, "name": f"DC bus of {u.name}"}
                for u in scenario.ups
            ],
            "ups": [_ups(u) | _source(u.ups_id, scenario, reading) for u in scenario.ups],
            "battery": [
                _battery(rack, ups=upses[rack.ups_id])
                | _life(rack, starts_on=starts_on)
                | _source(rack.asset_id, scenario, reading)
                for rack in scenario.rack
            ],
            "service": [table.model_dump() for table in scenario.service],
        }
    )


def _source(name: str, scenario: Scenario, reading: Reading) -> Row:
    address = reading.addresses.get(name)
    if address is None:
        return {}
    is_ups = address.startswith("snmp:")
    return {
        "address": address,
        "profile": reading.ups_profile if is_ups else reading.rack_profile,
        "credential": reading.credential if is_ups else None,
        "poll_interval_s": scenario.scenario.poll_interval_s,
    }


def _ups(ups: UpsTable) -> Row:
    return {"ups_id": ups.ups_id, "room_id": ups.room_id, "name": ups.name}


def _battery(rack: RackTable, *, ups: UpsTable) -> Row:
    return {
        "asset_id": rack.asset_id,
        "room_id": ups.room_id,
        "ups_id": rack.ups_id,
        "dc_bus_id": ups.dc_bus_id,
        "rack": rack.rack,
        "manufacturer": rack.manufacturer,
        "model": rack.model,
        "serial_number": rack.serial_number,
        "chemistry": rack.chemistry.value,
        "capacity_ah": rack.capacity_ah,
        "energy_kwh": round(rack.energy_kwh, 1),
        "string_count": 1,
        "module_count_per_string": rack.module_count_per_string,
        "cell_count_per_module": rack.cell_count_per_module,
        "temperature_sensor_count_per_module": rack.temperature_sensor_count_per_module,
    }


def _life(rack: RackTable, *, starts_on: date) -> Row:
    ends_on, installed_on = rack.warranty_ends_on, rack.installed_on
    if rack.warranty_days_left is not None:
        ends_on = starts_on + timedelta(days=rack.warranty_days_left)
        installed_on = installed_on or _months_before(ends_on, rack.warranty_months or 0)
    return {
        "manufactured_on": rack.manufactured_on,
        "installed_on": installed_on,
        "warranty_basis": rack.warranty_basis.value if rack.warranty_basis else None,
        "warranty_months": rack.warranty_months,
        "warranty_ends_on": ends_on,
        "service_life_years": rack.service_life_years,
    }


def _months_before(day: date, months: int) -> date:
    """Return a day of installation whose warranty of so many months ends on `day`."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    # The 28th exists in every month; a contract's exact last day stands in warranty_ends_on.
    return date(year, month + 1, min(day.day, 28)) + timedelta(days=1)
