"""What NetBox's devices mean for a register."""

import pytest

from batteryd.errors import ConfigError
from batteryd.settings.netbox import NetBoxAnswer
from batteryd.settings.netbox_rows import (
    NetBoxRegister,
    paths_with,
    register_of,
    wants_panels,
)
from batteryd.settings.register_csv import FIRST_COLUMNS
from tests.netbox_server import Json, make_asset, make_device


def register(
    *devices: Json,
    assets: dict[int, Json] | None = None,
    panels: dict[int, frozenset[str]] | None = None,
    fields: tuple[str, ...] = (),
) -> NetBoxRegister:
    answer = NetBoxAnswer(tuple(devices), assets or {}, assets is not None, panels or {})
    return register_of(answer, paths=paths_with(fields))


def line(found: NetBoxRegister, number: int = 0) -> dict[str, str]:
    """Return the cells of a line that hold something."""
    cells = zip(found.register.columns, found.register.lines[number].cells, strict=True)
    return {column: cell for column, cell in cells if cell}


def test_a_device_is_a_line_with_what_its_fields_and_custom_fields_say() -> None:
    found = register(make_device(1))

    assert found.register.header == FIRST_COLUMNS
    assert line(found) == {
        "asset_id": "rack-1",
        "site": "daejeon",
        "room": "room-5b",
        "ups": "UPS A",
        "rack": "A1",
        "manufacturer": "Example Energy",
        "model": "LR-238",
        "serial_number": "EX-2019-0001",
        "chemistry": "NMC",
        "capacity_ah": "120",
        "installed_on": "2014-08-20",
        "warranty_basis": "installed",
        "warranty_months": "120",
    }
    assert found.register.lines[0].called == "device 1 (rack-1)"


def test_an_asset_tells_of_the_warranty_s_end_and_of_the_serial_where_the_device_does_not() -> None:
    found = register(make_device(1, serial=""), make_device(2), assets={1: make_asset(1)})

    assert line(found)["warranty_ends_on"] == "2024-08-19"
    assert line(found)["serial_number"] == "EX-2019-0001"
    assert "warranty_ends_on" not in line(found, 1)
    assert found.disagreements == ()


def test_where_device_and_asset_disagree_the_device_counts_and_it_is_told() -> None:
    found = register(make_device(1), assets={1: make_asset(1, serial="EX-OTHER")})

    assert line(found)["serial_number"] == "EX-2019-0001"
    assert found.disagreements == (
        "device 1 (rack-1), column serial_number: serial says EX-2019-0001,"
        " asset.serial EX-OTHER; serial counts",
    )


def test_a_path_of_ones_own_takes_the_place_of_a_column_s() -> None:
    device = make_device(1, custom_fields={"einbau": "2019-05-20"})

    found = register(device, fields=("installed_on=custom_fields.einbau", "site=site.name"))

    assert line(found)["installed_on"] == "2019-05-20"
    assert line(found)["site"] == "Daejeon"


def test_columns_beyond_the_first_come_where_something_stands_in_them() -> None:
    device = make_device(1, custom_fields={"soh_pct_min": 80, "warranty_extension_months": 24})

    found = register(device, make_device(2))

    assert found.register.header == (*FIRST_COLUMNS, "warranty_extension_months", "soh_pct_min")
    assert line(found)["soh_pct_min"] == "80"
    assert "soh_pct_min" not in line(found, 1)


@pytest.mark.parametrize(
    ("panels", "ups"),
    [
        ({41: frozenset({"UPS A"})}, "UPS A"),
        ({41: frozenset({"UPS A", "UPS B"})}, None),
        ({42: frozenset({"UPS B"})}, None),
        ({}, None),
    ],
)
def test_a_power_panel_stands_for_a_ups_only_where_it_is_the_only_one(
    panels: dict[int, frozenset[str]], ups: str | None
) -> None:
    found = register(make_device(1), panels=panels, fields=("ups=power_panel.name",))

    assert line(found).get("ups") == ups


def test_panels_are_asked_for_only_where_a_column_is_taken_from_one() -> None:
    assert not wants_panels(paths_with(()))
    assert wants_panels(paths_with(("ups=power_panel.name",)))


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("2014-08-20", "2014-08-20"),
        ("  LR  ", "LR"),
        (104.5, "104.5"),
        (120, "120"),
        (True, "true"),
        (None, None),
        ({"id": 1, "name": "계약서.pdf"}, "계약서.pdf"),
        ({"id": 1, "display": "contract 7"}, "contract 7"),
        (["a.pdf", "b.pdf"], "a.pdf, b.pdf"),
        ([], None),
    ],
)
def test_a_custom_field_of_any_kind_becomes_a_cell(value: object, cell: str | None) -> None:
    found = register(make_device(1, custom_fields={"document": value}))

    assert line(found).get("document") == cell


def test_a_device_of_unexpected_form_has_empty_cells_and_stops_nothing() -> None:
    found = register({"id": None, "name": None, "site": "daejeon", "rack": None})

    assert line(found) == {}


def test_a_field_that_is_none_is_told() -> None:
    with pytest.raises(ConfigError) as raised:
        paths_with(("serial=serial", "installed_on", "ups=power_panel.name"))

    first, second = raised.value.mistakes
    assert (first.key, "did you mean serial_number?" in first.allowed) == ("serial", True)
    assert (second.key, second.allowed.startswith("COLUMN=PATH")) == ("installed_on", True)
