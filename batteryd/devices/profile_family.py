"""Completes a profile with those that it extends.

Makers' cards answer their own MIB and a standard one beside it, and one of the two often knows what
the other does not. A profile therefore says what its maker's objects mean, and names the standard's
profile for the rest:

    extends = ["ups-mib"]

The points of an extended profile come after the profile's own, as further alternatives: they are
asked last and never needed. How a device is recognised, its geometry and its limits are the
profile's own alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from batteryd.devices.profile_base import ProfileBase, is_signed
from batteryd.devices.snmp_profile import SnmpNameplate, SnmpPoint, SnmpProfile
from batteryd.errors import ConfigError, Mistake
from batteryd.mistakes import unknown_text

T = TypeVar("T")

Known = Mapping[str, ProfileBase | None]  # None: its file is broken, which is told elsewhere


def extended(profile: SnmpProfile, *, known: Known, file: str) -> SnmpProfile:
    """Return a profile with everything that it takes from others.

    Args:
        profile: as its own file has it.
        known: all profiles by name, as their files have them.
        file: of the profile, for mistakes.

    Raises:
        ConfigError: names under `extends` lead nowhere, to another protocol or back here. What is
            wrong with a profile that is extended is a mistake of its own file, not of this one.
    """
    mistakes = (
        *_extends_mistakes(profile, known=known, file=file),
        *_without_mistakes(profile, known=known, file=file),
    )
    if mistakes:
        raise ConfigError(mistakes)
    return _complete(profile, known=known, within=frozenset())


def _extends_mistakes(profile: SnmpProfile, *, known: Known, file: str) -> Iterator[Mistake]:
    for number, name in enumerate(profile.extends, start=1):
        allowed = _refusal(profile, name, known=known)
        if allowed is not None:
            yield Mistake(file, f"extends.{number}", f'"{name}"', allowed)


def _without_mistakes(profile: SnmpProfile, *, known: Known, file: str) -> Iterator[Mistake]:
    family = set().union(*(_family(name, known=known) for name in profile.extends))
    sources = {p.source for name in family if (base := known[name]) for p in base.points}
    for number, source in enumerate(profile.without, start=1):
        if source not in sources:
            allowed = unknown_text("source of what is extended", source, known=sorted(sources))
            yield Mistake(file, f"without.{number}", f'"{source}"', allowed)


def _refusal(profile: SnmpProfile, name: str, *, known: Known) -> str | None:
    if name not in known:
        return unknown_text("profile", name, known=known)
    if not isinstance(known[name], SnmpProfile | None):
        return "a profile of an SNMP device"
    if profile.name in _family(name, known=known):
        return "a profile that does not extend this one"
    return None


def _family(name: str, *, known: Known) -> set[str]:
    """Return a profile's name and all that it takes from, however far."""
    found: set[str] = set()
    todo = [name]
    while todo:
        base = known.get(todo.pop())
        if isinstance(base, SnmpProfile) and base.name not in found:
            found.add(base.name)
            todo.extend(base.extends)
    return found


def _complete(profile: SnmpProfile, *, known: Known, within: frozenset[str]) -> SnmpProfile:
    path = within | {profile.name}
    complete = profile
    for name in profile.extends:
        base = known.get(name)
        if isinstance(base, SnmpProfile) and name not in path:
            complete = _joined(complete, _complete(base, known=known, within=path))
    return complete


def _joined(profile: SnmpProfile, base: SnmpProfile) -> SnmpProfile:
    return profile.model_copy(
        update={
            "current_positive_while": profile.current_positive_while or base.current_positive_while,
            "date_formats": _each_once(profile.date_formats, base.date_formats),
            "unset_dates": _each_once(profile.unset_dates, base.unset_dates),
            "nameplate": _joined_nameplate(profile.nameplate, base.nameplate),
            "points": (*profile.points, *_inherited(profile, base)),
        }
    )


def _joined_nameplate(own: SnmpNameplate, base: SnmpNameplate) -> SnmpNameplate:
    further = base.oids
    fields = {name: _each_once(oids, further[name]) for name, oids in own.oids.items()}
    return SnmpNameplate(**{name: oids for name, oids in fields.items() if oids})


def _inherited(profile: SnmpProfile, base: SnmpProfile) -> list[SnmpPoint]:
    own = {_identity(point) for point in profile.points}
    is_turned = profile.current_positive_while is not None and (
        profile.current_sign != base.current_sign
    )
    return [
        _as_alternative(point, is_turned=is_turned and is_signed(point.quantity))
        for point in base.points
        # A profile knows better than a standard what its device says there.
        if _identity(point) not in own and point.source not in profile.without
    ]


def _as_alternative(point: SnmpPoint, *, is_turned: bool) -> SnmpPoint:
    # A sign belongs to the device that the base describes, and is turned into this profile's.
    sign = -1 if is_turned else 1
    return point.model_copy(
        update={"optional": True, "scale": sign * point.scale, "offset": sign * point.offset}
    )


def _identity(point: SnmpPoint) -> tuple[str, str, str]:
    return point.oid, point.component, point.quantity


def _each_once(first: Sequence[T], then: Sequence[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*first, *then)))
