"""What UPS makers sell besides UPSs: it stands in the same enterprise, but has no battery.

`probe` has to say so. A profile that recognised one of these by its maker alone would put an asset
without a battery on somebody's list, with every value unknown.
"""

import pytest

from batteryd.devices.link import SnmpValue
from batteryd.devices.recognise import recognise_snmp
from batteryd.devices.recording import SnmpRecording
from batteryd.devices.replayed import ReplayedSnmpLink
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.errors import ProfileError
from tests.contract.test_recordings import profiles

ENTERPRISES = "1.3.6.1.4.1"
STANDARD = "1.3.6.1.2.1.33.1"
# Invented, from the makers' MIBs: sysObjectID, then objects.
DEVICES: dict[str, tuple[str, dict[str, SnmpValue]]] = {
    "a CyberPower power strip": (
        f"{ENTERPRISES}.3808.1.1.6",
        {
            f"{ENTERPRISES}.3808.1.1.3.1.5.0": b"PDU24",
            f"{ENTERPRISES}.3808.1.1.3.2.3.1.1.2.1": 14,
        },
    ),
    "a CyberPower transfer switch": (
        f"{ENTERPRISES}.3808.1.1.5",
        {
            f"{ENTERPRISES}.3808.1.1.5.1.2.0": b"ATS20",
            f"{ENTERPRISES}.3808.1.1.5.2.1.2.0": 1,
        },
    ),
    "a Socomec transfer switch": (
        f"{ENTERPRISES}.4555.1.1.2",
        {f"{ENTERPRISES}.4555.1.1.2.1.1.1.0": b"STATYS"},
    ),
    "a Delta environment probe": (
        f"{ENTERPRISES}.2254.2.4",
        {f"{ENTERPRISES}.2254.2.4.10.1.0": 24, f"{ENTERPRISES}.2254.2.4.10.2.0": 45},
    ),
    "a Riello transfer switch with the card of a UPS": (
        f"{ENTERPRISES}.5491.304",
        {
            f"{ENTERPRISES}.5491.20.1.1.2.0": b"MTS",
            f"{STANDARD}.1.1.0": b"RPS SpA",
            f"{STANDARD}.4.4.1.2.1": 231,
        },
    ),
    "a strip with the standard's identity and inputs only": (
        f"{ENTERPRISES}.59999.9",
        {f"{STANDARD}.1.2.0": b"Strip 8", f"{STANDARD}.3.3.1.3.1": 229},
    ),
    "a server": (f"{ENTERPRISES}.8072.3.2.10", {"1.3.6.1.2.1.1.5.0": b"web-1"}),
}


@pytest.mark.parametrize("device", DEVICES)
async def test_a_device_without_a_battery_is_recognised_by_no_profile(device: str) -> None:
    object_id, objects = DEVICES[device]
    link = ReplayedSnmpLink(SnmpRecording({"1.3.6.1.2.1.1.2.0": object_id, **objects}))
    shipped = [profile for profile in profiles().values() if isinstance(profile, SnmpProfile)]

    with pytest.raises(ProfileError, match=object_id):
        await recognise_snmp(link, shipped)
