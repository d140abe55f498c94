"""A configuration that is right becomes one whole, with everything resolved."""

from pathlib import Path

from batteryd.domain.inventory import Chemistry, Geometry, Source
from batteryd.settings.load import load_configuration
from tests.unit.settings.places import NO_ENVIRONMENT, SECRET, WITH_REGISTER, lay_out


def test_the_pieces_arrive_together(tmp_path: Path) -> None:
    config_file = lay_out(tmp_path)

    configuration = load_configuration(config_file, environ=NO_ENVIRONMENT)

    assert set(configuration.inventory.assets) == {"ups-a", "rack-1"}
    assert set(configuration.rulebook.tables) == {"module_temperature", "silence"}
    assert set(configuration.notify.routing.channels) == {"log"}
    assert {"small-rack", "small-ups", "lithium-rack"} <= set(configuration.profiles)
    assert configuration.settings.journal.raw_days == 35.0


def test_paths_are_seen_from_the_folder_of_the_configuration(tmp_path: Path) -> None:
    config_file = lay_out(tmp_path)

    settings = load_configuration(config_file, environ=NO_ENVIRONMENT).settings

    assert settings.daemon.state_dir == tmp_path / "state"
    assert settings.files.rules == tmp_path / "rules.toml"


def test_a_schedule_writes_into_a_folder_beside_the_configuration(tmp_path: Path) -> None:
    config_file = lay_out(tmp_path)
    with config_file.open("a") as file:
        file.write('[schedule.monthly]\nfolder = "reports"\n')

    settings = load_configuration(config_file, environ=NO_ENVIRONMENT).settings

    assert settings.schedule["monthly"].folder == tmp_path / "reports"
    assert settings.schedule["monthly"].when == "0 6 1 * *"


def test_what_the_register_leaves_open_comes_from_the_profile(tmp_path: Path) -> None:
    config_file = lay_out(tmp_path)
    profile = tmp_path / "profiles" / "small-rack.toml"
    profile.write_text('chemistry = "LFP"\n' + profile.read_text())
    inventory = tmp_path / "inventory.toml"
    inventory.write_text(inventory.read_text().replace('chemistry = "NMC"', "string_count = 2"))

    rack = load_configuration(config_file, environ=NO_ENVIRONMENT).inventory.batteries["rack-1"]

    assert rack.chemistry is Chemistry.LFP
    assert rack.geometry == Geometry(string_count=2, module_count_per_string=3)


def test_an_snmp_asset_that_names_no_credential_takes_the_default(tmp_path: Path) -> None:
    config_file = lay_out(tmp_path)
    config_file.write_text('[credentials.default]\ncommunity_file = "community"')
    inventory = tmp_path / "inventory.toml"
    inventory.write_text(inventory.read_text().replace('credential = "cards"\n', ""))

    configuration = load_configuration(config_file, environ=NO_ENVIRONMENT)

    assert configuration.inventory.assets["ups-a"].source.credential == "default"
    assert configuration.inventory.assets["rack-1"].source.credential is None
    community = configuration.credentials["default"].community
    assert community is not None
    assert community.get_secret_value() == SECRET


def test_a_register_alone_makes_sites_rooms_upses_and_buses(tmp_path: Path) -> None:
    config_file = lay_out(tmp_path)

    inventory = load_configuration(config_file, environ=WITH_REGISTER).inventory

    assert list(inventory.sites) == ["대전"]
    assert [(r.room_id, r.name) for r in inventory.rooms.values()] == [
        ("대전:5층 배터리실", "5층 배터리실")
    ]
    assert list(inventory.ups) == ["대전:UPS A"]
    assert list(inventory.dc_buses) == ["대전:DC A"]
    assert inventory.batteries["rack-2"].ups_id == "대전:UPS A"
    assert inventory.batteries["rack-2"].source == Source(
        "modbus://10.0.5.31/2", "small-rack", poll_interval_s=10.0
    )


