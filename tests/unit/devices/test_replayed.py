"""Links that answer from a recording do what the device would."""

import pytest

from batteryd.devices.recording import ModbusRecording, Range, SnmpRecording
from batteryd.devices.replayed import ReplayedModbusLink, ReplayedSnmpLink
from batteryd.errors import DeviceRejected

AGENT = ReplayedSnmpLink(
    SnmpRecording({"1.3.6.1.4.10.1": 3, "1.3.6.1.4.9.1": 1, "1.3.6.1.4.9.2": None, "1.3.6.1.49": 9})
)
UNIT = ReplayedModbusLink(
    ModbusRecording(
        7,
        {3: (Range(10, (1, 2)), Range(12, (3,))), 1: (Range(0, (1, 0)),)},
        identification={0: b"Batteryd Works"},
    )
)


async def test_what_an_agent_does_not_have_and_what_is_null_is_left_out() -> None:
    assert await AGENT.get(["1.3.6.1.4.9.1", "1.3.6.1.4.9.2", "1.3.6.1.5"]) == {"1.3.6.1.4.9.1": 1}


async def test_a_walk_goes_by_numbers_and_stays_below_its_root() -> None:
    assert list(await AGENT.walk("1.3.6.1.4", rows_max=10)) == ["1.3.6.1.4.9.1", "1.3.6.1.4.10.1"]
    assert await AGENT.walk("1.3.6.1.4", rows_max=1) == {"1.3.6.1.4.9.1": 1}
    assert await AGENT.walk("1.3.6.1.4.9.1", rows_max=10) == {}


async def test_ranges_that_touch_are_read_in_one_request() -> None:
    assert await UNIT.read(unit=7, function=3, start=10, count=3) == [1, 2, 3]
    assert await UNIT.read(unit=7, function=1, start=1, count=1) == [0]


@pytest.mark.parametrize(
    ("unit", "function", "start", "code"), [(7, 3, 12, 2), (7, 4, 10, 2), (8, 3, 10, 11)]
)
async def test_what_was_not_recorded_is_refused(
    unit: int, function: int, start: int, code: int
) -> None:
    with pytest.raises(DeviceRejected) as raised:
        await UNIT.read(unit=unit, function=function, start=start, count=2)

    assert raised.value.code == code


async def test_a_recording_cannot_be_written_to_either() -> None:
    with pytest.raises(ValueError, match="only 1 to 4 read"):
        await UNIT.read(unit=7, function=6, start=10, count=1)


async def test_a_unit_identifies_itself() -> None:
    assert await UNIT.read_identification(unit=7) == {0: b"Batteryd Works"}
    assert await UNIT.read_identification(unit=8) == {}
