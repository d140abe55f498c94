"""Finds out which SunSpec models a device has, and where.

A SunSpec device starts its map with the text "SunS" at one of three addresses. Models follow one
another without gaps, each with its ID and its length in front, until the ID 0xFFFF. Nothing of this
is trusted: a length that leads out of the address space, a refused header or a chain that does not
end is the end of the map.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from batteryd.devices.link import ModbusLink
from batteryd.devices.modbus_profile import ADDRESS_MAX
from batteryd.devices.sunspec_models import BATTERY_MODELS
from batteryd.errors import DeviceRejected, LinkOutOfStep, LinkTimeout

BASES = (40000, 0, 50000)  # the first is where nearly all devices have it
MODELS_MAX = 2000  # twenty strings of fifty modules are half of that
HEADER_LENGTH = 2

_MARKER = [0x5375, 0x6E53]  # "SunS"
_END = 0xFFFF
_HOLDING_REGISTERS = 3
_COUNTER_COUNT = 3
_NOT_THERE = frozenset({1, 2, 3, 4})  # the device's own refusals; not a gateway's, not "busy"


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model on a device; `length` is as the device says, without ID and length themselves."""

    model_id: int
    address: int  # of the ID
    length: int
    counters: tuple[int, ...] = ()  # a battery model's first points: its place, and its groups

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.address + HEADER_LENGTH + self.length


async def find_base(link: ModbusLink, *, unit: int) -> int | None:
    """Return where the map of a device begins; None where it has none.

    Raises:
        LinkError: the device does not answer.
    """
    for base in BASES:
        if await _read(link, unit=unit, start=base, count=2) == _MARKER:
            return base
    return None


async def walk(link: ModbusLink, *, unit: int, start: int) -> AsyncIterator[FoundModel]:
    """Yield the models from the header at `start` on.

    Raises:
        LinkError: the device does not answer.
    """
    for _ in range(MODELS_MAX):
        header = await read_header(link, unit=unit, address=start)
        if header is None or header[0] == _END:
            return
        model = FoundModel(header[0], start, header[1])
        if model.end > ADDRESS_MAX + 1:
            return
        if model.model_id in BATTERY_MODELS:
            model = await _with_counters(link, model, unit=unit)
        yield model
        start = model.end


async def read_header(link: ModbusLink, *, unit: int, address: int) -> tuple[int, int] | None:
    """Return the ID and the length that stand at an address; None where nothing can be read.

    Raises:
        LinkError: the device does not answer.
    """
    if address + HEADER_LENGTH > ADDRESS_MAX + 1:
        return None
    words = await _read(link, unit=unit, start=address, count=HEADER_LENGTH)
    return None if words is None else (words[0], words[1])


async def has_battery_models(link: ModbusLink, *, unit: int) -> bool:
    """Whether a device describes a battery in SunSpec's way; for recognising an unknown device.

    Silence is "no" here: there are devices that do not answer addresses that they do not have.

    Raises:
        LinkError: the connection is refused.
    """
    try:
        base = await find_base(link, unit=unit)
        if base is None:
            return False
        async for model in walk(link, unit=unit, start=base + len(_MARKER)):
            if model.model_id in BATTERY_MODELS:
                return True
    except (LinkOutOfStep, LinkTimeout):
        pass
    return False


async def _with_counters(link: ModbusLink, model: FoundModel, *, unit: int) -> FoundModel:
    count = min(_COUNTER_COUNT, model.length)
    start = model.address + HEADER_LENGTH
    words = await _read(link, unit=unit, start=start, count=count) if count else None
    return FoundModel(model.model_id, model.address, model.length, tuple(words or ()))


async def _read(link: ModbusLink, *, unit: int, start: int, count: int) -> Sequence[int] | None:
    try:
        words = await link.read(unit=unit, function=_HOLDING_REGISTERS, start=start, count=count)
    except DeviceRejected as error:
        if error.code in _NOT_THERE:
            return None
        raise
    return list(words)
