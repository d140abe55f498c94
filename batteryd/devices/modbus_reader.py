"""Reads one battery over Modbus: a compiled profile on a link.

A poll goes on as long as that makes sense. A refused request costs its own values. An answer that
was lost or out of step costs its own values too, once; a second loss, or silence from the start,
ends the poll, because a dead device must not be waited for five times.

A device that has not got some registers refuses the whole request that touches them ("illegal data
address"). The request is then replaced by smaller ones, and optional registers that are refused by
themselves are not asked for again. What was learnt is forgotten whenever the connection fails or
the nameplate is read: it may be another device, or the same one with newer firmware.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from batteryd.devices.compiler import compile_decoder
from batteryd.devices.dates import parse_device_date
from batteryd.devices.decode import Image
from batteryd.devices.link import ModbusLink, RawReading
from batteryd.devices.modbus_nameplate import identified, text_of
from batteryd.devices.modbus_profile import ModbusProfile, NameplateText
from batteryd.devices.plan import Request, split
from batteryd.domain.inventory import Geometry
from batteryd.domain.nameplate import Nameplate
from batteryd.domain.quality import Quality
from batteryd.errors import DeviceRejected, LinkError, LinkOutOfStep

_ILLEGAL_ADDRESS = 2
_BEHIND_GATEWAY = frozenset({10, 11})  # the gateway answers for a unit that does not
_LOSSES_MAX = 1  # of one poll


@dataclass(frozen=True, slots=True)
class Reach:
    """What to ask this device, as far as it is known to answer."""

    requests: tuple[Request, ...]
    absent: tuple[Request, ...] = ()


class ModbusReader:
    """One battery behind a link, read as its profile says."""

    restart_count = 0  # Modbus does not tell

    def __init__(
        self, profile: ModbusProfile, *, geometry: Geometry, link: ModbusLink, unit: int
    ) -> None:
        self._profile = profile
        self._link = link
        self._unit = unit
        self._decoder = compile_decoder(profile, geometry)
        self._reach = Reach(self._decoder.requests)
        self.layout = self._decoder.layout
        self.sources: Sequence[str] = self._decoder.sources
        self.poll_interval_s = profile.poll_interval_s

    async def read(self) -> RawReading:
        """Read everything once. Blocks that the device refuses cost their values only.

        Raises:
            LinkError: nothing usable came back.
        """
        poll = _Poll(self._decoder.image(), self._reach)
        await poll.run(self._link, unit=self._unit)
        is_settled = poll.is_answered and not poll.losses
        self._reach = poll.reach if is_settled else Reach(self._decoder.requests)
        if not poll.is_answered:
            raise (poll.losses or poll.refusals)[0]
        return self._decoder.decode(poll.image)

    async def read_nameplate(self) -> Nameplate:
        """Read identity and dates. What cannot be read is None; it never costs the other fields.

        Raises:
            LinkError: nothing usable came back.
        """
        self._reach = Reach(self._decoder.requests)
        plate = self._profile.nameplate
        texts: dict[str, str | None] = {}
        losses: list[LinkError] = []
        if plate.identification:
            try:
                texts.update(identified(await self._link.read_identification(unit=self._unit)))
            except LinkError as error:
                losses.append(error)
        for name, wanted in plate.texts.items():
            if len(losses) > _LOSSES_MAX:
                break
            try:
                texts[name] = await self._text(wanted) or texts.get(name)
            except LinkError as error:
                losses.append(error)
        if losses and not any(texts.values()):
            raise losses[0]
        return self._nameplate(texts)

    async def close(self) -> None:
        """Let go of the link."""
        await self._link.close()

    def _nameplate(self, texts: Mapping[str, str | None]) -> Nameplate:
        formats = self._profile.date_formats
        return Nameplate(
            manufacturer=texts.get("manufacturer"),
            model=texts.get("model"),
            serial=texts.get("serial"),
            firmware=texts.get("firmware"),
            manufactured_on=parse_device_date(texts.get("manufactured_on"), formats),
            last_replaced_on=parse_device_date(texts.get("last_replaced_on"), formats),
            replace_by=parse_device_date(texts.get("replace_by"), formats),
            warranty_ends_on=parse_device_date(texts.get("warranty_ends_on"), formats),
        )

    async def _text(self, wanted: NameplateText) -> str | None:
        try:
            words = await self._link.read(
                unit=self._unit,
                function=wanted.function,
                start=wanted.address,
                count=wanted.word_count,
            )
        except DeviceRejected:
            return None
        return text_of(words, wanted=wanted, profile=self._profile)


class _Poll:
    """One pass over the requests: what was answered, refused and lost."""

    def __init__(self, image: Image, reach: Reach) -> None:
        self.image = image
        self.refusals: list[DeviceRejected] = []
        self.losses: list[LinkError] = []
        self.is_answered = False
        self._todo = deque(reach.requests)
        self._kept: list[Request] = []
        self._absent = list(reach.absent)
        for request in reach.absent:
            image.mark(request, Quality.NOT_IMPLEMENTED)

    @property
    def reach(self) -> Reach:
        """What the next poll should ask."""
        return Reach(tuple(self._kept), tuple(self._absent))

    async def run(self, link: ModbusLink, *, unit: int) -> None:
        """Ask until everything is answered or it makes no sense to go on."""
        while self._todo and not self._is_hopeless():
            request = self._todo.popleft()
            try:
                answer = await link.read(
                    unit=unit, function=request.function, start=request.start, count=request.count
                )
            except DeviceRejected as error:
                self._refused(request, error)
            except LinkError as error:
                self.losses.append(error)
            else:
                self.is_answered = True
                self.image.put(request, answer)
                self._kept.append(request)

    def _is_hopeless(self) -> bool:
        if self.is_answered or not self.losses:
            return len(self.losses) > _LOSSES_MAX
        return len(self.losses) > _LOSSES_MAX or not isinstance(self.losses[-1], LinkOutOfStep)

    def _refused(self, request: Request, error: DeviceRejected) -> None:
        if error.code in _BEHIND_GATEWAY:
            self.losses.append(error)
            return
        self.refusals.append(error)
        is_absent = error.code == _ILLEGAL_ADDRESS
        parts = split(request) if is_absent else ()
        if parts:
            self._todo.extendleft(reversed(parts))
        elif is_absent and request.is_optional:
            self._absent.append(request)
            self.image.mark(request, Quality.NOT_IMPLEMENTED)
        else:
            self._kept.append(request)
            self.image.mark(request, Quality.REJECTED)
