"""Records an SNMP agent: everything that a probe asks it, and what stands around that.

First the agent is probed as usual, with somebody listening. So whatever happens afterwards, what
batteryd reads of this device is in the recording. Then the subtrees are walked in which batteries
are found: the system group, UPS-MIB, and those of the makers. Both are reading only.

Walks have bounds, because some agents have tens of thousands of objects and some need a second for
each. A walk that ends early keeps what it has and says so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from batteryd.clock import Clock
from batteryd.devices.link import SnmpLink, SnmpValue
from batteryd.devices.probe import probe_snmp
from batteryd.devices.probe_answer import ProbeAnswer
from batteryd.devices.profile import Profile
from batteryd.devices.recognise import SYS_OBJECT_ID
from batteryd.devices.recording import SnmpRecording
from batteryd.devices.snmp import PatientSnmpLink
from batteryd.devices.snmp_exchange import OpenExchange, SnmpWalk, WalkRow
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.errors import BatterydError, DeviceRejected, LinkError, ProfileError

OBJECTS_MAX = 5000
DURATION_S_MAX = 120.0

# sysDescr, sysObjectID, sysUpTime, sysContact, sysName, sysLocation, sysServices
_SYSTEM = tuple(f"1.3.6.1.2.1.1.{number}.0" for number in range(1, 8))
_UPS_MIB = "1.3.6.1.2.1.33"
_ENTERPRISES = "1.3.6.1.4.1."
# Those of agents' programs: they tell of a card's processes and disks.
_NO_MAKERS = frozenset({f"{_ENTERPRISES}8072", f"{_ENTERPRISES}2021"})


class HeardAgent(NamedTuple):
    """What an agent answered, as it answered it."""

    recording: SnmpRecording
    answer: ProbeAnswer | BatterydError  # of the probe
    cuts: tuple[str, ...]  # walks that ended early, and why


class ListeningSnmpLink:
    """An `SnmpLink` that remembers every answer that it passes on."""

    def __init__(self, link: SnmpLink) -> None:
        self._link = link
        self.heard: dict[str, SnmpValue | None] = {}

    async def get(self, oids: Sequence[str]) -> Mapping[str, SnmpValue]:
        """Ask the agent."""
        return self._heed(await self._link.get(oids))

    async def walk(self, oid: str, *, rows_max: int) -> Mapping[str, SnmpValue]:
        """Walk the agent."""
        return self._heed(await self._link.walk(oid, rows_max=rows_max))

    async def close(self) -> None:
        """Close the link."""
        await self._link.close()

    def _heed(self, answer: Mapping[str, SnmpValue]) -> Mapping[str, SnmpValue]:
        self.heard.update(answer)
        return answer


async def record_agent(
    open_exchange: OpenExchange,
    profiles: Mapping[str, Profile],
    *,
    target: str,
    profile_name: str | None = None,
    clock: Clock,
) -> HeardAgent:
    """Probe an agent and walk what may be of interest.

    Raises:
        LinkError: the agent does not answer.
    """
    link = ListeningSnmpLink(PatientSnmpLink(open_exchange))
    try:
        answer = await _probed(
            link, profiles, target=target, profile_name=profile_name, clock=clock
        )
        await link.get(_SYSTEM)
    finally:
        await link.close()
    object_id = link.heard.get(SYS_OBJECT_ID)
    walker = _Walker(open_exchange, link.heard, clock=clock)
    for root in _roots(object_id, profiles.values()):
        await walker.walk(root)
    return HeardAgent(SnmpRecording(link.heard), answer, tuple(walker.cuts))


async def _probed(
    link: SnmpLink,
    profiles: Mapping[str, Profile],
    *,
    target: str,
    profile_name: str | None,
    clock: Clock,
) -> ProbeAnswer | BatterydError:
    try:
        return await probe_snmp(
            link, profiles, target=target, profile_name=profile_name, clock=clock
        )
    except (ProfileError, DeviceRejected) as error:
        return error  # that is why somebody records it


def _roots(object_id: SnmpValue | None, profiles: Iterable[Profile]) -> Sequence[str]:
    """Return what to walk: the maker first that the agent names, then those that profiles know."""
    known = (oid for p in profiles if isinstance(p, SnmpProfile) for oid in _oids_of(p))
    named = [object_id] if isinstance(object_id, str) else []
    makers = (
        ".".join(oid.split(".")[:7]) for oid in (*named, *known) if oid.startswith(_ENTERPRISES)
    )
    return [root for root in dict.fromkeys((_UPS_MIB, *makers)) if root not in _NO_MAKERS]


def _oids_of(profile: SnmpProfile) -> Iterator[str]:
    yield from (point.oid for point in profile.points)
    for oids in profile.nameplate.oids.values():
        yield from oids


class _Walker:
    """Walks subtrees one after the other until the bounds of all together are reached."""

    def __init__(
        self, open_exchange: OpenExchange, heard: dict[str, SnmpValue | None], *, clock: Clock
    ) -> None:
        self._open_exchange = open_exchange
        self._heard = heard
        self._clock = clock
        self._until_s = clock.monotonic_s() + DURATION_S_MAX
        self._left = OBJECTS_MAX
        self.cuts: list[str] = []

    async def walk(self, root: str) -> None:
        """Take everything below a root, as far as the bounds and the agent allow."""
        try:
            exchange = await self._open_exchange()
            try:
                cut = await self._take(exchange.walk(root))
            finally:
                await exchange.close()
        except LinkError as error:
            cut = str(error)
        if cut:
            self.cuts.append(f"{root}: {cut}")

    async def _take(self, walk: SnmpWalk) -> str:
        """Take rows to the end; return why it was not reached."""
        seen: set[str] = set()
        while (row := await _next(walk)) is not None:
            if row[0] in seen:
                return "the agent goes in circles"
            if not self._left:
                return f"more than {OBJECTS_MAX} objects"
            if self._clock.monotonic_s() > self._until_s:
                return f"not finished in {DURATION_S_MAX:g} s"
            seen.add(row[0])
            self._left -= 1
            self._heard[row[0]] = row[1]
        return ""


async def _next(walk: SnmpWalk) -> WalkRow | None:
    try:
        return await walk.next()
    except LinkError:  # a lost datagram is usual, two in a row are an outage
        return await walk.next()
