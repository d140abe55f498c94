"""Which profile a device answers to."""

import pytest

from batteryd.devices.recognise import SYS_OBJECT_ID, ranked, recognise_snmp
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.errors import LinkTimeout, ProfileError
from tests.snmp_devices import CHARGE, STATUS, FakeAgent, make_profile, scalar

MAKER = "1.3.6.1.4.1.59999"
MODEL = "1.3.6.1.4.1.59999.1.1.2.0"
OTHER = "1.3.6.1.4.1.59999.1.5.0"


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
        (f"{MAKER}.1.3", {STATUS: 2, CHARGE: 3}, RACK_OF_MAKER),
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


@pytest.mark.parametrize("charge", [None, b"", 0, 255, 4294967295, b"n/a"])
async def test_a_device_of_the_maker_without_a_battery_is_no_battery(charge):
    agent = FakeAgent({SYS_OBJECT_ID: f"{MAKER}.1.3.27", STATUS: 1})
    if charge is not None:
        agent.objects[CHARGE] = charge

    with pytest.raises(ProfileError, match=rf"battery .*sysObjectID {MAKER}\.1\.3\.27"):
        await recognise_snmp(agent, PROFILES)


async def test_a_power_strip_with_all_objects_of_a_ups_at_zero_is_no_battery():
    strip = make_profile(
        scalar("soc_pct"), scalar("voltage_v", oid=OTHER), scalar("battery_status", oid=STATUS),
        name="strip", match={"answers": [STATUS, CHARGE], "generic": True},
    )  # fmt: skip
    agent = FakeAgent({STATUS: 2, CHARGE: 0, OTHER: 0})

    with pytest.raises(ProfileError):
        await recognise_snmp(agent, [strip])


async def test_a_maker_whose_own_objects_are_empty_makes_room_for_the_standard():
    card = make_profile(
        scalar("voltage_v", oid=OTHER),
        name="card", match={"sys_object_id": [MAKER], "answers": [STATUS]},
    )  # fmt: skip
    agent = FakeAgent({SYS_OBJECT_ID: MAKER, STATUS: 2, OTHER: 0, CHARGE: 97})

    assert await recognise_snmp(agent, [card, GENERIC]) is GENERIC


async def test_a_standard_s_objects_recognise_a_maker_s_card_only_where_it_says_so():
    standard = "1.3.6.1.2.1.33.1.2.4.0"
    card = make_profile(
        scalar(oid=standard), name="card",
        match={"sys_object_id": [MAKER], "answers": [standard]},
    )  # fmt: skip
    anybody = make_profile(
        scalar(oid=standard), name="generic", match={"answers": [standard], "generic": True}
    )

    theirs = await recognise_snmp(
        FakeAgent({SYS_OBJECT_ID: f"{MAKER}.7", standard: 90}), [card, anybody]
    )
    unknown = await recognise_snmp(FakeAgent({standard: 90}), [card, anybody])

    assert (theirs.name, unknown.name) == ("card", "generic")


async def test_makers_that_the_device_does_not_name_are_tried_with_one_request():
    others = [profile(f"maker-{n}", answers=[f"1.3.6.1.4.1.{n}.1.0"]) for n in range(1, 9)]
    agent = FakeAgent({SYS_OBJECT_ID: "1.3.6.1.4.1.8072.3.2.10", CHARGE: 97})

    assert await recognise_snmp(agent, [*others, GENERIC]) is GENERIC

    assert len(agent.asked) == 3  # who it is, what it has, and the trial reading


async def test_a_silent_device_is_not_called_unknown():
    agent = FakeAgent({})
    agent.failing[SYS_OBJECT_ID] = LinkTimeout("no answer in 1.0 s")

    with pytest.raises(LinkTimeout):
        await recognise_snmp(agent, PROFILES)


async def test_patterns_must_be_found_in_the_nameplate_too():
    old = profile("old-card", sys_object_id=[MAKER], model="^LR-1")
    new = profile("new-card", sys_object_id=[MAKER], model="^LR-2")
    agent = FakeAgent({SYS_OBJECT_ID: MAKER, MODEL: b"LR-200", CHARGE: 97})

    assert await recognise_snmp(agent, [old, new]) is new


def test_a_profile_that_knows_no_object_is_no_candidate():
    assert ranked([profile("by-name-only")], object_id=MAKER) == []
