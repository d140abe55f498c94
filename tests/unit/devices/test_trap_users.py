"""Whose version 3 messages are looked at, and how many senders' ids are remembered."""

import pytest
from pydantic import SecretStr
from pysnmp.entity.engine import SnmpEngine

from batteryd.devices.trap_users import Author, TrapUsers, author_of
from batteryd.settings.model import Credential

SIGNED, ENCRYPTED = 1, 3
WATCH = Credential(
    version="3", user="watch", auth_protocol="SHA256", auth_password=SecretStr("maplewood-tram")
)
CARD = bytes.fromhex("80001f8880e3a1b2c3")


@pytest.fixture(scope="module")
def engine():
    return SnmpEngine()


@pytest.mark.parametrize(
    ("author", "is_taken"),
    [
        (Author(CARD, "watch", SIGNED), True),
        (Author(CARD, "watch", ENCRYPTED), True),
        (Author(CARD, "watch", 0), False),
        (Author(CARD, "nobody", SIGNED), False),
        (Author(b"1234", "watch", SIGNED), False),
        (Author(b"1" * 33, "watch", SIGNED), False),
        (Author(b"", "", 0), True),
    ],
)
def test_a_user_is_taken_as_well_protected_as_the_credential_says(engine, author, is_taken):
    assert TrapUsers(engine, [WATCH]).takes(author) is is_taken


def test_the_oldest_sender_is_forgotten_and_learnt_again(engine):
    users = TrapUsers(engine, [WATCH], authors_max=2)

    for number in (1, 2, 3, 1, 2, 3):
        assert users.takes(Author(CARD + bytes([number]), "watch", SIGNED))

    assert len(users._learnt) == 2


@pytest.mark.parametrize("datagram", [b"", b"0", b"\x30\x03\x02\x01\x01", b"\xff" * 90])
def test_what_is_no_version_3_has_no_author(datagram):
    assert author_of(datagram) is None
