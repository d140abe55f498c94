"""Every mistake of every file is found in one go."""

import shutil
from pathlib import Path

import pytest

from batteryd.errors import ConfigError
from batteryd.settings.load import check_config, load_configuration
from tests.unit.settings.places import MISTAKES, NO_ENVIRONMENT, lay_out


def test_mistakes_in_five_files_and_the_environment_all_appear(tmp_path: Path) -> None:
    config_file = lay_out(tmp_path)
    shutil.copy(MISTAKES / "settings-unknown-key.toml", config_file)
    shutil.copy(MISTAKES / "inventory-unknown-room.toml", tmp_path / "inventory.toml")
    shutil.copy(MISTAKES / "rules-unknown-kind.toml", tmp_path / "rules.toml")
    shutil.copy(MISTAKES / "notify-route-to-no-channel.toml", tmp_path / "notify.toml")
    shutil.copy(
        MISTAKES / "profile-unknown-quantity.toml", tmp_path / "profiles" / "small-rack.toml"
    )

    found = check_config(config_file, environ={"BATTERYD_WEB__PORT": "http"})

    assert {(Path(m.file).name, m.key) for m in found} == {
        ("batteryd.toml", "journal.raw_day"),
        ("environment", "BATTERYD_WEB__PORT"),
        ("inventory.toml", "battery.1.room_id"),
        ("rules.toml", "rule.heat.kind"),
        ("notify.toml", "route.1.channels"),
        ("small-rack.toml", "points.1.quantity"),
    }


def test_several_mistakes_in_one_row_all_appear(tmp_path: Path) -> None:
    config_file = lay_out(tmp_path)
    (tmp_path / "inventory.toml").write_text(
        """
        [[site]]
        site_id = "daejeon"
        [[room]]
        room_id = "room-5"
        site_id = "daejeon"
        [[battery]]
        asset_id = "rack-1"
        room_id = "room-5"
        chemistry = "NCM"
        capacity_ah = -120
        colour = "grey"
        """
    )

    found = check_config(config_file, environ=NO_ENVIRONMENT)

    assert {m.key for m in found} == {
        "battery.1.chemistry",
        "battery.1.capacity_ah",
        "battery.1.colour",
    }


def test_what_refers_to_a_broken_row_is_not_a_second_mistake(tmp_path: Path) -> None:
    config_file = lay_out(tmp_path)
    inventory = (tmp_path / "inventory.toml").read_text()
    (tmp_path / "inventory.toml").write_text(inventory.replace("5층 배터리실", ""))

    found = check_config(config_file, environ=NO_ENVIRONMENT)

    assert [m.key for m in found] == ["room.1.name"]


def test_what_refers_to_a_broken_profile_or_credential_is_not_a_second_mistake(
    tmp_path: Path,
) -> None:
    config_file = lay_out(tmp_path)
    (tmp_path / "profiles" / "small-rack.toml").write_text("name = 5")
    config_file.write_text('[credentials.cards]\nversion = "4"\ncommunity_file = "community"')

    found = check_config(config_file, environ=NO_ENVIRONMENT)

    assert [m.key for m in found] == ["credentials.cards.version", "protocol"]


def test_a_file_that_is_not_there_is_a_mistake_of_its_own(tmp_path: Path) -> None:
    config_file = lay_out(tmp_path)
    for name in ("inventory.toml", "rules.toml", "notify.toml"):
        (tmp_path / name).unlink()

    found = check_config(config_file, environ=NO_ENVIRONMENT)

    assert {(Path(m.file).name, m.key) for m in found} == {
        ("inventory.toml", ""),
        ("rules.toml", ""),
        ("notify.toml", ""),
    }
    assert all(m.allowed == "a file that can be read (No such file or directory)" for m in found)


def test_loading_raises_what_checking_lists(tmp_path: Path) -> None:
    missing = tmp_path / "batteryd.toml"

    with pytest.raises(ConfigError) as raised:
        load_configuration(missing, environ=NO_ENVIRONMENT)

    assert raised.value.mistakes == check_config(missing, environ=NO_ENVIRONMENT)
    assert str(missing) in str(raised.value)
