"""What is wrong is said in the operator's words, and secrets are not repeated."""

from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from batteryd.mistakes import HIDDEN, mistakes_of, unknown_text, value_text


class Leaf(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    months: int = Field(default=120, ge=1, le=600)
    token: str = ""


class Tree(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    recipients: list[int] = Field(default=[1], min_length=1, max_length=2)
    battery: list[Leaf] = []
    named: dict[str, Leaf] = {}
    schedule: dict[Annotated[str, Field(pattern="^[a-z]+$")], Leaf] = {}


def said_of(data: dict[str, object], *, key: str = "") -> list[str]:
    """Return what is said of a table that is wrong."""
    with pytest.raises(ValidationError) as raised:
        Tree.model_validate(data)
    return [str(m) for m in mistakes_of(raised.value, model=Tree, file="a.toml", key=key)]


def test_tables_in_a_list_count_from_one() -> None:
    said = said_of({"battery": [{}, {}, {"months": 0}]})

    assert said == ["a.toml: battery.3.months = 0: 1 or more"]


@pytest.mark.parametrize(
    ("recipients", "said"),
    [
        ([], ["a.toml: recipients: 1 or more entries"]),
        ([1, 2, 3], ["a.toml: recipients: at most 2 entries"]),
        (["kim"], ['a.toml: recipients.1 = "kim": a whole number']),  # and not too short as well
    ],
)
def test_the_length_of_a_list_is_told_as_what_stands_there(
    recipients: list[object], said: list[str]
) -> None:
    assert said_of({"recipients": recipients}) == said


def test_a_table_that_stands_elsewhere_is_told_with_its_place() -> None:
    said = said_of({"battery": [{"months": "120"}]}, key="site.daejeon")

    assert said == ['a.toml: site.daejeon.battery.1.months = "120": a whole number']


def test_an_unknown_key_is_answered_with_the_keys_of_its_own_table() -> None:
    said = said_of({"named": {"rack-1": {"month": 12}}})

    assert said == [
        "a.toml: named.rack-1.month = 12: unknown key; did you mean months? known: months, token"
    ]


def test_the_name_of_a_table_that_is_wrong_is_told_as_its_place() -> None:
    assert said_of({"schedule": {"bad name": {}}}) == [
        'a.toml: schedule.bad name = "bad name": a text that matches ^[a-z]+$'
    ]


def test_a_secret_is_hidden_even_where_it_is_wrong() -> None:
    assert said_of({"battery": [{"token": 4711}]}) == [
        f"a.toml: battery.1.token = {HIDDEN}: a text in quotes"
    ]


def test_text_in_the_place_of_a_table_is_not_repeated() -> None:
    assert said_of({"battery": ['{"token": "hunter2"}']}) == ["a.toml: battery.1: a table"]


@pytest.mark.parametrize(
    ("value", "key", "shown"),
    [
        ("rack", "", '"rack"'),
        (True, "", "true"),
        (3.5, "", "3.5"),
        ({"a": 1}, "", ""),
        ("hunter2", "password", HIDDEN),
        ("snmp-community", "community_file", '"snmp-community"'),
        ("http://u:hunter2@influx.example", "url", HIDDEN),
        ("snmp://10.0.5.20?community=hunter2", "address", HIDDEN),
        ("snmp://10.0.5.20?version=2c", "address", '"snmp://10.0.5.20?version=2c"'),
        ("x" * 100, "", '"' + "x" * 58 + "…"),
    ],
)
def test_a_value_is_shown_as_toml_writes_it_unless_it_may_be_a_secret(
    value: object, key: str, shown: str
) -> None:
    assert value_text(value, key=key) == shown


def test_a_long_list_of_known_names_is_cut() -> None:
    text = unknown_text("battery", "rack-99999", known=[f"rack-{n}" for n in range(10_000)])

    assert text.endswith("rack-39 and 9960 more")
    assert len(text) < 500


def test_where_nothing_is_known_nothing_is_guessed() -> None:
    assert unknown_text("credential", "cards", known=()) == "unknown credential; there is none"
