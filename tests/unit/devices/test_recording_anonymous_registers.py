"""What may be given away of a Modbus unit."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from batteryd.devices.recording import ModbusRecording, Range
from batteryd.devices.recording_anonymous_registers import AnonymousUnit, anonymous_unit
from batteryd.devices.recording_disguise import masked
from batteryd.devices.recording_places import ModbusPlaces
from tests.modbus_maps import make_profile, point, registers_of

CHARGE, MODEL, SERIAL, UNKNOWN = 0, 100, 120, 200


def text(address: int, **said: Any) -> dict[str, Any]:
    return {"address": address, "length": 8, "source": "as tested"} | said


PROFILE = make_profile(
    point(address=CHARGE, type="uint32"),
    nameplate={"model": text(MODEL), "serial": text(SERIAL)},
)


def words(said: bytes, *, count: int = 8) -> tuple[int, ...]:
    return tuple(registers_of(said.ljust(2 * count, b"\0")))


def anonymous(*held: Range, told: tuple[bytes, ...] = (), **said: Any) -> AnonymousUnit:
    recording = ModbusRecording(1, {3: held}, **said)
    return anonymous_unit(recording, places=ModbusPlaces.of(PROFILE), told=told)


def octets(found: AnonymousUnit) -> bytes:
    return b"".join(
        word.to_bytes(2, "big") for held in found.recording.ranges[3] for word in held.values
    )


def test_a_serial_number_is_hidden_and_the_model_stays() -> None:
    found = anonymous(Range(MODEL, words(b"LR-100")), Range(SERIAL, words(b"AB-123456")))

    assert found.recording.ranges[3] == (
        Range(MODEL, words(b"LR-100")),
        Range(SERIAL, words(b"XX-000000")),
    )
    assert [(row.place, row.kind) for row in found.replaced] == [("3/120", "serial number")]


def test_a_serial_number_is_hidden_where_it_is_sent_with_its_letters_swapped() -> None:
    swapped = b"BA1-325476"  # AB-1234567, low octet first

    found = anonymous(Range(SERIAL, words(swapped)), Range(MODEL, words(b"AB-1234567")))

    assert b"1-325476" not in octets(found)
    assert b"AB-1234567" not in octets(found)


def test_a_serial_number_that_is_a_number_is_zero() -> None:
    found = anonymous(Range(SERIAL, (0x1234, 0xABCD, 0, 0, 0, 0, 0, 7)))

    assert octets(found) == bytes(16)


def test_a_measurement_that_reads_like_a_text_stays() -> None:
    measured = Range(CHARGE, tuple(registers_of(b"1234")))

    assert anonymous(measured).recording.ranges[3] == (measured,)


def test_a_text_in_registers_that_nobody_knows_is_masked() -> None:
    found = anonymous(Range(UNKNOWN, (7, *words(b"Rack in Seoul"), 8)))

    assert octets(found) == b"\x00\x07" + b"Xxxx xx Xxxxx".ljust(16, b"\0") + b"\x00\x08"
    assert found.replaced[0].kind == "unknown text"


def test_the_operators_own_name_in_the_identification_is_hidden() -> None:
    said = {0: b"Batteryd Works", 5: b"LR-100", 6: b"Seoul 3", 0x80: b"x"}

    found = anonymous(identification=said)

    assert found.recording.identification == {
        0: b"Batteryd Works", 5: b"LR-100", 6: b"Xxxxx 0", 0x80: b"x",
    }  # fmt: skip


def test_bits_stay() -> None:
    recording = ModbusRecording(1, {1: (Range(0, (1, 0, 1)),)})

    assert anonymous_unit(recording, places=ModbusPlaces.of(None)).recording == recording


@given(serial=st.text("ABCDEFG0123456789-", min_size=4, max_size=16), shift=st.integers(0, 5))
def test_no_serial_number_survives_anywhere(serial: str, shift: int) -> None:
    raw = serial.encode()

    found = anonymous(
        Range(SERIAL, words(raw)), Range(UNKNOWN, words(bytes(shift) + raw, count=12))
    )

    assert raw not in octets(found) or masked(raw) == raw
