"""Two people are asked for: one name written in two ways is not two."""

import unicodedata

import pytest

from batteryd.domain.person import name_as_read, same_person


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("J. Kim", "j. kim", True),
        ("J. Kim", " J.  Kim ", True),
        ("김진수", unicodedata.normalize("NFD", "김진수"), True),
        ("Ｋｉｍ", "Kim", True),
        ("Groß", "GROSS", True),
        ("Kim", "Kim\u200b", True),  # a space of no width
        ("Kim", "K\u00adim", True),  # a hyphen that is shown nowhere but at the end of a line
        ("Kim Minjun", "Kim Min-jun", False),
        ("J. Kim", "S. Kim", False),
        ("김진수", "김진호", False),
    ],
)
def test_a_name_is_compared_as_people_read_it(one: str, other: str, expected: bool) -> None:
    assert same_person(one, other) is expected
    assert same_person(other, one) is expected


@pytest.mark.parametrize("name", ["", "  ", "\t", "\u200b", "\ufeff \u2060"])
def test_what_nobody_can_read_names_nobody(name: str) -> None:
    assert name_as_read(name) == ""
