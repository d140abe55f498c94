"""Finds the profile that an SNMP device answers to.

A device says what it is (sysObjectID), and the profile that knows the longest beginning of that
comes first. A device that nobody knows by name, or that has no system group at all, is asked for a
few objects of every maker at once (`match.answers`): makers sell each other's cards. Profiles of
standards (`generic`) come last, because makers' devices answer them too.

Whichever it is, it is believed only when a trial reading shows a battery (`battery_evidence`). So a
power strip of a UPS maker is no UPS, and a maker's profile that finds its own objects empty makes
room for the standard's.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from batteryd.devices.battery_evidence import shows_battery
from batteryd.devices.link import SnmpLink, SnmpValue
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.devices.snmp_reader import SnmpReader
from batteryd.domain.inventory import Geometry
from batteryd.errors import DeviceRejected, ProfileError

SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
_ENTERPRISES = "1.3.6.1.4.1."


async def recognise_snmp(link: SnmpLink, profiles: Iterable[SnmpProfile]) -> SnmpProfile:
    """Return the profile that fits an agent best.

    Raises:
        ProfileError: none does, or the device has no battery.
        LinkError: the agent does not answer.
    """
    said = (await link.get([SYS_OBJECT_ID])).get(SYS_OBJECT_ID)
    object_id = said if isinstance(said, str) else ""
    async for profile in _answered(link, profiles, object_id=object_id):
        is_known = _known_length(profile, object_id) > 0
        if await _fits(link, profile) and await _has_battery(link, profile, is_known=is_known):
            return profile
    raise ProfileError(
        f"no profile finds a battery in this device (sysObjectID {object_id or 'unknown'})"
    )


def ranked(profiles: Iterable[SnmpProfile], *, object_id: str) -> Sequence[SnmpProfile]:
    """Return the profiles that may fit an agent, the likeliest first."""
    possible = [p for p in profiles if _known_length(p, object_id) or _probes(p)]
    return sorted(possible, key=lambda p: (p.match.generic, -_known_length(p, object_id), p.name))


async def _answered(
    link: SnmpLink, profiles: Iterable[SnmpProfile], *, object_id: str
) -> AsyncIterator[SnmpProfile]:
    """Yield the profiles of which the agent has an object, the likeliest first."""
    candidates = ranked(profiles, object_id=object_id)
    namesakes = [p for p in candidates if _known_length(p, object_id)]
    strangers = [p for p in candidates if not _known_length(p, object_id)]
    for profile in namesakes:
        answers = profile.match.answers
        if not answers or _says_something(await link.get(answers), answers):
            yield profile
    probes = dict.fromkeys(oid for profile in strangers for oid in _probes(profile))
    said = await link.get(list(probes)) if probes else {}
    for profile in strangers:
        if _says_something(said, _probes(profile)):
            yield profile


def _known_length(profile: SnmpProfile, object_id: str) -> int:
    """Return how much of a sysObjectID a profile knows, in characters; 0 for none."""
    known = (
        len(start)
        for start in profile.match.sys_object_id
        if f"{object_id}.".startswith(f"{start}.")
    )
    return max(known, default=0)


def _probes(profile: SnmpProfile) -> tuple[str, ...]:
    """Return the objects by which a device is recognised that does not say what it is.

    A maker's profile may count on a standard's objects where the device says that it is the
    maker's. By themselves those would fit everybody's.
    """
    if profile.match.generic:
        return profile.match.answers
    return tuple(oid for oid in profile.match.answers if oid.startswith(_ENTERPRISES))


def _says_something(said: Mapping[str, SnmpValue], oids: Iterable[str]) -> bool:
    return any(said.get(oid, b"") not in (b"", "") for oid in oids)


async def _fits(link: SnmpLink, profile: SnmpProfile) -> bool:
    if not profile.match.has_patterns:
        return True
    reader = SnmpReader(profile, geometry=Geometry(), link=link)
    return profile.match.fits(await reader.read_nameplate())


async def _has_battery(link: SnmpLink, profile: SnmpProfile, *, is_known: bool) -> bool:
    reader = SnmpReader(profile, geometry=Geometry(), link=link)
    try:
        reading = await reader.read()
    except DeviceRejected:  # it has none of the objects
        return False
    return shows_battery(reader.layout, reading, is_known=is_known)
