"""The page of supported devices says of every profile what it gives, and no more."""

import re

from tests.devices_page import BEGIN, PAGE, families, shipped

PROFILES = shipped()


def test_the_page_is_what_the_profiles_say() -> None:
    _, begin, listed = PAGE.read_text().partition(BEGIN)

    assert begin
    assert listed.strip() == families(PROFILES).strip(), "run python -m tests.devices_page"


def test_every_profile_stands_there_with_exactly_its_quantities() -> None:
    sections = re.split(r"^### ", PAGE.read_text(), flags=re.MULTILINE)[1:]
    named = {}
    for section in sections:
        link = re.search(r"\.\./config/profiles/(.+?)\.toml", section)
        assert link is not None, section
        named[link[1]] = section

    assert named.keys() == PROFILES.keys()
    for name, profile in PROFILES.items():
        if profile.points:  # a device that describes itself has none in its profile
            listed = set(re.findall(r"`(\w+)`", named[name]))
            assert listed == {point.quantity for point in profile.points}, name


def test_every_profile_says_against_what_it_was_tested() -> None:
    assert [name for name, profile in PROFILES.items() if not profile.tested_against] == []
