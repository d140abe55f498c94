"""A device whose profile is left open is what it says it is, until it restarts."""

import pytest

from batteryd.devices.recognise import SYS_OBJECT_ID
from batteryd.devices.snmp_reader import SYS_UP_TIME
from batteryd.devices.snmp_recognising import AnySnmpProfile, RecognisingReader
from batteryd.domain.inventory import Geometry
from batteryd.domain.snapshot import EMPTY_LAYOUT
from batteryd.errors import DeviceRejected
from tests.modbus_maps import make_profile as make_modbus_profile
from tests.snmp_devices import CHARGE, STATUS, FakeAgent, make_profile, scalar

MAKER, OTHER_MAKER = "1.3.6.1.4.1.59999.1", "1.3.6.1.4.1.59998.1"
VOLTAGE = "1.3.6.1.4.1.59998.2.0"
CARD = make_profile(scalar(), name="card", match={"sys_object_id": [MAKER]})
OTHER_CARD = make_profile(
    scalar("voltage_v", oid=VOLTAGE), name="other-card", match={"sys_object_id": [OTHER_MAKER]}
)


@pytest.fixture
def agent() -> FakeAgent:
    return FakeAgent({SYS_OBJECT_ID: MAKER, SYS_UP_TIME: 900_000, CHARGE: 97, STATUS: 2})


@pytest.fixture
def reader(agent: FakeAgent) -> RecognisingReader:
    choice = AnySnmpProfile.of([make_modbus_profile(), CARD, OTHER_CARD])
    return RecognisingReader(choice, geometry=Geometry(), link=agent)


def recognitions(agent: FakeAgent) -> int:
    return sum(SYS_OBJECT_ID in asked for asked in agent.asked)


def quantities(reader: RecognisingReader) -> list[str]:
    return [column.quantity for column in reader.layout.columns]


async def test_it_is_recognised_once(reader, agent):
    before = reader.layout

    for _ in range(3):
        await reader.read()
    await reader.read_nameplate()

    assert before is EMPTY_LAYOUT
    assert quantities(reader) == ["soc_pct"]
    assert reader.sources == [f"as tested ({CHARGE})"]
    assert recognitions(agent) == 1


async def test_after_a_restart_it_may_be_another_device(reader, agent):
    await reader.read()

    del agent.objects[CHARGE]
    agent.objects |= {SYS_OBJECT_ID: OTHER_MAKER, SYS_UP_TIME: 100, VOLTAGE: 54}
    with pytest.raises(DeviceRejected):
        await reader.read()
    await reader.read()

    assert quantities(reader) == ["voltage_v"]


async def test_after_a_restart_without_consequences_its_rows_and_layout_stay(reader, agent):
    await reader.read()
    before = reader.layout

    agent.objects[SYS_UP_TIME] = 100
    await reader.read()
    await reader.read()

    assert reader.layout is before
    assert (recognitions(agent), reader.restart_count) == (2, 1)


async def test_a_device_that_shows_no_battery_right_after_its_restart_stays_what_it_was(
    reader, agent
):
    await reader.read()

    agent.objects |= {SYS_UP_TIME: 100, CHARGE: 0}
    for _ in range(3):
        await reader.read()

    assert quantities(reader) == ["soc_pct"]
    assert recognitions(agent) == 2


async def test_a_device_that_nobody_knows_is_a_failed_poll_and_tried_again(reader, agent):
    agent.objects[CHARGE] = 0
    with pytest.raises(DeviceRejected, match="no profile finds a battery"):
        await reader.read()

    agent.objects[CHARGE] = 96

    assert (await reader.read()).values.tolist() == [96]


async def test_closing_lets_go_of_the_link(reader, agent):
    await reader.close()

    assert agent.is_closed
