"""An entry as text, column by column."""

from datetime import date
from typing import Any

import pytest

from batteryd.domain.inventory import Source
from batteryd.domain.warranty import LifeDates, OperatingConditions, WarrantyTerms
from batteryd.settings.inventory_rows import BatteryRow
from batteryd.settings.register_csv import COLUMNS
from batteryd.warranty.register_columns import COLUMN_NAMES, cell_of, value_text
from tests.register_entries import make_entry


def test_the_columns_begin_with_those_of_the_csv_and_have_every_key_of_a_battery() -> None:
    renamed = {"room_id": "room", "ups_id": "ups", "dc_bus_id": "dc_bus"}
    keys = {renamed.get(name, name) for name in BatteryRow.model_fields}

    assert COLUMN_NAMES[: len(COLUMNS)] == COLUMNS
    assert set(COLUMN_NAMES) == keys | {"site"}


@pytest.mark.parametrize(
    ("column", "changes", "text"),
    [
        ("capacity_ah", {"capacity_ah": 120.0}, "120"),
        ("capacity_ah", {"capacity_ah": 104.5}, "104.5"),
        ("capacity_ah", {"capacity_ah": 1e-7}, "0.0000001"),
        ("capacity_ah", {"capacity_ah": 1e16}, "10000000000000000"),
        ("capacity_ah", {"capacity_ah": None}, ""),
        ("installed_on", {"dates": LifeDates(installed_on=date(2014, 8, 20))}, "2014-08-20"),
        ("chemistry", {}, "NMC"),
        ("warranty_basis", {}, "installed"),
        ("soh_pct_min", {"warranty": WarrantyTerms(conditions=OperatingConditions())}, ""),
        ("address", {"source": Source("modbus://10.0.5.31/1", "lithium-rack")}, "modbus://10.0.5.31/1"),
        ("address", {"source": None}, ""),
        ("string_count", {}, "1"),
    ],
)  # fmt: skip
def test_a_value_is_written_in_the_spelling_that_the_register_takes(
    column: str, changes: dict[str, Any], text: str
) -> None:
    assert cell_of(make_entry(**changes), column) == text


def test_an_id_that_carries_its_site_is_called_by_its_name_in_the_csv() -> None:
    entry = make_entry(room_id="daejeon:5층", ups_id="gwangju:UPS 1")

    assert (value_text(entry, "room"), cell_of(entry, "room")) == ("daejeon:5층", "5층")
    assert cell_of(entry, "ups") == "gwangju:UPS 1"
