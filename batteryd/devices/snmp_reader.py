"""Reads one asset over SNMP: a compiled profile on a link.

A poll is one GET of everything (the link makes it several where the agent wants that). Tables are
not walked at every poll: their rows are found out before the first, and again with the nameplate,
which is read daily and after a recovery. Rows are only ever added, so the layout changes rarely and
never shrinks. The exception is a table whose rows come and go, such as that of the alarms: it is
walked while it has rows.

Every poll asks for sysUpTime as well. Where it has gone back the device has restarted, perhaps with
another module in it, and its rows are found out again.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence

from batteryd.devices.dates import parse_device_date
from batteryd.devices.link import RawReading, SnmpLink, SnmpValue
from batteryd.devices.snmp_compiler import Rows, compile_snmp, rows_of_geometry, rows_of_table
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.domain.inventory import Geometry
from batteryd.domain.nameplate import DeviceDate, Nameplate
from batteryd.domain.snapshot import Layout
from batteryd.errors import DeviceRejected, LinkError

ROWS_MAX = 2000  # of one column; a rack has fewer cells
LISTED_ROWS_MAX = 100  # of a table of alarms; RFC 1628 knows 24
NAME_ROWS_MAX = 20  # of a column that has a part of the nameplate
SYS_UP_TIME = "1.3.6.1.2.1.1.3.0"  # hundredths of a second
_ANY_ROW = ".*"
_NO_SUCH_NAME = 2  # error-status of RFC 1157

log = logging.getLogger(__name__)


class SnmpReader:
    """One asset behind a link, read as its profile says.

    `restart_count` is how often the device is known to have restarted.
    """

    def __init__(self, profile: SnmpProfile, *, geometry: Geometry, link: SnmpLink) -> None:
        self._profile = profile
        self._link = link
        self._rows = rows_of_geometry(profile, geometry)
        self._decoder = compile_snmp(profile, self._rows)
        self._winners = self._decoder.first
        self._is_discovered = not profile.has_tables
        self._up_time: SnmpValue | None = None
        self.restart_count = 0
        self.poll_interval_s = profile.poll_interval_s

    @property
    def layout(self) -> Layout:
        """What the columns are; grows when the device shows rows that it had not shown."""
        return self._decoder.layout

    @property
    def sources(self) -> Sequence[str]:
        """The device's own name of each column, as of the last poll."""
        return [self._decoder.candidate_sources[at] for at in self._winners]

    async def discover(self) -> None:
        """Find out which rows the device's tables have.

        Raises:
            LinkError: a table could not be walked. What was known before stays known.
        """
        walked: dict[str, Mapping[str, SnmpValue]] = {}
        rows = list(self._rows)
        for number, point in enumerate(self._profile.points):
            if not point.is_column:
                continue
            selector = point.oid if point.where is None else point.where.oid
            for oid in (point.oid, selector):
                if oid not in walked:
                    walked[oid] = await self._link.walk(oid, rows_max=ROWS_MAX)
            found = rows_of_table(point, column=walked[point.oid], selector=walked[selector])
            rows[number] = tuple(dict.fromkeys((*rows[number], *found)))
        self._is_discovered = True
        self._take(tuple(rows))

    async def read(self) -> RawReading:
        """Read everything once. What the agent does not have costs its own values only.

        Raises:
            LinkError: nothing usable came back.
        """
        if not self._is_discovered:
            await self.discover()
        answer = dict(await self._link.get((*self._decoder.oids, SYS_UP_TIME)))
        self._note_up_time(answer.pop(SYS_UP_TIME, None))
        if not answer:
            text = f"the agent has none of the {len(self._decoder.oids)} objects of the profile"
            raise DeviceRejected(text, code=_NO_SUCH_NAME)
        if self._decoder.listed:
            answer |= await self._listed(answer)
        reading, self._winners = self._decoder.decode(answer)
        return reading

    async def read_nameplate(self) -> Nameplate:
        """Read identity and dates. What cannot be read is None; it never costs the other fields.

        Raises:
            LinkError: nothing usable came back.
        """
        if self._profile.has_tables:
            await self.discover()
        oids = self._profile.nameplate.oids
        answer = await self._said([oid for field in oids.values() for oid in field])
        said = {
            name: [answer[oid] for oid in field if oid in answer] for name, field in oids.items()
        }
        return Nameplate(
            manufacturer=_text(said["manufacturer"]),
            model=_text(said["model"]),
            serial=_text(said["serial"]),
            firmware=_text(said["firmware"]),
            manufactured_on=self._date(said["manufactured_on"]),
            last_replaced_on=self._date(said["last_replaced_on"]),
            replace_by=self._date(said["replace_by"]),
        )

    async def close(self) -> None:
        """Let go of the link."""
        await self._link.close()

    def _note_up_time(self, up_time: SnmpValue | None) -> None:
        """Notice a restart: sysUpTime went back (or ran over, after 497 days)."""
        if isinstance(up_time, int) and isinstance(self._up_time, int) and up_time < self._up_time:
            log.info("device restarted profile=%s", self._profile.name)
            self.restart_count += 1
            self._is_discovered = not self._profile.has_tables  # it may have other rows now
        self._up_time = up_time

    def _take(self, rows: Rows) -> None:
        if rows == self._rows:
            return
        self._rows = rows
        self._decoder = compile_snmp(self._profile, rows)
        self._winners = self._decoder.first
        log.info("rows found profile=%s columns=%d", self._profile.name, len(self.layout))

    async def _listed(self, answer: Mapping[str, SnmpValue]) -> Mapping[str, SnmpValue]:
        found: dict[str, SnmpValue] = {}
        walked: dict[str, Mapping[str, SnmpValue]] = {}
        for listed in self._decoder.listed:
            count = answer.get(listed.count_oid)
            if not isinstance(count, int) or count < 0:
                continue
            for oid in listed.walked_oids if count else ():
                if oid not in walked:
                    walked[oid] = await self._rows_shown(oid)
            said = listed.flag(walked, count=count)
            if said is not None:
                found[listed.key] = said
        return found

    async def _rows_shown(self, oid: str) -> Mapping[str, SnmpValue]:
        try:
            return await self._link.walk(oid, rows_max=LISTED_ROWS_MAX)
        except LinkError:
            return {}  # some cards are slow while alarms are active; the values are here already

    async def _said(self, names: Sequence[str]) -> Mapping[str, SnmpValue]:
        scalars = [name for name in names if not name.endswith(_ANY_ROW)]
        answer = dict(await self._link.get(scalars)) if scalars else {}
        for name in dict.fromkeys(names):
            if name.endswith(_ANY_ROW):
                rows = await self._link.walk(name.removesuffix(_ANY_ROW), rows_max=NAME_ROWS_MAX)
                answer[name] = next((value for value in rows.values() if value), b"")
        return answer

    def _date(self, said: Sequence[SnmpValue]) -> DeviceDate:
        """Return the first date that can be read, or else what the first object has instead."""
        profile = self._profile
        dates = [
            parse_device_date(
                value if isinstance(value, bytes) else str(value),
                profile.date_formats,
                unset=profile.unset_dates,
            )
            for value in said
        ]
        written = [date for date in dates if date.raw]
        read = [date for date in written if date.value is not None]
        return next(iter((*read, *written, *dates)), DeviceDate())


def _text(said: Iterable[SnmpValue]) -> str | None:
    """Return the first text that can be shown; None where there is none."""
    return next(filter(None, map(_clean, said)), None)


def _clean(value: SnmpValue) -> str | None:
    """Return a text up to its first zero octet, without blanks around it; None if it is none."""
    if isinstance(value, bytes):
        octets = value.partition(b"\0")[0]
        try:
            value = octets.decode()
        except UnicodeDecodeError:
            value = octets.decode("latin-1")
    text = str(value).strip()
    return text if text and text.isprintable() else None
