"""What holds for every SNMP profile that ships with batteryd."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from batteryd.devices.link import SnmpValue
from batteryd.devices.profile import parse_profile
from batteryd.devices.snmp_compiler import compile_snmp, rows_of_geometry
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.domain.inventory import Geometry
from batteryd.domain.quality import BAD_FROM, Quality

FOLDER = Path(__file__).parents[2] / "config" / "profiles"
RESERVED = (2**31 - 1, -(2**31), 2**32 - 1)


def snmp_profiles() -> dict[str, SnmpProfile]:
    found = {}
    for path in sorted(FOLDER.glob("*.toml")):
        profile = parse_profile(tomllib.loads(path.read_text()), file=path.name)
        if isinstance(profile, SnmpProfile):
            found[path.stem] = profile
    return found


PROFILES = snmp_profiles()


@pytest.fixture(params=PROFILES)
def profile(request: pytest.FixtureRequest) -> SnmpProfile:
    return PROFILES[request.param]


def decoded(profile: SnmpProfile, answer: dict[str, SnmpValue]):
    return compile_snmp(profile, rows_of_geometry(profile, Geometry())).decode(answer).reading


def test_a_profile_is_named_like_its_file() -> None:
    assert {name: p.name for name, p in PROFILES.items()} == {name: name for name in PROFILES}
    assert "ups-mib" in PROFILES


def test_a_profile_is_recognised_by_what_only_a_battery_has(profile: SnmpProfile) -> None:
    assert profile.match.answers


def test_a_silent_object_is_missing_and_not_zero(profile: SnmpProfile) -> None:
    values, quality = decoded(profile, {})

    assert np.isnan(values).all()
    assert set(quality.tolist()) <= {
        Quality.MISSING, Quality.NOT_IMPLEMENTED
    }  # fmt: skip


@pytest.mark.parametrize("raw", [*RESERVED, b"", b"n/a", "1.3.6.1", 2_000_000_000])
def test_no_reserved_number_and_no_text_becomes_a_value(
    profile: SnmpProfile, raw: int | bytes | str
) -> None:
    decoder = compile_snmp(profile, rows_of_geometry(profile, Geometry()))
    answer = dict.fromkeys((*decoder.oids, *decoder.candidate_oids), raw)

    values, quality = decoder.decode(answer).reading

    assert (quality >= BAD_FROM).all()
    assert np.isnan(values).all()


def test_a_point_names_the_object_that_the_maker_documents(profile: SnmpProfile) -> None:
    assert all(point.source and " " not in point.source for point in profile.points)
