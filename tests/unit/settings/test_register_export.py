"""A register is written like the file that was imported last, and differs only where it differs."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from batteryd.domain.register import RegisterEntry
from batteryd.settings.collect import Collector
from batteryd.settings.files import SourceFile
from batteryd.settings.located import InventoryRows
from batteryd.settings.register_csv import FIRST_COLUMNS, parse_register
from batteryd.settings.register_export import export_register
from batteryd.settings.register_rows import rows_of_register
from tests.builders import make_battery
from tests.register_entries import make_entry

FULL = (
    "\ufeff room,asset_id,site,capacity_ah,installed_on,warranty_months,document,ups\r\n"
    '5층,rack-1, 대전 ,120.0,2014-08-20,0120,"계약, 2014",UPS 1\r\n'
    ",,,,,,,\r\n"
    "5층,rack-2,대전,62.5,,,,\r\n"
)


def csv_file(text: str) -> SourceFile:
    return SourceFile(Path("register.csv"), text.encode())


def imported(file: SourceFile, listed: InventoryRows | None = None) -> dict[str, RegisterEntry]:
    """Return what the register says after a file was imported."""
    collector = Collector()
    rows = rows_of_register(
        parse_register(file), file=file, listed=listed or InventoryRows(), collector=collector
    )
    assert collector.mistakes == ()
    return {
        b.asset_id: replace(make_entry(), battery=b, site_id="대전")
        for b in (item.row.built() for item in rows.batteries)
    }


def changed(entry: RegisterEntry, **changes: Any) -> RegisterEntry:
    return replace(entry, battery=replace(entry.battery, **changes))


@pytest.mark.parametrize(
    "text",
    [
        FULL,
        FULL.removesuffix("\r\n"),
        FULL.removeprefix("\ufeff").replace("\r\n", "\n"),
        'asset_id,site,"room"\n"rack-1","대전",5층\n',  # quoted without need
    ],
)
def test_an_import_is_exported_to_the_byte(text: str) -> None:
    file = csv_file(text)

    assert export_register(imported(file), imported=file) == file.content


def test_names_of_a_listed_inventory_are_exported_to_the_byte() -> None:
    file = csv_file("asset_id,site,room\nrack-1,대전,대전:5층\nrack-2,대전,5층\n")
    listed = InventoryRows(ids={"room": frozenset({"대전:5층"})})

    entries = imported(file, listed)

    assert {e.battery.room_id for e in entries.values()} == {"대전:5층"}
    assert export_register(entries, imported=file) == file.content


def test_only_the_cell_that_changed_is_written_anew() -> None:
    file = csv_file(FULL)
    entries = imported(file)
    entries["rack-2"] = changed(entries["rack-2"], capacity_ah=120.0)

    found = export_register(entries, imported=file).decode()

    assert found == FULL.replace("62.5", "120")


def test_a_battery_that_is_no_longer_in_the_register_is_left_out() -> None:
    file = csv_file(FULL)
    entries = imported(file)
    del entries["rack-1"]

    found = export_register(entries, imported=file).decode().splitlines(keepends=True)

    assert found == [line for line in FULL.splitlines(keepends=True) if "rack-1" not in line]


def test_a_battery_of_another_source_follows_in_columns_that_it_needs() -> None:
    file = csv_file(FULL)
    entries = imported(file)
    other = make_battery("rack-3", room_id="대전:6층", ups_id=None, dc_bus_id=None)
    entries["rack-3"] = replace(make_entry(), battery=other, site_id="대전")

    first, *_, last = export_register(entries, imported=file).decode().splitlines()

    assert first == (
        FULL.splitlines()[0]
        + ",rack,manufacturer,model,serial_number,chemistry,warranty_basis,profile,address"
    )
    assert last == (
        "6층,rack-3,대전,120,2014-08-20,120,,,Rack 1,Example Cells,LR-17,EC-0001,NMC,installed,"
        "lithium-rack,modbus://127.0.0.1:1502/1"
    )


def test_without_an_imported_file_the_columns_are_those_of_the_format() -> None:
    approved = replace(make_battery().warranty, extension_months=24)
    entry = make_entry(room_id="daejeon:room-5b", warranty=approved)

    header, line = export_register({"rack-1": entry}, imported=None).decode().splitlines()

    assert header == ",".join((*FIRST_COLUMNS, "warranty_extension_months"))
    assert line == (
        "rack-1,daejeon,room-5b,ups-1,bus-1,Rack 1,Example Cells,LR-17,EC-0001,NMC,120,,,,"
        "2014-08-20,,installed,120,,,,,lithium-rack,modbus://127.0.0.1:1502/1,24"
    )


def test_what_was_exported_imports_as_the_same_register() -> None:
    entry = make_entry(room_id="daejeon:room-5b", ups_id="daejeon:ups-1", dc_bus_id="daejeon:bus-1")
    file = SourceFile(Path("export.csv"), export_register({"rack-1": entry}, imported=None))

    rows = rows_of_register(
        parse_register(file), file=file, listed=InventoryRows(), collector=Collector()
    )

    built = rows.batteries[0].row.built()
    assert built == replace(entry.battery, geometry=built.geometry)
    assert built.dates.installed_on == date(2014, 8, 20)
