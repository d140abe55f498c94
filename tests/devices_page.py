"""The list of supported devices in docs/devices.md, made from the profiles themselves.

python -m tests.devices_page        writes it anew
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from batteryd.devices.modbus_profile import ModbusProfile
from batteryd.devices.profile import Profile
from batteryd.devices.profile_base import PointBase, levels_of
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.devices.sunspec_map import profile_of
from batteryd.devices.sunspec_models import BANK, BATTERY, COMMON, MODULE, STRING
from batteryd.devices.sunspec_profile import SunspecProfile
from batteryd.devices.sunspec_walk import FoundModel
from batteryd.domain.component import Scope, parse_component
from batteryd.settings.collect import Collector
from batteryd.settings.files import Files
from batteryd.settings.profiles import read_profiles

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "devices.md"
BEGIN = "<!-- From here on made by `python -m tests.devices_page`. -->\n"

SCOPES = {
    Scope.BATTERY: "battery",
    Scope.RACK: "string",
    Scope.MODULE: "module",
    Scope.CELL: "cell",
    Scope.SENSOR: "sensor",
}
# One bank of one string with one module of one cell: every model with one group.
_SUNSPEC = (
    FoundModel(COMMON, 40002, 66),
    FoundModel(BATTERY, 41000, 62),
    FoundModel(BANK, 42000, 100, (1,)),
    FoundModel(STRING, 43000, 100, (1, 1)),
    FoundModel(MODULE, 44000, 100, (1, 1, 1)),
)


def shipped() -> Mapping[str, Profile]:
    """Return the profiles of the repository by name; one with mistakes fails here."""
    collector = Collector()
    found = read_profiles(ROOT / "config" / "profiles", files=Files(), collector=collector)
    assert not collector.mistakes, collector.mistakes
    return {name: profile for name, profile in found.items() if profile is not None}


def families(profiles: Mapping[str, Profile]) -> str:
    """Return the part of the page that is made from profiles."""
    ordered = sorted(profiles.values(), key=lambda profile: profile.title.lower())
    return "\n".join(line for profile in ordered for line in _family(profile))


def _family(profile: Profile) -> Iterator[str]:
    points, fields = _contents(profile)
    yield f"### {profile.title}"
    yield ""
    yield f"Profile [{profile.name}](../config/profiles/{profile.name}.toml), {_protocol(profile)}."
    yield f"Tested against: {profile.tested_against}."
    yield ""
    for scope, quantities in _by_scope(points).items():
        yield f"- {SCOPES[scope]}: {', '.join(f'`{name}`' for name in quantities)}"
    if fields:
        yield f"- of itself: {', '.join(field.replace('_', ' ') for field in fields)}"
    yield ""


def _contents(profile: Profile) -> tuple[Iterable[PointBase], Iterable[str]]:
    match profile:
        case SnmpProfile():
            return profile.points, [name for name, oids in profile.nameplate.oids.items() if oids]
        case SunspecProfile():
            return _contents(profile_of(_SUNSPEC, profile=profile))
        case ModbusProfile():
            identified = ["manufacturer", "model", "firmware"]
            asked = identified if profile.nameplate.identification else []
            return profile.points, dict.fromkeys((*asked, *profile.nameplate.texts))


def _protocol(profile: Profile) -> str:
    if isinstance(profile, SunspecProfile):
        return "Modbus (SunSpec)"
    return "SNMP" if isinstance(profile, SnmpProfile) else "Modbus"


def _by_scope(points: Iterable[PointBase]) -> dict[Scope, list[str]]:
    found: dict[Scope, dict[str, None]] = {}
    for point in points:
        numbers = dict.fromkeys(levels_of(point.component), 1)
        scope = parse_component(point.component.format_map(numbers)).scope
        found.setdefault(scope, {})[point.quantity] = None
    return {scope: list(found[scope]) for scope in SCOPES if scope in found}


def main() -> None:
    """Write the page's list anew; what stands before it stays."""
    head, begin, _ = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(f"{head}{begin}\n{families(shipped())}")


if __name__ == "__main__":
    main()
