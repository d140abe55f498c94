"""The configuration that comes with batteryd works as it is."""

from pathlib import Path

from batteryd.settings.load import check_config, load_configuration
from batteryd.settings.paths import packaged_config_dir


def test_the_example_configuration_has_no_mistake() -> None:
    config_file = packaged_config_dir() / "batteryd.toml"

    assert check_config(config_file, environ={}) == ()


def test_the_example_inventory_stands_beside_it_in_a_room_with_a_ups() -> None:
    config_file = packaged_config_dir() / "batteryd.toml"

    inventory = load_configuration(config_file, environ={}).inventory

    assert set(inventory.batteries) == {"rack-a1", "rack-a2"}
    assert [s.name for s in inventory.services_of(ups_id="ups-a", room_id="battery-room-1")] == [
        "Example payments"
    ]


def test_every_packaged_profile_is_called_like_its_file() -> None:
    config_dir = packaged_config_dir()

    profiles = load_configuration(config_dir / "batteryd.toml", environ={}).profiles

    assert set(profiles) == {path.stem for path in Path(config_dir, "profiles").glob("*.toml")}
