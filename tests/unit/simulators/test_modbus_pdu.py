"""Requests and responses, byte for byte."""

import numpy as np
import pytest

from simulators.modbus_pdu import Block, Image, answer

REGISTERS = Block(0x10, np.array([0x1234, 0xABCD, 7], dtype=np.uint16))
BITS = Block(0, np.array([1, 0, 1, 1, 0, 0, 0, 0, 1], dtype=np.uint16))
IMAGE = Image(
    blocks={1: (BITS,), 3: (REGISTERS, Block(0x100, np.array([9], dtype=np.uint16)))},
    identification={0: b"Batteryd Works", 1: b"LR-78", 2: b"2.04", 5: b"LR-78 long"},
)


@pytest.mark.parametrize(
    ("request_hex", "response_hex"),
    [
        ("03 0010 0002", "03 04 1234 abcd"),
        ("03 0100 0001", "03 02 0009"),
        ("01 0000 0009", "01 02 0d01"),
        # refused: another address, a gap, a length, a count, a function
        ("03 000f 0001", "83 02"),
        ("03 0012 0002", "83 02"),
        ("03 0010 00", "83 03"),
        ("03 0010 0000", "83 03"),
        ("03 0010 007e", "83 03"),
        ("04 0010 0001", "84 01"),
        ("2b 0e 01 07", "ab 02"),
        ("2b 0d 01 00", "ab 01"),
        # every write
        ("05 0010 ff00", "85 01"),
        ("06 0010 0001", "86 01"),
        ("0f 0000 0001 01 01", "8f 01"),
        ("10 0010 0001 02 0000", "90 01"),
        ("16 0010 0000 0000", "96 01"),
        ("17 0010 0001 0010 0001 02 0000", "97 01"),
    ],
)
def test_a_request_is_answered_as_the_specification_says(
    request_hex: str, response_hex: str
) -> None:
    assert answer(bytes.fromhex(request_hex), IMAGE) == bytes.fromhex(response_hex)


def test_a_basic_identification_has_the_three_objects_that_every_device_has() -> None:
    response = answer(bytes.fromhex("2b 0e 01 00"), IMAGE)

    assert response == (
        bytes.fromhex("2b 0e 01 83 00 00 03")
        + b"\x00\x0eBatteryd Works"
        + b"\x01\x05LR-78"
        + b"\x02\x042.04"
    )


def test_one_object_of_the_identification_can_be_asked_for() -> None:
    response = answer(bytes.fromhex("2b 0e 04 05"), IMAGE)

    assert response == bytes.fromhex("2b 0e 04 83 00 00 01") + b"\x05\x0aLR-78 long"


def test_a_device_without_identification_does_not_know_the_function() -> None:
    silent = Image(blocks=IMAGE.blocks)

    assert answer(bytes.fromhex("2b 0e 01 00"), silent) == bytes.fromhex("ab 01")
