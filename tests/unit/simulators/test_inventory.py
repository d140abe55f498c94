"""The inventory of a made-up room says what the room is."""

import tomllib
from datetime import date
from pathlib import Path

import pytest

from batteryd.settings.collect import Collector
from batteryd.settings.files import SourceFile
from batteryd.settings.inventory_checks import inventory_mistakes
from batteryd.settings.inventory_toml import rows_of_toml
from simulators.inventory import Reading, inventory_toml
from simulators.scenario import find_scenario, shipped_names
from simulators.toml_text import toml_text

START_S = 1_764_072_000.0  # 2025-11-25T12:00:00Z


def test_a_battery_is_described_as_its_simulation_is_built() -> None:
    addresses = {"C-R1": "modbus://127.0.0.1:40001/1", "UPS-C": "snmp://127.0.0.1:40002"}
    reading = Reading(addresses, credential="cards")

    tables = tomllib.loads(inventory_toml(find_scenario("tour"), reading, start_s=START_S))

    battery = next(b for b in tables["battery"] if b["asset_id"] == "C-R1")
    assert battery == {
        "asset_id": "C-R1", "room_id": "battery-room-2", "ups_id": "UPS-C", "dc_bus_id": "DC-C",
        "rack": "Rack C1", "manufacturer": "Batteryd Works", "model": "LR-100F",
        "serial_number": "LR100F-0042", "chemistry": "LFP", "capacity_ah": 100.0,
        "energy_kwh": 79.0, "string_count": 1, "module_count_per_string": 15,
        "cell_count_per_module": 16, "temperature_sensor_count_per_module": 2,
        "installed_on": date(2022, 11, 24), "warranty_basis": "installed", "warranty_months": 120,
        "warranty_ends_on": date(2032, 11, 23),
        "address": "modbus://127.0.0.1:40001/1", "profile": "lithium-rack", "poll_interval_s": 10.0,
    }  # fmt: skip
    ups = next(u for u in tables["ups"] if u["ups_id"] == "UPS-C")
    assert ups["profile"] == "ups-mib"
    assert ups["credential"] == "cards"


def test_an_asset_without_an_address_is_in_the_register_only() -> None:
    tables = tomllib.loads(inventory_toml(find_scenario("quiet"), Reading({}), start_s=START_S))

    assert not any("address" in asset or "profile" in asset for asset in tables["battery"])


@pytest.mark.parametrize("name", shipped_names())
def test_the_daemon_finds_no_mistake_in_what_a_room_writes(name: str) -> None:
    scenario = find_scenario(name)
    reading = Reading({r.asset_id: "modbus://127.0.0.1:502/1" for r in scenario.rack})

    text = inventory_toml(scenario, reading, start_s=START_S)

    collector = Collector()
    file = SourceFile(Path("inventory.toml"), text.encode())
    rows = rows_of_toml(tomllib.loads(text), file=file, collector=collector)
    assert collector.mistakes == ()
    assert list(inventory_mistakes(rows)) == []
    assert [b.row.geometry for b in rows.batteries] == [r.geometry for r in scenario.rack]
    assert len(rows.services) == len(scenario.service)


def test_text_that_toml_would_stumble_over_comes_back_as_it_was() -> None:
    name = 'Halle "5"\t국가정보 \\ \x7f'

    text = toml_text({"room": [{"name": name, "is_dry": True, "opened_on": None}]})

    assert tomllib.loads(text) == {"room": [{"name": name, "is_dry": True}]}
