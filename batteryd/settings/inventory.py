"""Makes the inventory out of `inventory.toml`, of a register's CSV, or of the two together."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from batteryd.domain.inventory import Battery, Inventory, Source
from batteryd.errors import Mistake
from batteryd.settings.collect import Collector
from batteryd.settings.files import Files, revision_of, toml_of
from batteryd.settings.inventory_checks import inventory_mistakes
from batteryd.settings.inventory_toml import register_path, rows_of_toml
from batteryd.settings.life_checks import life_mistakes
from batteryd.settings.located import InventoryRows
from batteryd.settings.profiles import Profiles
from batteryd.settings.register_csv import parse_register
from batteryd.settings.register_rows import rows_of_register
from batteryd.settings.source_checks import DEFAULT_CREDENTIAL, is_snmp, source_mistakes

NOTHING_LISTED = InventoryRows()


def read_rows(path: Path, *, files: Files, collector: Collector) -> InventoryRows:
    """Read every row of the inventory; what is wrong in single rows goes to the collector.

    Raises:
        ConfigError: a file cannot be read as a whole.
    """
    if path.suffix.lower() == ".csv":
        return _rows_of_register(path, listed=NOTHING_LISTED, files=files, collector=collector)
    file = files.read(path)
    data = toml_of(file)
    listed = replace(
        rows_of_toml(data, file=file, collector=collector),
        revision=revision_of(file.sha256),
        source=file.name,
        source_sha256=file.sha256,
    )
    register = register_path(data, file=file, collector=collector)
    if register is None:
        return listed
    return _rows_of_register(register, listed=listed, files=files, collector=collector)


def mistakes_between(
    rows: InventoryRows, *, profiles: Profiles, credentials: Collection[str]
) -> Iterator[Mistake]:
    """Yield what only shows when rows, profiles and credentials are seen together."""
    yield from inventory_mistakes(rows)
    yield from source_mistakes(rows, profiles=profiles, credentials=credentials)
    for battery in rows.batteries:
        yield from life_mistakes(battery)


def build_inventory(rows: InventoryRows, *, profiles: Profiles) -> Inventory:
    """Return the inventory that rows without a mistake describe."""
    ups = (item.row.built() for item in rows.ups)
    batteries = {item.row.asset_id: item.row.built() for item in rows.batteries}
    return Inventory(
        sites={item.row.site_id: item.row.built() for item in rows.sites},
        rooms={item.row.room_id: item.row.built() for item in rows.rooms},
        dc_buses={item.row.dc_bus_id: item.row.built() for item in rows.dc_buses},
        ups={u.ups_id: replace(u, source=_source(u.source, profiles=profiles)) for u in ups},
        batteries={k: _completed(b, profiles=profiles) for k, b in batteries.items()},
        services=tuple(item.row.built() for item in rows.services),
        revision=rows.revision,
        registered=batteries,
        source=rows.source,
        source_sha256=rows.source_sha256,
    )


def _rows_of_register(
    path: Path, *, listed: InventoryRows, files: Files, collector: Collector
) -> InventoryRows:
    file = files.read(path)
    register = parse_register(file)
    rows = rows_of_register(register, file=file, listed=listed, collector=collector)
    return replace(
        rows,
        revision=revision_of(listed.revision, file.sha256),
        source=file.name,
        source_sha256=file.sha256,
    )


def _completed(battery: Battery, *, profiles: Profiles) -> Battery:
    """Fill in what the register leaves open and the device's profile knows."""
    profile = profiles.get(battery.source.profile) if battery.source is not None else None
    if profile is None:
        return battery
    return replace(
        battery,
        geometry=profile.geometry.under(battery.geometry),
        chemistry=battery.chemistry or profile.chemistry,
        source=_source(battery.source, profiles=profiles),
    )


def _source(source: Source | None, *, profiles: Profiles) -> Source | None:
    """Fill in the credential and the poll interval that go without saying."""
    if source is None:
        return None
    profile = profiles.get(source.profile)
    credential = source.credential or (DEFAULT_CREDENTIAL if is_snmp(source.address) else None)
    interval_s = source.poll_interval_s or (profile.poll_interval_s if profile else None)
    return replace(source, credential=credential, poll_interval_s=interval_s)
