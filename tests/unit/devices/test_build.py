"""A fleet from an inventory: what did not change is the same object as before."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from pydantic import SecretStr

from batteryd.clock import SystemClock
from batteryd.devices.build import Fleet, LinkOptions
from batteryd.devices.profile import parse_profile
from batteryd.domain.inventory import Asset, AssetKind, Source
from batteryd.errors import ProfileError

RACK_PROFILE: dict[str, Any] = {
    "name": "small-rack",
    "title": "A rack with one register",
    "protocol": "modbus",
    "poll_interval_s": 5,
    "points": [
        {"address": 0, "type": "uint16", "quantity": "voltage_v", "source": "Rack voltage"},
    ],
}
UPS_PROFILE = {
    "name": "small-ups",
    "title": "A UPS with one object",
    "protocol": "snmp",
    "poll_interval_s": 30,
    "points": [
        {
            "oid": "1.3.6.1.2.1.33.1.2.4.0",
            "quantity": "soc_pct",
            "source": "upsEstimatedChargeRemaining",
        },
    ],
}
PROFILES = {
    "small-rack": parse_profile(RACK_PROFILE, file="small-rack.toml"),
    "small-ups": parse_profile(UPS_PROFILE, file="small-ups.toml"),
}


@dataclass(frozen=True)
class Community:
    """A credential of version 2c."""

    community: SecretStr
    version: str = "2c"
    user: str | None = None
    auth_protocol: str | None = None
    auth_password: SecretStr | None = None
    privacy_protocol: str | None = None
    privacy_password: SecretStr | None = None
    context_name: str = ""


CREDENTIALS = {"default": Community(SecretStr("maplewood-tram"))}


def asset(asset_id: str, source: Source) -> Asset:
    return Asset(
        asset_id=asset_id,
        kind=AssetKind.BATTERY,
        site_id="daejeon",
        room_id="b1-ups-room",
        name=asset_id,
        source=source,
    )


RACK = asset("B1-R3", Source("modbus://10.0.5.11/3", "small-rack"))
NEIGHBOUR = asset("B1-R4", Source("modbus://10.0.5.11/4", "small-rack"))
UPS = asset("B1-UPS", Source("snmp://10.0.5.20", "small-ups", credential="default"))


def devices_of(fleet: Fleet, *assets: Asset, profiles=PROFILES, credentials=CREDENTIALS):
    return fleet.devices(assets, profiles=profiles, credentials=credentials)


@pytest.fixture
def fleet():
    return Fleet(clock=SystemClock(), options=LinkOptions())


def test_each_asset_becomes_a_device_that_polls_as_its_profile_says(fleet):
    rack, ups = devices_of(fleet, RACK, UPS)

    assert (rack.asset_id, rack.interval_s) == ("B1-R3", 5.0)
    assert (ups.asset_id, ups.interval_s) == ("B1-UPS", 30.0)


def test_a_device_whose_profile_is_left_open_may_be_any_that_speaks_its_protocol(fleet):
    unknown = replace(UPS, source=replace(UPS.source, profile="auto"))

    (before,) = devices_of(fleet, unknown)
    (same,) = devices_of(fleet, unknown)
    (after,) = devices_of(
        fleet,
        unknown,
        profiles={
            "small-ups": parse_profile({**UPS_PROFILE, "title": "Another"}, file="small-ups.toml")
        },
    )

    assert before.interval_s == 10.0
    assert before is same is not after


def test_what_did_not_change_is_the_same_device_as_before(fleet):
    before = devices_of(fleet, RACK, UPS)
    read_again = {
        "small-rack": parse_profile(RACK_PROFILE, file="small-rack.toml"),
        "small-ups": parse_profile(UPS_PROFILE, file="small-ups.toml"),
    }

    after = devices_of(fleet, replace(RACK), replace(UPS), profiles=read_again)

    assert after == before


@pytest.mark.parametrize(
    "changed",
    [
        replace(RACK, source=replace(RACK.source, address="modbus://10.0.5.12/3")),
        replace(RACK, source=replace(RACK.source, poll_interval_s=2.0)),
        replace(RACK, name="moved to the basement"),
    ],
    ids=["address", "interval", "name"],
)
def test_an_asset_that_changed_is_a_new_device_and_its_neighbour_is_not(fleet, changed):
    rack, neighbour = devices_of(fleet, RACK, NEIGHBOUR)

    new_rack, same_neighbour = devices_of(fleet, changed, NEIGHBOUR)

    assert new_rack is not rack
    assert same_neighbour is neighbour


def test_another_profile_under_the_same_name_makes_a_new_device(fleet):
    (before,) = devices_of(fleet, RACK)
    scaled = {"scale": 0.1, **RACK_PROFILE["points"][0]}
    corrected = parse_profile({**RACK_PROFILE, "points": [scaled]}, file="small-rack.toml")

    (after,) = devices_of(fleet, RACK, profiles={"small-rack": corrected})

    assert after is not before


def test_another_community_makes_a_new_device(fleet):
    (before,) = devices_of(fleet, UPS)

    (after,) = devices_of(
        fleet, UPS, credentials={"default": Community(SecretStr("seventeen-owls"))}
    )

    assert after is not before


def test_an_asset_that_left_and_came_back_is_a_new_device(fleet):
    (before,) = devices_of(fleet, RACK)
    devices_of(fleet, NEIGHBOUR)

    (after,) = devices_of(fleet, RACK)

    assert after is not before


def test_a_profile_of_another_protocol_than_the_address_is_refused(fleet):
    ups_by_modbus = replace(UPS, source=Source("modbus://10.0.5.20/1", "small-ups"))

    with pytest.raises(ProfileError, match=r"small-ups does not speak modbus://10\.0\.5\.20:502/1"):
        devices_of(fleet, ups_by_modbus)


def test_a_refused_inventory_leaves_the_devices_of_the_last_one(fleet):
    before = devices_of(fleet, RACK)

    with pytest.raises(KeyError):
        devices_of(fleet, RACK, replace(NEIGHBOUR, source=Source("modbus://10.0.5.11/4", "lost")))

    assert devices_of(fleet, RACK) == before
