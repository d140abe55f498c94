"""Answers on a serial line, judged by the request that is open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer.rtu import FramerRTU

from batteryd.devices.modbus_frame import Verdict
from batteryd.devices.modbus_rtu_frame import crc, judge_rtu


def framed(content: str | bytes) -> bytes:
    content = bytes.fromhex(content) if isinstance(content, str) else content
    return content + crc(content)


ASKED = framed("07 03 0064 0002")
ASKED_BITS = framed("07 01 0000 000b")
ASKED_WHO = framed("07 2b 0e 02 00")
ANSWER = framed("07 03 04 0fac 0001")
BITS = framed("07 01 02 0d05")
REFUSAL = framed("07 83 02")
WHO = framed(bytes.fromhex("07 2b 0e 02 82 00 00 02 00 06") + b"Hanbit" + b"\x01\x02LR")


def test_the_checksum_is_the_one_of_the_standard():
    # Modbus over serial line V1.02, 6.2.2: unit 2, function 7 ends in 41 12.
    assert crc(bytes([0x02, 0x07])) == bytes([0x41, 0x12])


@given(st.binary(max_size=260))
def test_the_checksum_is_pymodbus_s(content):
    assert crc(content) == FramerRTU.compute_CRC(content).to_bytes(2)


@pytest.mark.parametrize(
    ("request_frame", "answer"),
    [(ASKED, ANSWER), (ASKED, REFUSAL), (ASKED_BITS, BITS), (ASKED_WHO, WHO)],
)
def test_an_answer_is_complete_with_its_last_byte_and_not_before(request_frame, answer):
    assert judge_rtu(request_frame, answer) is Verdict.COMPLETE
    for length in range(1, len(answer)):
        assert judge_rtu(request_frame, answer[:length]) is Verdict.INCOMPLETE


@pytest.mark.parametrize(
    ("received", "verdict"),
    [
        (framed("08 03 04 0fac 0001"), Verdict.WRONG_UNIT),
        (framed("07 04 04 0fac 0001"), Verdict.WRONG_FUNCTION),
        (framed("07 84 02"), Verdict.WRONG_FUNCTION),
        (framed("07 03 02 0fac"), Verdict.WRONG_LENGTH),
        (framed("07 03 06 0fac 0001 0002"), Verdict.WRONG_LENGTH),
        (ANSWER + b"\0", Verdict.WRONG_LENGTH),
        (ANSWER * 2, Verdict.WRONG_LENGTH),
        (ANSWER[:-1] + b"\0", Verdict.DAMAGED),
        (ASKED, Verdict.WRONG_LENGTH),  # an adapter that echoes
    ],
)
def test_what_is_no_answer_is_a_fault(received, verdict):
    assert judge_rtu(ASKED, received) is verdict
    assert verdict.is_fault


def test_data_that_nobody_asked_for_is_a_fault():
    assert judge_rtu(b"", ANSWER) is Verdict.UNASKED


@given(st.integers(0, len(ANSWER) - 1), st.integers(1, 255))
def test_one_wrong_byte_never_passes(at, change):
    damaged = bytearray(ANSWER)
    damaged[at] ^= change

    assert judge_rtu(ASKED, bytes(damaged)) is not Verdict.COMPLETE


@given(st.sampled_from([ASKED, ASKED_BITS, ASKED_WHO]), st.binary(min_size=1, max_size=300))
def test_any_bytes_get_a_verdict(request_frame, received):
    assert judge_rtu(request_frame, received) in Verdict
