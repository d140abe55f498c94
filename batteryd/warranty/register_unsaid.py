"""What a register's CSV has no column for: how a battery is built, and how often it is read.

Only `inventory.toml` says these. A CSV that is silent of them does not deny them: they stay as they
were, or every battery that both speak of would differ for ever.
"""

from collections.abc import Mapping
from dataclasses import replace

from batteryd.domain.inventory import Battery, Source
from batteryd.domain.register import RegisterEntry

Entries = Mapping[str, RegisterEntry]  # by asset id


def with_unsaid(said: Entries, *, register: Entries) -> dict[str, RegisterEntry]:
    """Return what a CSV says, with what it cannot say as the register has it."""
    return {
        asset_id: entry if asset_id not in register else _filled(entry, register[asset_id].battery)
        for asset_id, entry in said.items()
    }


def _filled(entry: RegisterEntry, held: Battery) -> RegisterEntry:
    source = _filled_source(entry.battery.source, held.source)
    battery = replace(entry.battery, geometry=held.geometry, source=source)
    return entry if battery == entry.battery else replace(entry, battery=battery)


def _filled_source(said: Source | None, held: Source | None) -> Source | None:
    if said is None or held is None:
        return said
    return replace(said, credential=held.credential, poll_interval_s=held.poll_interval_s)
