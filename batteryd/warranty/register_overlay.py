"""What the register says of the batteries that are in an inventory.

An inventory says what stands where and how it is read. What a battery is, its dates and its terms
are the register's to say as soon as it has an entry for it: people may have imported and approved
that one. They are taken as a whole: a term that the register does not have is unknown, and is not
filled in from the inventory.
"""

from collections.abc import Mapping
from dataclasses import replace

from batteryd.domain.inventory import Battery, Inventory
from batteryd.domain.register import RegisterEntry


def with_register(inventory: Inventory, entries: Mapping[str, RegisterEntry]) -> Inventory:
    """Return the inventory with identity, dates and terms as the register has them."""
    return replace(
        inventory,
        batteries={
            asset_id: _as_registered(battery, entries[asset_id].battery)
            if asset_id in entries
            else battery
            for asset_id, battery in inventory.batteries.items()
        },
    )


def _as_registered(battery: Battery, registered: Battery) -> Battery:
    return replace(
        battery,
        manufacturer=registered.manufacturer,
        model=registered.model,
        serial_number=registered.serial_number,
        dates=registered.dates,
        warranty=registered.warranty,
    )
