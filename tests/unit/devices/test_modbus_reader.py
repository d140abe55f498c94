from collections.abc import Callable, Mapping, Sequence
from datetime import date

import numpy as np
import pytest

from batteryd.devices.modbus_profile import ModbusProfile
from batteryd.devices.modbus_reader import ModbusReader
from batteryd.domain.inventory import Geometry
from batteryd.domain.nameplate import UNKNOWN_NAMEPLATE, DeviceDate
from batteryd.domain.quality import Quality
from batteryd.errors import (
    DeviceRejected,
    LinkError,
    LinkOutOfStep,
    LinkRefused,
    LinkTimeout,
)
from tests.modbus_maps import make_profile, point, registers_of

GOOD, MISSING, REJECTED, ABSENT = (
    Quality.GOOD,
    Quality.MISSING,
    Quality.REJECTED,
    Quality.NOT_IMPLEMENTED,
)

Behaviour = Callable[[int, int], LinkError | None]


class FakeLink:
    """Registers that hold 50 where nothing else is said, and a list of what was asked."""

    def __init__(self, memory: Mapping[int, Sequence[int]] | None = None) -> None:
        self.asked: list[tuple[int, int]] = []
        self.fails: Behaviour = lambda _start, _count: None
        self.objects: dict[int, bytes] | LinkError = {}
        self.is_closed = False
        self._words = dict.fromkeys(range(0x10000), 50)
        for start, words in (memory or {}).items():
            self._words.update(enumerate(words, start))

    async def read(self, *, unit: int, function: int, start: int, count: int) -> Sequence[int]:
        assert (unit, function) == (7, 3)
        self.asked.append((start, count))
        error = self.fails(start, count)
        if error is not None:
            raise error
        return [self._words[address] for address in range(start, start + count)]

    async def read_identification(self, *, unit: int) -> Mapping[int, bytes]:
        assert unit == 7
        if isinstance(self.objects, LinkError):
            raise self.objects
        return self.objects

    async def close(self) -> None:
        self.is_closed = True

    def asked_since(self) -> list[tuple[int, int]]:
        asked, self.asked = self.asked, []
        return asked


def refusal(code: int = 2) -> DeviceRejected:
    return DeviceRejected(f"refused with code {code}", code=code)


def refuse(*addresses: int, code: int = 2) -> Behaviour:
    def fails(start: int, count: int) -> LinkError | None:
        return refusal(code) if any(start <= a < start + count for a in addresses) else None

    return fails


def reader_of(link: FakeLink, profile: ModbusProfile) -> ModbusReader:
    return ModbusReader(profile, geometry=Geometry(), link=link, unit=7)


# Three requests: registers 0 and 1, 20, and 40.
THREE = make_profile(
    point("soc_pct", address=0),
    point("soh_pct", address=1),
    point("humidity_pct", address=20),
    point("load_pct", address=40),
)


async def qualities(reader: ModbusReader) -> list[int]:
    reading = await reader.read()
    assert (np.isnan(reading.values) == (reading.quality != GOOD)).all()
    codes: list[int] = reading.quality.tolist()
    return codes


async def test_a_poll_asks_each_request_once_and_decodes_all_of_them() -> None:
    link = FakeLink({0: [83, 96], 20: [44]})
    reader = reader_of(link, THREE)

    reading = await reader.read()

    assert link.asked == [(0, 2), (20, 1), (40, 1)]
    assert reading.values.tolist() == [83.0, 96.0, 44.0, 50.0]
    assert reader.poll_interval_s == 10
    assert reader.sources[2] == "as tested (3:0x0014)"
    assert [str(c) for c in reader.layout.columns][:2] == ["-:soc_pct", "-:soh_pct"]


async def test_a_refused_request_costs_its_own_values_and_is_asked_for_again() -> None:
    link = FakeLink()
    link.fails = refuse(20, code=4)
    reader = reader_of(link, THREE)

    first = await qualities(reader)
    link.fails = refuse()
    second = await qualities(reader)

    assert first == [GOOD, GOOD, REJECTED, GOOD]
    assert second == [GOOD] * 4


async def test_a_device_that_refuses_everything_is_an_error() -> None:
    link = FakeLink()
    link.fails = lambda _start, _count: refusal(4)

    with pytest.raises(DeviceRejected, match="code 4"):
        await reader_of(link, THREE).read()


OLDER = make_profile(
    point("soc_pct", address=0),
    point("soh_pct", address=2),
    point("humidity_pct", address=5, optional=True),
    point("load_pct", address=6, optional=True),
    gap_max=10,
)


async def test_older_hardware_is_asked_in_smaller_pieces_and_not_again_for_what_it_lacks() -> None:
    link = FakeLink()
    link.fails = refuse(5)
    reader = reader_of(link, OLDER)

    first, first_asked = await qualities(reader), link.asked_since()
    second, second_asked = await qualities(reader), link.asked_since()

    assert first_asked == [(0, 7), (0, 1), (2, 1), (5, 1), (6, 1)]
    assert second_asked == [(0, 1), (2, 1), (6, 1)]
    assert first == second == [GOOD, GOOD, ABSENT, GOOD]


async def test_a_required_register_in_a_gap_of_the_device_is_asked_for_each_time() -> None:
    link = FakeLink()
    link.fails = refuse(2)
    reader = reader_of(link, OLDER)

    first = await qualities(reader)
    link.asked.clear()
    second = await qualities(reader)

    assert first == second == [GOOD, REJECTED, GOOD, GOOD]
    assert (2, 1) in link.asked


