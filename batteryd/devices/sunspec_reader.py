"""Reads one SunSpec battery: finds its models, then reads them like any other register map.

The models are looked for at the first poll. Later polls begin with the header of the last battery
model: if it stands where it stood and is as long as it was, so is everything in front of it. If
not, the device was exchanged, rebuilt or updated, and is looked at anew. A search that a deadline
cuts short goes on at the next poll where it ended.
"""

import math
from collections.abc import Collection, Sequence

from batteryd.devices.link import ModbusLink, RawReading
from batteryd.devices.modbus_reader import ModbusReader
from batteryd.devices.profile_base import is_signed
from batteryd.devices.sunspec_map import Spot, profile_of
from batteryd.devices.sunspec_models import (
    BATTERY_MODELS,
    CHARGE_STATUS,
    CHARGING,
    DISCHARGING,
)
from batteryd.devices.sunspec_profile import SunspecProfile
from batteryd.devices.sunspec_walk import (
    HEADER_LENGTH,
    FoundModel,
    find_base,
    read_header,
    walk,
)
from batteryd.domain.component import WHOLE_BATTERY
from batteryd.domain.inventory import Geometry
from batteryd.domain.nameplate import Nameplate
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import EMPTY_LAYOUT, Column, Layout, Values
from batteryd.errors import DeviceRejected

_ILLEGAL_ADDRESS = 2
_NOT_IMPLEMENTED = (Quality.SENTINEL, Quality.NOT_IMPLEMENTED)
_STATUS = Column(WHOLE_BATTERY, CHARGE_STATUS)
_DIRECTIONS = {float(1 << CHARGING): 1, float(1 << DISCHARGING): -1}


class SunspecReader:
    """One battery behind a link, read as it describes itself."""

    restart_count = 0  # Modbus does not tell

    def __init__(self, profile: SunspecProfile, *, link: ModbusLink, unit: int) -> None:
        self._profile = profile
        self._link = link
        self._unit = unit
        self._found: list[FoundModel] = []
        self._next_address: int | None = None  # where the search goes on; None: not begun
        self._reader: ModbusReader | None = None
        self.poll_interval_s = profile.poll_interval_s

    @property
    def layout(self) -> Layout:
        """What the columns are; empty until the models are found."""
        return EMPTY_LAYOUT if self._reader is None else self._reader.layout

    @property
    def sources(self) -> Sequence[str]:
        """Model, point and register of each column."""
        return () if self._reader is None else self._reader.sources

    async def read(self) -> RawReading:
        """Read everything once. What the device does not implement costs its own values only.

        Raises:
            LinkError: nothing usable came back, or the device has no battery model.
        """
        reader = await self._current_reader()
        values, quality = await reader.read()
        # A reserved number has one meaning here.
        quality[quality == Quality.SENTINEL] = Quality.NOT_IMPLEMENTED
        _orient(values, layout=reader.layout)
        return RawReading(values, quality)

    async def read_nameplate(self) -> Nameplate:
        """Read identity and the warranty's date. What cannot be read is None.

        Raises:
            LinkError: nothing usable came back, or the device has no battery model.
        """
        reader = await self._current_reader()
        return await reader.read_nameplate()

    async def close(self) -> None:
        """Let go of the link."""
        await self._link.close()

    async def _current_reader(self) -> ModbusReader:
        if self._reader is not None and await self._is_changed():
            self._forget()
        if self._reader is None:
            await self._find_models()
            self._reader = self._reader_without(await self._lacking())
        return self._reader

    def _reader_without(self, lacking: Collection[Spot]) -> ModbusReader:
        profile = profile_of(self._found, profile=self._profile, lacking=lacking)
        return ModbusReader(profile, geometry=Geometry(), link=self._link, unit=self._unit)

    async def _lacking(self) -> Collection[Spot]:
        """Return what the preferred points of all models turn out not to implement."""
        preferred = profile_of(self._found, profile=self._profile).points
        _, quality = await self._reader_without(()).read()
        return {
            (point.address, point.quantity)
            for point, found in zip(preferred, quality, strict=True)
            if found in _NOT_IMPLEMENTED
        }

    async def _find_models(self) -> None:
        if self._next_address is None:
            base = await find_base(self._link, unit=self._unit)
            if base is None:
                raise DeviceRejected("the device shows no SunSpec map", code=_ILLEGAL_ADDRESS)
            self._next_address = base + HEADER_LENGTH
        async for model in walk(self._link, unit=self._unit, start=self._next_address):
            self._found.append(model)
            self._next_address = model.end
        if self._last_battery_model is None:
            self._forget()
            raise DeviceRejected("its SunSpec map has no battery model", code=_ILLEGAL_ADDRESS)

    @property
    def _last_battery_model(self) -> FoundModel | None:
        of_battery = (model for model in self._found if model.model_id in BATTERY_MODELS)
        return max(of_battery, key=lambda model: model.address, default=None)

    async def _is_changed(self) -> bool:
        last = self._last_battery_model
        if last is None:
            return True
        header = await read_header(self._link, unit=self._unit, address=last.address)
        return header != (last.model_id, last.length)

    def _forget(self) -> None:
        self._found, self._next_address, self._reader = [], None, None


def _orient(values: Values, *, layout: Layout) -> None:
    """Let what the device says it does decide the sign of its currents and powers.

    The standard calls them "to/from the battery". Devices read that either way; there is one whose
    current is positive inwards and whose power is positive outwards.
    """
    status = float(values[layout.index[_STATUS]]) if _STATUS in layout.index else math.nan
    direction = _DIRECTIONS.get(status)
    if direction is None:
        return
    for quantity in filter(is_signed, {column.quantity for column in layout.columns}):
        whole = layout.index.get(Column(WHOLE_BATTERY, quantity))
        if whole is not None and values[whole] * direction < 0:
            values[layout.indices(quantity)] *= -1
