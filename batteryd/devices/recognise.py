"""Finds the profile that an SNMP device answers to.

An SNMP device says what it is (sysObjectID). The profile that knows the longest beginning of that
comes first, then the others; profiles of standards (`generic`) come last, because makers' devices
answer them too. Of a battery a device must also have something: `match.answers` keep a power strip
of a UPS maker from being taken for a UPS.
"""

from collections.abc import Iterable, Sequence

from batteryd.devices.link import SnmpLink, SnmpValue
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.devices.snmp_reader import SnmpReader
from batteryd.domain.inventory import Geometry
from batteryd.errors import ProfileError

SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"


async def recognise_snmp(link: SnmpLink, profiles: Iterable[SnmpProfile]) -> SnmpProfile:
    """Return the profile that fits an agent best.

    Raises:
        ProfileError: none does.
        LinkError: the agent does not answer.
    """
    said = (await link.get([SYS_OBJECT_ID])).get(SYS_OBJECT_ID)
    object_id = said if isinstance(said, str) else ""
    for profile in ranked(profiles, object_id=object_id):
        if await _answers(link, profile) and await _fits(link, profile):
            return profile
    raise ProfileError(f"no profile fits this device (sysObjectID {object_id or 'unknown'})")


def ranked(profiles: Iterable[SnmpProfile], *, object_id: str) -> Sequence[SnmpProfile]:
    """Return the profiles that may fit an agent, the likeliest first."""
    possible = [p for p in profiles if p.match.answers or _known_length(p, object_id)]
    return sorted(possible, key=lambda p: (p.match.generic, -_known_length(p, object_id), p.name))


def _known_length(profile: SnmpProfile, object_id: str) -> int:
    """Return how much of a sysObjectID a profile knows, in characters; 0 for none."""
    known = (
        len(start)
        for start in profile.match.sys_object_id
        if f"{object_id}.".startswith(f"{start}.")
    )
    return max(known, default=0)


async def _answers(link: SnmpLink, profile: SnmpProfile) -> bool:
    if not profile.match.answers:
        return True
    answer = await link.get(profile.match.answers)
    return any(_says_something(value) for value in answer.values())


def _says_something(value: SnmpValue) -> bool:
    return value not in (b"", "")


async def _fits(link: SnmpLink, profile: SnmpProfile) -> bool:
    if not profile.match.has_patterns:
        return True
    reader = SnmpReader(profile, geometry=Geometry(), link=link)
    return profile.match.fits(await reader.read_nameplate())
