import pytest

from batteryd.devices.modbus_nameplate import clean, identified, text_of
from batteryd.devices.modbus_profile import NameplateText
from tests.modbus_maps import make_profile, registers_of

MODEL = NameplateText(source="Model", address=0, length=4)
FIRMWARE = NameplateText(source="Firmware", address=0, type="uint16", scale=0.01)
DATE = NameplateText(source="Made on", address=0, type="uint32")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"LR-314\0\0", "LR-314"),
        (b" LR-314 ", "LR-314"),
        (b"LR\0junk", "LR"),
        ("한빛".encode(), "한빛"),
        (b"", None),
        (b"        ", None),
        (b"\0\0\0\0", None),
        (b"LR\x07314", None),
        (b"\xff\xfe\xfd", None),
    ],
)
def test_a_text_ends_at_its_first_zero_byte_and_is_printable(raw: bytes, text: str | None) -> None:
    assert clean(raw) == text


@pytest.mark.parametrize(
    ("wanted", "words", "order", "text"),
    [
        (MODEL, registers_of(b"LR-314\0\0"), "big", "LR-314"),
        (MODEL, registers_of(b"RL3-41\0\0"), "little", "LR-314"),
        (MODEL, [0xFFFF] * 4, "big", None),
        (MODEL, registers_of(b"LR-3"), "big", None),
        (FIRMWARE, [107], "big", "1.07"),
        (FIRMWARE, [200], "big", "2.00"),
        (FIRMWARE, [0xFFFF], "big", None),
        (DATE, [0x0134, 0xB29E], "big", "20230814"),
    ],
)
def test_registers_become_text(
    wanted: NameplateText, words: list[int], order: str, text: str | None
) -> None:
    profile = make_profile(byte_order=order)

    assert text_of(words, wanted=wanted, profile=profile) == text


def test_a_number_follows_the_word_order_of_the_profile() -> None:
    profile = make_profile(word_order="little")

    assert text_of([0xB29E, 0x0134], wanted=DATE, profile=profile) == "20230814"


def test_identification_objects_fill_what_they_can_tell() -> None:
    objects = {0: b"Hanbit", 1: b"BMS-7", 2: b"2.1", 4: b"", 5: b"LR-314"}

    assert identified(objects) == {"manufacturer": "Hanbit", "model": "LR-314", "firmware": "2.1"}
    assert identified({1: b"BMS-7"}) == {"manufacturer": None, "model": "BMS-7", "firmware": None}
