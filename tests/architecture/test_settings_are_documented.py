"""Every setting is in the example files and in the manual, with the default that is in force."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from batteryd.mistakes import value_text
from batteryd.settings.inventory_rows import (
    BatteryRow,
    DcBusRow,
    RoomRow,
    ServiceRow,
    SiteRow,
    UpsRow,
)
from batteryd.settings.model import Credential, Schedule, Settings
from batteryd.settings.register_csv import COLUMNS

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs" / "configuration.md").read_text()

SECTIONS: dict[str, type[BaseModel]] = {
    **{
        f"[{name}]": field.annotation
        for name, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    },
    "[credentials.NAME]": Credential,
    "[schedule.NAME]": Schedule,
    "[[site]]": SiteRow,
    "[[room]]": RoomRow,
    "[[dc_bus]]": DcBusRow,
    "[[ups]]": UpsRow,
    "[[battery]]": BatteryRow,
    "[[service]]": ServiceRow,
}


def manual_defaults(section: str) -> dict[str, str]:
    """Return the default of each key, as the manual's table of a section has it."""
    text = MANUAL.partition(f"\n### {section}\n")[2].partition("\n#")[0]
    cells = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return {row[0].strip("`"): row[2].strip("`") for row in cells}


def defaults_of(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Yield every key with its default, written as TOML."""
    for name, field in model.model_fields.items():
        if field.default is PydanticUndefined:
            yield name, "required"
        elif field.default is None:
            yield name, "the id" if name == "name" else "none"
        else:
            default = field.default
            if isinstance(default, tuple):
                yield name, json.dumps(default)
                continue
            yield name, value_text(str(default) if isinstance(default, Path) else default)


@pytest.mark.parametrize("section", SECTIONS)
def test_the_manual_has_every_key_with_its_default(section: str) -> None:
    assert manual_defaults(section) == dict(defaults_of(SECTIONS[section]))


def test_the_manual_lists_the_registers_columns_in_their_order() -> None:
    listed = MANUAL.partition("and a header:\n\n```\n")[2].partition("```")[0]

    assert tuple(re.findall(r"\w+", listed)) == COLUMNS


def shown_in(example: str) -> dict[str, object]:
    """Return what an example file says once the keys behind a `#` are taken as written."""
    text = (ROOT / "config" / example).read_text()
    return tomllib.loads(re.sub(r"(?m)^#(?=[\w\[])", "", text))


def test_the_example_shows_every_setting_with_its_default() -> None:
    example = shown_in("batteryd.toml")

    for name, model in SECTIONS.items():
        if name.startswith("[[") or name.endswith(".NAME]"):
            continue
        shown = example[name.strip("[]")]
        assert isinstance(shown, dict)
        expected = dict(defaults_of(model))
        secrets = {key for key in expected if f"{key}_file" in expected}
        assert set(shown) == set(expected) - secrets, name
        for key, default in expected.items():
            if default != "none":
                assert value_text(shown[key]) == default, f"{name} {key}"


def test_the_example_shows_every_key_of_a_credential() -> None:
    credentials = shown_in("batteryd.toml")["credentials"]
    assert isinstance(credentials, dict)

    shown = set().union(*credentials.values())

    secrets = {key for key in Credential.model_fields if f"{key}_file" in Credential.model_fields}
    assert shown == set(Credential.model_fields) - secrets


def test_the_example_shows_every_key_of_a_schedule_with_its_default() -> None:
    schedules = shown_in("batteryd.toml")["schedule"]
    assert isinstance(schedules, dict)

    (shown,) = schedules.values()

    assert set(shown) == set(Schedule.model_fields)
    assert Schedule.model_validate(shown | {"folder": None, "mail": None}) == Schedule()


@pytest.mark.parametrize("section", [name for name in SECTIONS if name.startswith("[[")])
def test_the_example_inventory_shows_every_key(section: str) -> None:
    tables = shown_in("inventory.toml")[section.strip("[]")]
    assert isinstance(tables, list)

    shown = set().union(*tables)

    # A battery is polled as a UPS is; the keys are explained there.
    elsewhere = {"credential", "poll_interval_s"} if section == "[[battery]]" else set()
    assert shown | elsewhere == set(SECTIONS[section].model_fields)