def test_a_register_beside_an_inventory_refers_to_what_the_inventory_lists(tmp_path: Path) -> None:
    config_file = lay_out(tmp_path)
    (tmp_path / "inventory.toml").write_text(
        """
        register = "batteries.csv"
        [[site]]
        site_id = "daejeon"
        [[room]]
        room_id = "room-5"
        site_id = "daejeon"
        name = "5층 배터리실"
        [[service]]
        name = "Postal banking"
        grade = 1
        ups_id = "daejeon:UPS A"
        """
    )
    (tmp_path / "batteries.csv").write_text(
        "asset_id,site,room,ups\nrack-1,daejeon,room-5,UPS A\nrack-2,daejeon,room-5,\n"
    )

    inventory = load_configuration(config_file, environ=NO_ENVIRONMENT).inventory

    assert inventory.rooms["room-5"].name == "5층 배터리실"
    assert inventory.batteries["rack-1"].room_id == "room-5"
    services = inventory.services_of(ups_id="daejeon:UPS A", room_id="room-5")
    assert [s.name for s in services] == ["Postal banking"]


def test_rooms_of_the_same_name_at_two_sites_are_two_rooms(tmp_path: Path) -> None:
    config_file = lay_out(tmp_path)
    (tmp_path / "register.csv").write_text(
        "asset_id,site,room\nrack-1,Daejeon,Battery room\nrack-2,Gwangju,Battery room\n"
    )

    inventory = load_configuration(config_file, environ=WITH_REGISTER).inventory

    assert set(inventory.rooms) == {"Daejeon:Battery room", "Gwangju:Battery room"}
    assert inventory.rooms["Gwangju:Battery room"].site_id == "Gwangju"


def test_the_revision_changes_with_the_register_and_with_nothing_else(tmp_path: Path) -> None:
    first = lay_out(tmp_path / "first")
    moved = lay_out(tmp_path / "moved")
    edited = lay_out(tmp_path / "edited")
    (moved.parent / "rules.toml").write_text((moved.parent / "rules.toml").read_text() + "\n")
    (edited.parent / "register.csv").write_text(
        (edited.parent / "register.csv").read_text().replace("120,2024", "121,2024")
    )

    revisions = [
        load_configuration(config_file, environ=WITH_REGISTER).inventory.revision
        for config_file in (first, moved, edited)
    ]

    assert revisions[0] == revisions[1] != revisions[2]


def test_every_file_that_was_read_has_its_digest(tmp_path: Path) -> None:
    config_file = lay_out(tmp_path)

    digests = load_configuration(config_file, environ=WITH_REGISTER).digests

    names = {Path(name).name for name in digests}
    assert {"batteryd.toml", "register.csv", "rules.toml", "notify.toml"} <= names
    assert {"small-rack.toml", "lithium-rack.toml"} <= names
    assert all(len(digest) == 64 for digest in digests.values())


def test_a_profile_of_the_site_wins_over_the_packaged_one(tmp_path: Path) -> None:
    config_file = lay_out(tmp_path)
    ours = (tmp_path / "profiles" / "small-rack.toml").read_text()
    (tmp_path / "profiles" / "lithium-rack.toml").write_text(
        ours.replace("small-rack", "lithium-rack")
    )

    profiles = load_configuration(config_file, environ=NO_ENVIRONMENT).profiles

    assert profiles["lithium-rack"].title == "A rack of three modules"


def test_the_profile_of_an_snmp_device_may_be_left_to_what_it_says_of_itself(
    tmp_path: Path,
) -> None:
    config_file = lay_out(tmp_path)
    inventory = tmp_path / "inventory.toml"
    inventory.write_text(inventory.read_text().replace('"small-ups"', '"auto"'))

    ups = load_configuration(config_file, environ=NO_ENVIRONMENT).inventory.ups["ups-a"]

    assert ups.source == Source("snmp://10.0.5.20", "auto", "cards")
