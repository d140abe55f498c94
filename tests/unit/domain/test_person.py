"""Two people are asked for: one name written in two ways is not two."""

import unicodedata

import pytest

from batteryd.domain.person import same_person


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("J. Kim", "j. kim", True),
        ("J. Kim", " J.  Kim ", True),
        ("김진수", unicodedata.normalize("NFD", "김진수"), True),
        ("Ｋｉｍ", "Kim", True),
        ("J. Kim", "S. Kim", False),
        ("김진수", "김진호", False),
    ],
)
def test_a_name_is_compared_as_people_read_it(one: str, other: str, expected: bool) -> None:
    assert same_person(one, other) is expected
    assert same_person(other, one) is expected
