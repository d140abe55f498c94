"""Reads an SNMP device whose profile the inventory leaves open (`profile = "auto"`).

The device is recognised before its first reading, and what was found is kept for as long as the
daemon runs. It is looked at again where it may be another one: after a restart (sysUpTime went
back), or when it has none of the objects that it had. A device that has just restarted may show
nothing of a battery yet; then it stays what it was.
"""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from batteryd.devices.link import RawReading, SnmpLink
from batteryd.devices.profile_base import AUTO
from batteryd.devices.recognise import recognise_snmp
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.devices.snmp_reader import SnmpReader
from batteryd.domain.inventory import Geometry
from batteryd.domain.nameplate import Nameplate
from batteryd.domain.snapshot import EMPTY_LAYOUT, Layout
from batteryd.errors import DeviceRejected, ProfileError

POLL_INTERVAL_S = 10.0  # whatever profile it comes to be

_NO_SUCH_NAME = 2  # error-status of RFC 1157

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AnySnmpProfile:
    """What stands in a profile's place while the device is unknown: all that it could be."""

    profiles: tuple[SnmpProfile, ...]
    name = AUTO

    @classmethod
    def of(cls, profiles: Iterable[object]) -> "AnySnmpProfile":
        """Take the SNMP profiles out of all."""
        return cls(tuple(p for p in profiles if isinstance(p, SnmpProfile)))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all profiles."""
        return hashlib.sha256("".join(p.digest for p in self.profiles).encode()).hexdigest()


class RecognisingReader:
    """One asset behind a link, read as the profile says that it turns out to fit."""

    def __init__(self, choice: AnySnmpProfile, *, geometry: Geometry, link: SnmpLink) -> None:
        self._choice = choice
        self._geometry = geometry
        self._link = link
        self._profile: SnmpProfile | None = None
        self._reader: SnmpReader | None = None
        self._restarts_seen = 0
        self.poll_interval_s = POLL_INTERVAL_S

    @property
    def layout(self) -> Layout:
        """What the columns are; none before the device is recognised."""
        return EMPTY_LAYOUT if self._reader is None else self._reader.layout

    @property
    def sources(self) -> Sequence[str]:
        """The device's own name of each column, as of the last poll."""
        return () if self._reader is None else self._reader.sources

    @property
    def restart_count(self) -> int:
        """How often the device is known to have restarted."""
        return 0 if self._reader is None else self._reader.restart_count

    async def read(self) -> RawReading:
        """Read everything once, after finding out what it is where that is not known.

        Raises:
            LinkError: nothing usable came back, or nothing of a battery.
        """
        reader = await self._recognised()
        try:
            return await reader.read()
        except DeviceRejected:
            self._profile = self._reader = None  # it may be another device
            raise

    async def read_nameplate(self) -> Nameplate:
        """Read identity and dates. What cannot be read is None; it never costs the other fields.

        Raises:
            LinkError: nothing usable came back, or nothing of a battery.
        """
        return await (await self._recognised()).read_nameplate()

    async def close(self) -> None:
        """Let go of the link."""
        await self._link.close()

    async def _recognised(self) -> SnmpReader:
        if self._reader is not None and self._reader.restart_count == self._restarts_seen:
            return self._reader
        try:
            profile = await recognise_snmp(self._link, self._choice.profiles)
        except ProfileError as error:
            if self._reader is None:
                raise DeviceRejected(str(error), code=_NO_SUCH_NAME) from error
            self._restarts_seen = self._reader.restart_count
            return self._reader
        return self._reader_of(profile)

    def _reader_of(self, profile: SnmpProfile) -> SnmpReader:
        if self._reader is None or profile != self._profile:
            log.info("device recognised profile=%s", profile.name)
            self._profile = profile
            self._reader = SnmpReader(profile, geometry=self._geometry, link=self._link)
        self._restarts_seen = self._reader.restart_count
        return self._reader
