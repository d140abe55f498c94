"""An entry of the register as text, column by column: for differences, and to be written again.

The text of a value is the one spelling that the register's CSV takes for sure: dates as 2014-08-20,
numbers with a point and no exponent, unknown as an empty cell. The first columns are those of the
CSV; the last few only stand in `inventory.toml`.
"""

from collections.abc import Callable
from decimal import Decimal
from operator import attrgetter
from types import MappingProxyType

from batteryd.domain.register import RegisterEntry

_PATHS = {
    "asset_id": "battery.asset_id",
    "site": "site_id",
    "room": "battery.room_id",
    "ups": "battery.ups_id",
    "dc_bus": "battery.dc_bus_id",
    "rack": "battery.rack",
    "manufacturer": "battery.manufacturer",
    "model": "battery.model",
    "serial_number": "battery.serial_number",
    "chemistry": "battery.chemistry",
    "capacity_ah": "battery.capacity_ah",
    "energy_kwh": "battery.energy_kwh",
    "manufactured_on": "battery.dates.manufactured_on",
    "delivered_on": "battery.dates.delivered_on",
    "installed_on": "battery.dates.installed_on",
    "commissioned_on": "battery.dates.commissioned_on",
    "warranty_basis": "battery.warranty.basis",
    "warranty_months": "battery.warranty.months",
    "warranty_ends_on": "battery.warranty.ends_on",
    "service_life_years": "battery.warranty.service_life_years",
    "document": "battery.warranty.document",
    "document_sha256": "battery.warranty.document_sha256",
    "profile": "battery.source.profile",
    "address": "battery.source.address",
    "warranty_extension_months": "battery.warranty.extension_months",
    "extension_document": "battery.warranty.extension_document",
    "temperature_c_max": "battery.warranty.conditions.temperature_c_max",
    "temperature_hours_max": "battery.warranty.conditions.temperature_hours_max",
    "cycle_count_max": "battery.warranty.conditions.cycle_count_max",
    "energy_throughput_kwh_max": "battery.warranty.conditions.energy_throughput_kwh_max",
    "soh_pct_min": "battery.warranty.conditions.soh_pct_min",
    "entered_by": "battery.warranty.entered_by",
    "approved_by": "battery.warranty.approved_by",
    "string_count": "battery.geometry.string_count",
    "module_count_per_string": "battery.geometry.module_count_per_string",
    "cell_count_per_module": "battery.geometry.cell_count_per_module",
    "temperature_sensor_count_per_module": "battery.geometry.temperature_sensor_count_per_module",
    "credential": "battery.source.credential",
    "poll_interval_s": "battery.source.poll_interval_s",
}

# Of a battery that is not polled, these are empty rather than missing.
_OF_THE_SOURCE = frozenset(name for name, path in _PATHS.items() if ".source." in path)

# Names that need only be unique within their site; their ids may carry it.
_WITHIN_A_SITE = frozenset({"room", "ups", "dc_bus"})

_GETTERS: MappingProxyType[str, Callable[[RegisterEntry], object]] = MappingProxyType(
    {name: attrgetter(path) for name, path in _PATHS.items()}
)

COLUMN_NAMES = tuple(_PATHS)


def value_text(entry: RegisterEntry, column: str) -> str:
    """Return what an entry says in a column, ids in full; empty where it says nothing."""
    if column in _OF_THE_SOURCE and entry.battery.source is None:
        return ""
    return _text(_GETTERS[column](entry))


def cell_of(entry: RegisterEntry, column: str) -> str:
    """Return what an entry says in a column, as the register's CSV calls it."""
    text = value_text(entry, column)
    return text.removeprefix(f"{entry.site_id}:") if column in _WITHIN_A_SITE else text


def number_text(value: float) -> str:
    """Return a number with a point and without an exponent."""
    return format(Decimal(repr(value)), "f").removesuffix(".0")


def _text(value: object) -> str:
    if value is None:
        return ""
    return number_text(value) if isinstance(value, float) else str(value)
