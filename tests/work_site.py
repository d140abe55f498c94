"""A site where racks are to be moved: its inventory, what its racks read, a folder for commands.

Racks R1 and R2 are on DC bus DC-5 with R3; all read what a GO wants (open, 18 %, no current, no bus
voltage) unless a test says otherwise. R9 is in another room and out of its warranty.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from batteryd.domain.inventory import Inventory
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Layout, Snapshot, parse_column
from batteryd.domain.work import Attestation, AttestationKind, WorkKind, WorkOrder
from batteryd.settings.load import load_configuration
from batteryd.settings.paths import packaged_config_dir
from batteryd.store.ledger import Ledger
from tests.builders import NOON_S
from tests.journals import open_journal

INVENTORY = """
[[site]]
site_id = "daejeon"
time_zone = "Asia/Seoul"

[[room]]
room_id = "room-5f"
site_id = "daejeon"
name = "5F 전산실"

[[room]]
room_id = "room-4f"
site_id = "daejeon"

[[dc_bus]]
dc_bus_id = "DC-5"
room_id = "room-5f"

[[ups]]
ups_id = "UPS-5"
room_id = "room-5f"

[[service]]
name = "mobile identity"
grade = 1
ups_id = "UPS-5"

[[service]]
name = "staff canteen"
grade = 4
room_id = "room-5f"
"""

BATTERY = """
[[battery]]
asset_id = "{asset_id}"
room_id = "{room_id}"
ups_id = "UPS-5"
dc_bus_id = "DC-5"
rack = "Rack {number}"
chemistry = "NMC"
module_count_per_string = 17
cell_count_per_module = 14
installed_on = 2020-01-01
warranty_ends_on = 2099-12-31
service_life_years = 50.0
address = "modbus://192.0.2.{number}/1"
profile = "lithium-rack"
"""

OLD_BATTERY = """
[[battery]]
asset_id = "R9"
room_id = "room-4f"
rack = "Rack 9"
chemistry = "NMC"
installed_on = 2014-08-15
warranty_ends_on = 2024-08-14
"""

NOTIFY = """
[channel.log]
kind = "log"

[channel.kim_phone]
kind = "log"

[person."Kim Minsu"]
channels = ["kim_phone"]

[[route]]
channels = ["log"]
"""

ISOLATED = {
    "soc_pct": 18.0,
    "voltage_v": 838.0,
    "current_a": 0.0,
    "bus_voltage_v": 0.0,
    "contactor_closed": 0.0,
    "breaker_closed": 0.0,
    "module_temperature_c_max": 24.0,
}
LAYOUT = Layout.of(parse_column(f"-:{quantity}") for quantity in ISOLATED)

PEOPLE = ("Kim Minsu", "Lee Jiwon")
BEFORE_WORK = (
    AttestationKind.BRIEFING,
    AttestationKind.INSULATED_TOOLS,
    AttestationKind.INSULATED_CONDUCTORS,
    AttestationKind.SUPERVISOR_ON_SITE,
    AttestationKind.CONTRACTOR_IS_AWARDED_FIRM,
)


def inventory_text() -> str:
    """Return the inventory as its file has it."""
    racks = (
        BATTERY.format(asset_id=f"R{number}", number=number, room_id="room-5f")
        for number in (1, 2, 3)
    )
    return "".join((INVENTORY, *racks, OLD_BATTERY))


def write_site(folder: Path) -> Path:
    """Write a whole configuration; return batteryd.toml. Its state directory is made and empty."""
    packaged = packaged_config_dir()
    state = folder / "state"
    state.mkdir()
    (folder / "batteryd.toml").write_text('[daemon]\nstate_dir = "state"\n')
    (folder / "inventory.toml").write_text(inventory_text(), encoding="utf-8")
    (folder / "notify.toml").write_text(NOTIFY)
    (folder / "rules.toml").write_text((packaged / "rules.toml").read_text())
    Ledger(state / "ledger.db").close()
    return folder / "batteryd.toml"


def read_inventory(folder: Path) -> Inventory:
    """Return the inventory of the site, as the daemon would load it."""
    return load_configuration(write_site(folder), environ={}).inventory


def rack(asset_id: str, *, at_s: float = NOON_S, **values: float | None) -> Snapshot:
    """Return what an isolated rack reads, and what a test changes; None: the value is missing."""
    read = ISOLATED | values
    numbers = np.array([np.nan if v is None else v for v in read.values()], dtype=np.float64)
    missing = np.isnan(numbers)
    quality = np.where(missing, Quality.MISSING, Quality.GOOD).astype(np.uint8)
    return Snapshot(asset_id, at_s, LAYOUT, numbers, quality)


def racks(*, at_s: float = NOON_S, **changed: Mapping[str, float | None]) -> dict[str, Snapshot]:
    """Return what R1, R2 and R3 read; `R2={"contactor_closed": 1.0}` changes one of them."""
    return {name: rack(name, at_s=at_s, **changed.get(name, {})) for name in ("R1", "R2", "R3")}


def write_journal(folder: Path, snapshots: Iterable[Snapshot]) -> None:
    """Write what was read where the commands look for it."""
    journal = open_journal(folder / "state" / "journal.db")
    journal.append(list(snapshots))
    journal.file.close()


def now_s() -> float:
    """Return the time that commands live in."""
    return time.time()


def make_order(**changes: Any) -> WorkOrder:
    """Return a planned order to move R1 and R2, from now to two hours later."""
    order = WorkOrder(
        work_order_id="WO-1",
        kind=WorkKind.RELOCATE,
        starts_at_s=NOON_S,
        ends_at_s=NOON_S + 7200,
        batteries=("R1", "R2"),
        people=PEOPLE,
        opened_by="Park",
        opened_at_s=NOON_S - 86_400,
    )
    return replace(order, **changes)


def said(kind: AttestationKind, *, at_s: float = NOON_S, **more: Any) -> Attestation:
    """Return what Park attests about WO-1."""
    attestation = Attestation("WO-1", kind, "Park", at_s)
    return replace(attestation, **more)


def all_said(*, at_s: float = NOON_S) -> tuple[Attestation, ...]:
    """Return every attestation that moving racks needs, the services' owners included."""
    owners = (AttestationKind.OWNER_NOTIFIED, AttestationKind.RECOVERY_COPY_CONFIRMED)
    return (
        *(said(kind, at_s=at_s, people=PEOPLE) for kind in BEFORE_WORK),
        *(said(kind, at_s=at_s, service="mobile identity") for kind in owners),
    )
