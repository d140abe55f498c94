"""Checks a register that somebody brings, in the light of the configuration that is in force.

It is checked as the daemon would check it: its references against what `inventory.toml` lists, its
profiles and addresses, its dates and terms. Every mistake is told, with file, row, column and
value, and then nothing of it is used.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from batteryd.domain.person import same_person
from batteryd.domain.register import RegisterEntry
from batteryd.errors import ConfigError
from batteryd.settings.collect import Collector
from batteryd.settings.files import Files, SourceFile, toml_of
from batteryd.settings.inventory import NOTHING_LISTED, mistakes_between
from batteryd.settings.inventory_toml import rows_of_toml
from batteryd.settings.located import InventoryRows, Place
from batteryd.settings.profiles import Profiles, read_profiles
from batteryd.settings.register_csv import Register
from batteryd.settings.register_rows import rows_of_register
from batteryd.settings.settings_file import read_settings
from batteryd.warranty.register_source import RegisterSource


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a register is held against, and where the ledger is that it goes into."""

    listed: InventoryRows  # sites, rooms, UPSs and buses of inventory.toml; no batteries
    profiles: Profiles
    credential_names: Collection[str]
    state_dir: Path


@dataclass(frozen=True, slots=True)
class BroughtRegister:
    """A register without a mistake, and where in it each battery stands."""

    source: RegisterSource
    places: Mapping[str, Place]  # by asset id


def read_surroundings(config_file: Path, *, environ: Mapping[str, str]) -> Surroundings:
    """Read as much of a configuration as a register is checked against.

    Raises:
        ConfigError: with every mistake in it.
    """
    collector, files = Collector(), Files()
    file = files.read(config_file)
    settings, credential_names = read_settings(file, environ=environ, collector=collector)
    profiles = read_profiles(settings.files.profiles, files=files, collector=collector)
    listed = collector.attempt(
        lambda: _listed(settings.files.inventory, files=files, collector=collector)
    )
    if listed is None or collector.mistakes:
        raise ConfigError(collector.mistakes)
    return Surroundings(listed, profiles, credential_names, settings.daemon.state_dir)


def check_register(
    register: Register, *, file: SourceFile, name: str, surroundings: Surroundings
) -> BroughtRegister:
    """Return what a register says; `name` is where it came from, as its entries will have it.

    Raises:
        ConfigError: with every mistake in it.
    """
    collector = Collector()
    rows = rows_of_register(register, file=file, listed=surroundings.listed, collector=collector)
    profiles, names = surroundings.profiles, surroundings.credential_names
    collector.add(*mistakes_between(rows, profiles=profiles, credentials=names))
    if collector.mistakes:
        raise ConfigError(collector.mistakes)
    return BroughtRegister(
        source=RegisterSource(
            batteries={item.row.asset_id: item.row.built() for item in rows.batteries},
            site_of_room={item.row.room_id: item.row.site_id for item in rows.rooms},
            name=name,
            sha256=file.sha256,
        ),
        places={item.row.asset_id: item.place for item in rows.batteries},
    )


def require_two_people(entries: Iterable[RegisterEntry], *, places: Mapping[str, Place]) -> None:
    """Refuse entries that one person would enter and approve.

    Raises:
        ConfigError: with each of them.
    """
    mistakes = tuple(
        places[entry.asset_id].mistake(
            "approved_by", entry.approved_by, f"another person than {entry.entered_by}: two people"
        )
        for entry in entries
        if entry.approved_by is not None and same_person(entry.entered_by, entry.approved_by)
    )
    if mistakes:
        raise ConfigError(mistakes)


def _listed(path: Path, *, files: Files, collector: Collector) -> InventoryRows:
    if path.suffix.lower() == ".csv":
        return NOTHING_LISTED
    file = files.read(path)
    return rows_of_toml(toml_of(file) | {"battery": []}, file=file, collector=collector)