async def test_a_refusal_of_another_kind_splits_nothing() -> None:
    link = FakeLink()
    link.fails = refuse(5, code=6)
    reader = reader_of(link, THREE)
    await reader.read()
    link.asked.clear()
    await reader.read()

    assert link.asked == [(0, 2), (20, 1), (40, 1)]


@pytest.mark.parametrize("occasion", ["lost connection", "nameplate"])
async def test_what_a_device_lacks_is_forgotten_when_it_may_be_another_one(occasion: str) -> None:
    link = FakeLink()
    link.fails = refuse(5)
    reader = reader_of(link, OLDER)
    await reader.read()
    if occasion == "nameplate":
        await reader.read_nameplate()
    else:
        link.fails = lambda _start, _count: LinkRefused("10.0.5.11:502 closed the connection")
        with pytest.raises(LinkRefused):
            await reader.read()
    link.fails = refuse()
    link.asked.clear()

    assert await qualities(reader) == [GOOD] * 4
    assert link.asked == [(0, 7)]


def lose(*starts: int, error: type[LinkError]) -> Behaviour:
    return lambda start, _count: error("no usable answer") if start in starts else None


@pytest.mark.parametrize("error", [LinkTimeout, LinkOutOfStep, LinkRefused])
async def test_one_lost_answer_costs_its_own_values_only(error: type[LinkError]) -> None:
    link = FakeLink()
    link.fails = lose(20, error=error)

    assert await qualities(reader_of(link, THREE)) == [GOOD, GOOD, MISSING, GOOD]


async def test_a_second_lost_answer_ends_the_poll_with_what_there_is() -> None:
    link = FakeLink()
    link.fails = lose(20, 40, error=LinkTimeout)

    assert await qualities(reader_of(link, THREE)) == [GOOD, GOOD, MISSING, MISSING]


@pytest.mark.parametrize(
    ("error", "asked"), [(LinkTimeout, 1), (LinkRefused, 1), (LinkOutOfStep, 2)]
)
async def test_a_dead_device_is_not_waited_for_at_every_request(
    error: type[LinkError], asked: int
) -> None:
    link = FakeLink()
    link.fails = lose(0, 20, 40, error=error)

    with pytest.raises(error):
        await reader_of(link, THREE).read()

    assert len(link.asked) == asked


async def test_garbage_at_first_does_not_cost_the_poll() -> None:
    link = FakeLink()
    link.fails = lose(0, error=LinkOutOfStep)

    assert await qualities(reader_of(link, THREE)) == [MISSING, MISSING, GOOD, GOOD]


@pytest.mark.parametrize("code", [10, 11])
async def test_a_gateway_that_cannot_reach_the_unit_is_asked_once(code: int) -> None:
    link = FakeLink()
    link.fails = lambda _start, _count: refusal(code)

    with pytest.raises(DeviceRejected):
        await reader_of(link, THREE).read()

    assert len(link.asked) == 1


PLATED = make_profile(
    nameplate={
        "identification": True,
        "serial": {"source": "S/N", "address": 100, "length": 4},
        "firmware": {"source": "FW", "address": 110, "type": "uint16", "scale": 0.01},
        "manufactured_on": {"source": "Made", "address": 120, "length": 5},
        "replace_by": {"source": "Replace by", "address": 130, "length": 5},
    }
)
PLATE_MEMORY = {
    100: registers_of(b"SN4711\0\0"),
    110: [107],
    120: registers_of(b"2023-08-14"),
    130: registers_of(b"07/30/20:7"),
}


async def test_a_nameplate_is_put_together_from_registers_and_identification() -> None:
    link = FakeLink(PLATE_MEMORY)
    link.objects = {0: b"Hanbit", 2: b"0.9", 5: b"LR-314"}

    plate = await reader_of(link, PLATED).read_nameplate()

    assert (plate.manufacturer, plate.model) == ("Hanbit", "LR-314")
    assert (plate.serial, plate.firmware) == ("SN4711", "1.07")
    assert plate.manufactured_on == DeviceDate(date(2023, 8, 14), "2023-08-14")
    assert plate.replace_by == DeviceDate(None, "07/30/20:7")
    assert plate.last_replaced_on == DeviceDate(None, None)


@pytest.mark.parametrize("error", [refusal(), LinkTimeout("no answer"), LinkOutOfStep("stray")])
async def test_what_cannot_be_read_of_a_nameplate_costs_nothing_else(error: LinkError) -> None:
    link = FakeLink(PLATE_MEMORY)
    link.fails = lambda start, _count: error if start == 100 else None

    plate = await reader_of(link, PLATED).read_nameplate()

    assert plate.serial is None
    assert plate.firmware == "1.07"
    assert plate.manufactured_on.value == date(2023, 8, 14)


async def test_a_silent_device_is_given_up_after_two_questions_for_its_nameplate() -> None:
    link = FakeLink()
    link.objects = LinkTimeout("no answer from 10.0.5.11:502 in 1.0 s")
    link.fails = lambda _start, _count: LinkTimeout("no answer from 10.0.5.11:502 in 1.0 s")

    with pytest.raises(LinkTimeout):
        await reader_of(link, PLATED).read_nameplate()

    assert len(link.asked) == 1


async def test_a_device_that_refuses_its_nameplate_has_none() -> None:
    link = FakeLink()
    link.fails = lambda _start, _count: refusal(1)

    assert await reader_of(link, PLATED).read_nameplate() == UNKNOWN_NAMEPLATE


async def test_closing_a_reader_lets_go_of_the_link() -> None:
    link = FakeLink()

    await reader_of(link, THREE).close()

    assert link.is_closed
