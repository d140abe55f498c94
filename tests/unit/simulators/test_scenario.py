"""A scenario file is right or every mistake in it is told, with its key and what is allowed."""

from pathlib import Path
from typing import Any

import pytest

from batteryd.errors import ConfigError
from simulators.faults import FAULT_KINDS
from simulators.scenario import find_scenario, load_scenario, parse_scenario, shipped_names
from tests.simulated import fault, make_scenario, room_tables

DOCS = Path(__file__).parents[3] / "docs" / "simulators.md"


def mistakes_in(data: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ConfigError) as caught:
        parse_scenario(data, file="bad.toml")
    assert all(mistake.file == "bad.toml" for mistake in caught.value.mistakes)
    return [(mistake.key, mistake.allowed) for mistake in caught.value.mistakes]


@pytest.mark.parametrize(
    ("entry", "key", "allowed"),
    [
        ({"action": "explode", "target": "R1"}, "at.1", "close"),
        (fault("heatr"), "at.1.fault.fault", "heater"),
        (fault("heater", colour="red"), "at.1.fault.colour", "component"),
        (fault("heater", "R9"), "at.1.target", "one of R1, R2"),
        (fault("heater", "U1"), "at.1.target", "one of R1, R2"),
        (fault("missing_oids", "R1"), "at.1.target", "one of U1"),
        (fault("heater", component="m18"), "at.1.component", "a component of this rack"),
        (fault("heater", component="m03/x1"), "at.1.fault.component", "no component"),
        (fault("heater", parameters={"kw": 2}), "at.1.parameters.kw", "one of power_w"),
        (fault("heater", parameters={"power_w": "hot"}), "at.1.parameters.power_w", "a number"),
        (fault("drop", parameters={"hard": 1}), "at.1.parameters.hard", "no parameter"),
        (fault("spike", quantity="colour"), "at.1.fault.quantity", "soc_pct"),
        ({"action": "mains", "target": "R1", "present": True}, "at.1.target", "one of U1"),
        ({"action": "open", "target": "room"}, "at.1.target", "one of R1, R2, U1"),
    ],
)
def test_a_wrong_row_of_the_timetable_is_told_with_its_key(
    entry: dict[str, Any], key: str, allowed: str
) -> None:
    [(found_key, found_allowed)] = mistakes_in(room_tables(entry))

    assert found_key == key
    assert allowed in found_allowed


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    data = room_tables(fault("silent", "R7"), fault("heater", minute=1, component="m44"))
    data["rack"][1]["ups_id"] = "U9"
    data["service"] = [{"name": "Portal", "grade": 1, "room_id": "attic"}]

    found = mistakes_in(data)

    assert [key for key, _ in found] == [
        "rack.2.ups_id", "service.1.room_id", "at.1.target", "at.2.component",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["tomorrow", "2025-09-26", "2025-09-26T19:26:00"])
def test_a_start_without_an_offset_is_no_start(text: str) -> None:
    data = room_tables()
    data["scenario"]["starts_at"] = text

    [(key, allowed)] = mistakes_in(data)

    assert key == "scenario.starts_at"
    assert "with an offset" in allowed


def test_a_name_stands_for_one_thing_only() -> None:
    data = room_tables()
    data["rack"][1]["asset_id"] = "R1"

    [(_, allowed)] = mistakes_in(data)

    assert allowed.startswith("a name for one thing only")


def test_what_every_rack_has_is_overruled_by_the_rack_itself() -> None:
    scenario = make_scenario(
        rack=[
            {"asset_id": "R1", "rack": "Rack 1", "serial_number": "S-1"},
            {"asset_id": "R2", "rack": "Rack 2", "serial_number": "S-2", "soc_pct": 33},
        ]
    )

    assert [rack.soc_pct for rack in scenario.rack] == [80, 33]


def test_daejeon_starts_in_september_2025_wherever_it_is_played() -> None:
    assert find_scenario("daejeon").start_s(now_s=0.0) == 1_758_882_360.0  # 10:26 UTC
    assert find_scenario("tour").start_s(now_s=1_764_072_000.0) == 1_764_072_000.0


def test_a_file_that_is_no_toml_and_one_that_is_not_there_are_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[scenario\n", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"broken\.toml: TOML"):
        load_scenario(broken)
    with pytest.raises(ConfigError, match=r"none\.toml: a file that can be read"):
        find_scenario(str(tmp_path / "none.toml"))
    with pytest.raises(
        ConfigError,
        match="one of daejeon, early-warning, hot-module, quiet, relocation, silent-rack, tour",
    ):
        find_scenario("fire")


def test_a_shipped_scenario_is_called_as_its_file() -> None:
    assert [find_scenario(name).scenario.name for name in shipped_names()] == list(shipped_names())


def test_the_manual_lists_every_fault_with_its_parameters_and_every_scenario() -> None:
    manual = DOCS.read_text(encoding="utf-8")

    for kind in FAULT_KINDS.values():
        row = next(line for line in manual.splitlines() if line.startswith(f"| `{kind.name}`"))
        assert all(f"`{name}`" in row for name in kind.parameters)
    for name in shipped_names():
        assert f"`{name}`" in manual


def test_the_example_of_the_manual_is_a_scenario(tmp_path: Path) -> None:
    example = DOCS.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    file = tmp_path / "example.toml"
    file.write_text(example, encoding="utf-8")

    assert load_scenario(file).at
