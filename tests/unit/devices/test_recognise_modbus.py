"""Which profile a Modbus device answers to."""

from collections.abc import Mapping, Sequence

import pytest

from batteryd.devices.recognise_modbus import recognise_modbus
from batteryd.devices.sunspec_profile import SunspecProfile
from batteryd.errors import DeviceRejected, LinkRefused, LinkTimeout, ProfileError
from tests.modbus_maps import make_profile, registers_of
from tests.sunspec_devices import BATTERY, COMMON, SunspecLink, registers

SUNSPEC = SunspecProfile(
    name="sunspec", title="SunSpec", protocol="modbus", map="sunspec", poll_interval_s=10,
    current_positive_while="discharging",
)  # fmt: skip
NAMED = make_profile(
    name="named", match={"model": "^LR-"},
    nameplate={"model": {"address": 500, "length": 4, "source": "Model"}},
)  # fmt: skip
SOC = {"address": 100, "min": 0, "max": 100}
CELL = {"address": 101, "min": 1500, "max": 4500}
BY_TWO = make_profile(name="a-rack-by-two", match={"registers": [SOC, CELL]})
BY_ONE = make_profile(name="a-rack-by-one", match={"registers": [SOC]})
SILENT_ON_THIS = make_profile(name="nobody-knows")
PROFILES = (BY_ONE, BY_TWO, NAMED, SILENT_ON_THIS, SUNSPEC)


class Registers:
    """A device that has these registers and refuses all others."""

    def __init__(self, words: Mapping[int, int]) -> None:
        self.words = words

    async def read(self, *, unit: int, function: int, start: int, count: int) -> Sequence[int]:
        try:
            return [self.words[address] for address in range(start, start + count)]
        except KeyError:
            raise DeviceRejected("illegal data address", code=2) from None

    async def read_identification(self, *, unit: int) -> Mapping[int, bytes]:
        return {}

    async def close(self) -> None:
        pass


MODEL = dict(enumerate(registers_of(b"LR-17\0\0\0"), start=500))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({100: 83, 101: 3671}, BY_TWO),
        ({100: 83, 101: 48}, BY_ONE),
        ({100: 83}, BY_ONE),
        ({100: 83, 101: 3671} | MODEL, NAMED),
    ],
)
async def test_a_name_is_surer_than_registers_and_more_registers_than_fewer(
    words: Mapping[int, int], expected: object
) -> None:
    assert await recognise_modbus(Registers(words), PROFILES, unit=1) is expected


async def test_a_device_that_describes_itself_is_believed() -> None:
    link = SunspecLink(registers([COMMON, BATTERY]))

    assert await recognise_modbus(link, PROFILES, unit=1) is SUNSPEC


async def test_a_sunspec_device_without_a_battery_is_none() -> None:
    link = SunspecLink(registers([COMMON]))

    with pytest.raises(ProfileError):
        await recognise_modbus(link, PROFILES, unit=1)


@pytest.mark.parametrize("words", [{}, {100: 101}, {7: 0}])
async def test_a_device_that_nobody_knows_has_to_be_named(words: Mapping[int, int]) -> None:
    with pytest.raises(ProfileError, match=r"name one of: .*nobody-knows.*sunspec"):
        await recognise_modbus(Registers(words), PROFILES, unit=1)


@pytest.mark.parametrize("error", [LinkTimeout("no answer"), LinkRefused("no route")])
async def test_a_silent_device_is_not_called_unknown(error: Exception) -> None:
    class Silent(Registers):
        async def read(self, **where: int) -> Sequence[int]:
            raise error

    with pytest.raises(type(error)):
        await recognise_modbus(Silent({}), PROFILES, unit=1)
