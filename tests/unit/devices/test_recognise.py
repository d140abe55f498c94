"""Which profile a device answers to."""

import pytest

from batteryd.devices.recognise import SYS_OBJECT_ID, ranked, recognise_snmp
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.errors import LinkTimeout, ProfileError
from tests.snmp_devices import CHARGE, STATUS, FakeAgent, make_profile

MAKER = "1.3.6.1.4.1.59999"
MODEL = "1.3.6.1.4.1.59999.1.1.2.0"


def profile(name: str, **match) -> SnmpProfile:
    return make_profile(name=name, match=match, nameplate={"model": [MODEL]})


GENERIC = profile("generic", answers=[CHARGE], generic=True)
ANY_OF_MAKER = profile("any-of-maker", sys_object_id=[MAKER], answers=[STATUS])
RACK_OF_MAKER = profile("rack-of-maker", sys_object_id=[f"{MAKER}.1.3"], answers=[STATUS])
ANOTHER = profile("another", answers=["1.3.6.1.4.1.5.1.0"])
PROFILES = (GENERIC, ANOTHER, ANY_OF_MAKER, RACK_OF_MAKER)


@pytest.mark.parametrize(
    ("object_id", "objects", "expected"),
    [
        (f"{MAKER}.1.3.27", {STATUS: 2, CHARGE: 97}, RACK_OF_MAKER),
        (f"{MAKER}.1.3", {STATUS: 2}, RACK_OF_MAKER),
        (f"{MAKER}.1.33", {STATUS: 2, CHARGE: 97}, ANY_OF_MAKER),
        (f"{MAKER}.1.3.27", {CHARGE: 97}, GENERIC),
        ("1.3.6.1.4.1.8072.3.2.10", {"1.3.6.1.4.1.5.1.0": 1, CHARGE: 97}, ANOTHER),
        (None, {CHARGE: 97}, GENERIC),
        (b"no object identifier", {CHARGE: 97}, GENERIC),
    ],
)
async def test_the_longest_known_beginning_wins_and_a_standard_comes_last(
    object_id, objects, expected
):
    said = {} if object_id is None else {SYS_OBJECT_ID: object_id}

    assert await recognise_snmp(FakeAgent(said | objects), PROFILES) is expected


@pytest.mark.parametrize("charge", [None, b""])
async def test_a_device_of_the_maker_without_a_battery_is_no_battery(charge):
    agent = FakeAgent({SYS_OBJECT_ID: f"{MAKER}.1.3.27"})
    if charge is not None:
        agent.objects[CHARGE] = charge

    with pytest.raises(ProfileError, match=rf"sysObjectID {MAKER}\.1\.3\.27"):
        await recognise_snmp(agent, PROFILES)


async def test_a_silent_device_is_not_called_unknown():
    agent = FakeAgent({})
    agent.failing[SYS_OBJECT_ID] = LinkTimeout("no answer in 1.0 s")

    with pytest.raises(LinkTimeout):
        await recognise_snmp(agent, PROFILES)


async def test_patterns_must_be_found_in_the_nameplate_too():
    old = profile("old-card", sys_object_id=[MAKER], model="^LR-1")
    new = profile("new-card", sys_object_id=[MAKER], model="^LR-2")
    agent = FakeAgent({SYS_OBJECT_ID: MAKER, MODEL: b"LR-200"})

    assert await recognise_snmp(agent, [old, new]) is new


def test_a_profile_that_knows_no_object_is_no_candidate():
    assert ranked([profile("by-name-only")], object_id=MAKER) == []
