"""What may be given away of an agent: everything that it measures, nothing that is somebody's."""

from collections.abc import Mapping

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from batteryd.devices.link import SnmpValue
from batteryd.devices.recording import SnmpRecording
from batteryd.devices.recording_anonymous import AnonymousAgent, anonymous_agent
from batteryd.devices.recording_disguise import masked
from batteryd.devices.recording_file import recording_text
from batteryd.devices.recording_places import SnmpPlaces
from batteryd.devices.recording_secrets import is_nobodys
from tests.snmp_devices import make_profile, scalar

SYSTEM = "1.3.6.1.2.1.1"
DESCR, CONTACT, NAME = f"{SYSTEM}.1.0", f"{SYSTEM}.4.0", f"{SYSTEM}.5.0"
VENDOR = "1.3.6.1.4.1.59999"
SERIAL, MODEL, CHARGE, MADE_ON = (f"{VENDOR}.1.1.{n}.0" for n in (1, 2, 3, 4))
UNKNOWN = f"{VENDOR}.7.1.0"

PLACES = SnmpPlaces.of(
    [
        make_profile(
            scalar(oid=CHARGE),
            nameplate={"serial": [SERIAL], "model": [MODEL], "manufactured_on": [MADE_ON]},
        )
    ]
)


def anonymous(
    objects: Mapping[str, SnmpValue | None],
    *,
    told: tuple[bytes, ...] = (),
    kept: tuple[bytes, ...] = (),
) -> AnonymousAgent:
    return anonymous_agent(SnmpRecording(objects), places=PLACES, told=told, kept=kept)


def test_a_serial_number_keeps_its_shape_and_nothing_else() -> None:
    found = anonymous({SERIAL: b"AS1234-567890"})

    assert found.recording.objects == {SERIAL: b"XX0000-000000"}
    assert [(row.place, row.kind) for row in found.replaced] == [(SERIAL, "serial number")]


def test_measurements_dates_makers_and_models_stay() -> None:
    said: dict[str, SnmpValue] = {
        CHARGE: 97,
        MODEL: b"SMX-3000RT2U",
        MADE_ON: b"07/30/20:7",
        UNKNOWN: b"54.2 V",
    }

    found = anonymous(said)

    assert found.recording.objects == said
    assert found.replaced == ()


def test_what_a_field_says_that_nobody_has_filled_in_stays() -> None:
    assert anonymous({CONTACT: b"Unknown"}).recording.objects == {CONTACT: b"Unknown"}


def test_a_name_is_hidden_wherever_it_occurs_again() -> None:
    index = ".".join(str(octet) for octet in b"seoul-ups-3")

    found = anonymous(
        {
            NAME: b"seoul-ups-3.corp.example",
            MODEL: b"LR-100 at SEOUL-UPS-3",
            f"{VENDOR}.9.{index}": 1,
            UNKNOWN: b"\x00\x01seoul-ups-3\xff",
        }
    )

    assert "eoul" not in recording_text(found.recording).lower()
    assert b"seoul".hex() not in recording_text(found.recording)
    assert index not in recording_text(found.recording)
    assert found.recording.objects[MODEL] == b"LR-100 at XXXXX-XXX-0".replace(b"X", b"x")


def test_an_address_is_hidden_in_every_spelling() -> None:
    said: dict[str, SnmpValue] = {
        f"{VENDOR}.7.2.0": "10.20.30.40",  # an IpAddress
        f"{VENDOR}.7.3.10.20.30.40": 1,
        f"{VENDOR}.7.4.0": bytes([10, 20, 30, 40]),
        f"{VENDOR}.7.5.0": b"00:C0:B7:12:34:56",
        f"{VENDOR}.7.6.0": bytes.fromhex("00c0b7123456"),
        f"{VENDOR}.7.7.0": b"00c0.b712.3456",
        DESCR: b"UPS at 10.20.30.40, fe80::2c0:b7ff:fe12:3456",
    }

    text = recording_text(anonymous(said).recording).lower()

    for secret in ("10.20.30.40", "0a141e28", "00:c0:b7", "00c0b7", "00c0.b7", "fe80"):
        assert secret not in text


