"""What the cells of a register mean."""

from datetime import date
from pathlib import Path

import pytest

from batteryd.domain.inventory import Chemistry
from batteryd.domain.warranty import OperatingConditions, WarrantyBasis
from batteryd.settings.collect import Collector
from batteryd.settings.files import SourceFile
from batteryd.settings.inventory_rows import RoomRow, SiteRow
from batteryd.settings.located import InventoryRows, Located, Place
from batteryd.settings.register_csv import parse_register
from batteryd.settings.register_rows import rows_of_register

NOTHING_LISTED = InventoryRows()
PLACE = Place("inventory.toml", "room.1")


def rows_of(
    text: str, *, listed: InventoryRows = NOTHING_LISTED
) -> tuple[InventoryRows, list[tuple[str, str]]]:
    """Return the rows of a register, and key and value of every mistake."""
    file, collector = SourceFile(Path("register.csv"), text.encode()), Collector()
    rows = rows_of_register(parse_register(file), file=file, listed=listed, collector=collector)
    return rows, [(m.key, m.value) for m in collector.mistakes]


def test_a_full_line_is_a_battery_with_its_terms() -> None:
    rows, mistakes = rows_of(
        "asset_id,site,room,rack,manufacturer,model,serial_number,chemistry,capacity_ah,energy_kwh,"
        "installed_on,warranty_basis,warranty_months,service_life_years,document\n"
        "rack-1,대전,5층,R1,LG,JH4,K123,NMC,120,104.5,2014-08-20,installed,120,10,계약서.pdf\n"
    )

    assert mistakes == []
    battery = rows.batteries[0].row.built()
    assert battery.room_id == "대전:5층"
    assert battery.serial_number == "K123"
    assert battery.chemistry is Chemistry.NMC
    assert battery.capacity_ah == 120.0
    assert battery.dates.installed_on == date(2014, 8, 20)
    assert battery.warranty.basis is WarrantyBasis.INSTALLED
    assert battery.warranty.months == 120
    assert battery.warranty.document == "계약서.pdf"
    assert battery.source is None


def test_an_empty_cell_is_unknown_and_not_zero() -> None:
    rows, mistakes = rows_of(
        "asset_id,site,room,capacity_ah,installed_on,warranty_months\nrack-1,대전,5층, ,,\n"
    )

    assert mistakes == []
    battery = rows.batteries[0].row.built()
    assert battery.capacity_ah is None
    assert battery.dates.installed_on is None
    assert battery.warranty.months is None


def test_a_serial_number_of_digits_stays_text_with_its_zeros() -> None:
    rows, _ = rows_of("asset_id,site,room,serial_number\n0001,대전,5층,000123\n")

    assert rows.batteries[0].row.asset_id == "0001"
    assert rows.batteries[0].row.serial_number == "000123"


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("installed_on", "20140820"),
        ("installed_on", "2014-W34-3"),
        ("installed_on", "08/07/2014"),
        ("installed_on", "1408492800"),
        ("capacity_ah", "1e3"),
        ("capacity_ah", "1_000"),
        ("capacity_ah", "nan"),
        ("capacity_ah", "0"),
        ("warranty_months", "120.0"),
        ("warranty_months", "십이"),
        ("warranty_months", "１２０"),
    ],
)
def test_a_spelling_that_could_be_mistaken_is_refused(column: str, cell: str) -> None:
    rows, mistakes = rows_of(f"asset_id,site,room,{column}\nrack-1,대전,5층,{cell}\n")

    assert rows.batteries == ()
    assert [key for key, _ in mistakes] == [f"row 2, column {column}"]


def test_every_wrong_cell_of_a_line_is_told() -> None:
    _, mistakes = rows_of(
        "asset_id,site,room,capacity_ah,installed_on\n"
        "rack-1,대전,5층,a lot,yesterday\n"
        "rack-2,대전,5층,120,2014-08-20\n"
        "rack-3,대전,5층,-1,2014-08-20\n"
    )

    assert sorted(mistakes) == [
        ("row 2, column capacity_ah", '"a lot"'),
        ("row 2, column installed_on", '"yesterday"'),
        ("row 4, column capacity_ah", '"-1"'),
    ]


def test_a_line_must_agree_with_the_site_of_its_room() -> None:
    listed = InventoryRows(
        sites=(Located(SiteRow(site_id="daejeon"), PLACE),),
        rooms=(Located(RoomRow(room_id="room-5", site_id="daejeon"), PLACE),),
        ids={"site": frozenset({"daejeon", "gwangju"}), "room": frozenset({"room-5"})},
    )

    _, mistakes = rows_of("asset_id,site,room\nrack-1,gwangju,room-5\n", listed=listed)

    assert mistakes == [("row 2, column site", '"gwangju"')]


def test_a_name_that_cannot_be_an_id_is_told_by_its_column() -> None:
    _, mistakes = rows_of("asset_id,site,room\nrack-1,대전,5층/배터리실\n")

    assert set(mistakes) == {("row 2, column room", '"5층/배터리실"')}


def test_a_listed_id_that_carries_the_site_is_meant_by_the_name_alone() -> None:
    listed = InventoryRows(
        sites=(Located(SiteRow(site_id="daejeon"), PLACE),),
        rooms=(Located(RoomRow(room_id="daejeon:room-5", site_id="daejeon"), PLACE),),
        ids={"site": frozenset({"daejeon"}), "room": frozenset({"daejeon:room-5"})},
    )

    rows, mistakes = rows_of("asset_id,site,room\nrack-1,daejeon,room-5\n", listed=listed)

    assert mistakes == []
    assert rows.batteries[0].row.room_id == "daejeon:room-5"


def test_extension_conditions_and_the_two_people_are_read_from_their_columns() -> None:
    rows, mistakes = rows_of(
        "asset_id,site,room,warranty_extension_months,extension_document,temperature_c_max,"
        "temperature_hours_max,cycle_count_max,energy_throughput_kwh_max,soh_pct_min,entered_by,"
        "approved_by\n"
        "rack-1,대전,5층,24,연장.pdf,35,200.5,2000,180000,80,김진수,박선영\n"
    )

    assert mistakes == []
    terms = rows.batteries[0].row.built().warranty
    assert (terms.extension_months, terms.extension_document) == (24, "연장.pdf")
    assert terms.conditions == OperatingConditions(35.0, 200.5, 2000, 180_000.0, 80.0)
    assert (terms.entered_by, terms.approved_by) == ("김진수", "박선영")
