"""Whose traps are taken: every address of every host in the inventory."""

import pytest

from batteryd.devices.trap_senders import addresses_in, hosts_of, look_up, plain
from tests.polling import make_asset

ASSETS = (
    make_asset("ups-a", address="snmp://10.0.5.20"),
    make_asset("rack-1", address="modbus://10.0.5.11/1"),
    make_asset("rack-2", address="modbus+tls://10.0.5.11/2"),
    make_asset("rack-3", address="modbus+serial:///dev/ttyUSB0/3"),
    make_asset("rack-4", address="snmp://localhost:1161"),
    make_asset("rack-5", address="snmp://[FD00:0::5:20]"),
    make_asset("rack-6", address="snmp://nowhere.invalid"),
)


def test_assets_behind_one_host_are_hinted_at_together():
    hosts = hosts_of(ASSETS)

    assert hosts["10.0.5.11"] == ("rack-1", "rack-2")
    assert addresses_in(hosts) == {
        "10.0.5.20": ("ups-a",),
        "10.0.5.11": ("rack-1", "rack-2"),
        "fd00::5:20": ("rack-5",),
    }


async def test_names_are_looked_up_and_those_that_lead_nowhere_are_left_out():
    found = await look_up(hosts_of(ASSETS))

    assert found["127.0.0.1"] == ("rack-4",)
    assert found["10.0.5.20"] == ("ups-a",)
    assert "rack-6" not in {asset_id for asset_ids in found.values() for asset_id in asset_ids}


@pytest.mark.parametrize(
    ("address", "shortest"),
    [
        ("10.0.5.20", "10.0.5.20"),
        ("::ffff:10.0.5.20", "10.0.5.20"),
        ("FE80:0::1%eth0", "fe80::1"),
    ],
)
def test_an_address_has_one_form(address, shortest):
    assert plain(address) == shortest