def test_a_text_that_nobody_knows_is_masked_unless_the_caller_keeps_it() -> None:
    said = {UNKNOWN: b"Turbo UPS 9"}

    assert anonymous(said).recording.objects == {UNKNOWN: b"Xxxxx XXX 0"}
    assert anonymous(said, kept=(b"Turbo UPS 9",)).recording.objects == said


def test_a_model_that_stands_elsewhere_too_is_no_serial_number() -> None:
    said = {MODEL: b"GXT4-1000000RT", UNKNOWN: b"GXT4-1000000RT"}

    assert anonymous(said).recording.objects == said


def test_a_serial_number_is_found_in_a_description() -> None:
    found = anonymous({DESCR: b"Management Card (PN:hw05.bin MN:AP9630 SN: ZA1234B MD:03/14/2012)"})

    shown = found.recording.objects[DESCR]
    assert isinstance(shown, bytes)
    assert b"ZA1234B" not in shown
    assert b"AP9630" in shown
    assert b"MD:03/14/2012" in shown


def test_a_description_by_uname_does_not_tell_the_host() -> None:
    said = anonymous({DESCR: b"Linux battery01 4.9.88 #1 SMP armv7l"}).recording.objects

    assert said == {DESCR: b"Linux xxxxxxx00 4.9.88 #1 SMP armv7l"}


def test_a_serial_number_that_is_a_number_is_hidden_too() -> None:
    said = anonymous({SERIAL: 48151623, UNKNOWN: 48151623, CHARGE: 97}).recording.objects

    assert said == {SERIAL: 10000000, UNKNOWN: 10000000, CHARGE: 97}


def test_what_was_told_is_hidden_even_where_it_is_everybodys_word() -> None:
    found = anonymous({DESCR: b"card, community public"}, told=(b"public",))

    assert found.recording.objects == {DESCR: b"card, community xxxxxx"}


def test_rows_that_are_indexed_by_names_stay_apart() -> None:
    rows = {
        f"{VENDOR}.9.{'.'.join(map(str, name))}": at for at, name in enumerate((b"rack1", b"rack2"))
    }

    found = anonymous(rows, told=(b"rack1", b"rack2"))

    assert sorted(found.recording.objects.values(), key=str) == [0, 1]


SECRETS = st.text("abcdefghijkKLMNO0123456789-_. @äß한", min_size=4, max_size=20).map(str.strip)


@given(secret=SECRETS, other=SECRETS, around=st.text(max_size=8))
def test_no_secret_survives_anywhere(secret: str, other: str, around: str) -> None:
    raw, other_raw = secret.encode(), other.encode()
    for each in (raw, other_raw):
        assume(len(each) >= 4 and masked(each).lower() != each.lower() and not is_nobodys(each))
    index = ".".join(str(octet) for octet in raw)

    found = anonymous(
        {
            SERIAL: raw,
            CONTACT: other_raw,
            MODEL: around.encode() + raw + other_raw,
            f"{VENDOR}.9.{index}.{index}": 1,
            UNKNOWN: b"\x00" + raw + b"\xfe",
            DESCR: other_raw + around.encode() + raw,
            f"{VENDOR}.7.9.0": f"{VENDOR}.{index}",
        }
    )

    text = recording_text(found.recording)
    for each in (raw, other_raw):
        for value in found.recording.objects.values():
            assert not isinstance(value, bytes) or each.lower() not in value.lower()
        assert each.hex() not in text
        assert ".".join(str(octet) for octet in each) not in text


@pytest.mark.parametrize("value", [None, 2.5, 0, -1])
def test_numbers_stay(value: SnmpValue | None) -> None:
    assert anonymous({UNKNOWN: value}).recording.objects == {UNKNOWN: value}
