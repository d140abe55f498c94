import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerSocket
from pymodbus.pdu import DecodePDU

from batteryd.devices.modbus_frame import Verdict, judge


def frame(pdu: bytes, *, transaction: int = 7, unit: int = 3, protocol: int = 0) -> bytes:
    return struct.pack(">HHHB", transaction, protocol, len(pdu) + 1, unit) + pdu


READ_TWO = frame(bytes([3, 0, 100, 0, 2]))
READ_COILS = frame(bytes([1, 0, 100, 0, 9]))
IDENTIFY = frame(bytes([0x2B, 0x0E, 2, 0]))
TWO = frame(bytes([3, 4, 0x0F, 0xA0, 0x0E, 0x10]))
NINE_COILS = frame(bytes([1, 2, 0xFF, 0x01]))
REFUSED = frame(bytes([0x83, 2]))
MADE_BY = frame(bytes([0x2B, 0x0E, 2, 0x82, 0, 0, 1, 0, 6]) + b"Hanbit")


@pytest.mark.parametrize(
    ("request_frame", "received", "verdict"),
    [
        (READ_TWO, TWO, Verdict.COMPLETE),
        (READ_TWO, REFUSED, Verdict.COMPLETE),
        (READ_COILS, NINE_COILS, Verdict.COMPLETE),
        (IDENTIFY, MADE_BY, Verdict.COMPLETE),
        (b"", TWO, Verdict.UNASKED),
        (READ_TWO, frame(TWO[7:], transaction=6), Verdict.WRONG_TRANSACTION),
        (READ_TWO, frame(TWO[7:], transaction=0), Verdict.WRONG_TRANSACTION),
        (READ_TWO, frame(TWO[7:], protocol=1), Verdict.WRONG_PROTOCOL),
        (READ_TWO, b"HTTP/1.1 400 Bad Request\r\n", Verdict.WRONG_TRANSACTION),
        (READ_TWO, frame(TWO[7:], unit=4), Verdict.WRONG_UNIT),
        (READ_TWO, frame(bytes([4, 4, 0, 1, 0, 2])), Verdict.WRONG_FUNCTION),
        (READ_TWO, frame(bytes([0x84, 2])), Verdict.WRONG_FUNCTION),
        (READ_TWO, frame(bytes([3, 2, 0, 1])), Verdict.WRONG_LENGTH),
        (READ_TWO, frame(bytes([3, 6, 0, 1, 0, 2, 0, 3])), Verdict.WRONG_LENGTH),
        (READ_TWO, frame(bytes([3, 3, 0, 1, 0, 2])), Verdict.WRONG_LENGTH),
        (READ_TWO, frame(bytes([0x83, 2, 0])), Verdict.WRONG_LENGTH),
        (READ_TWO, frame(bytes([3])), Verdict.WRONG_LENGTH),
        (READ_TWO, frame(b""), Verdict.WRONG_LENGTH),
        (READ_TWO, TWO + b"\0", Verdict.WRONG_LENGTH),
        (READ_TWO, TWO + TWO, Verdict.WRONG_LENGTH),
        (IDENTIFY, frame(MADE_BY[7:] + b"!"), Verdict.WRONG_CONTENT),
        (IDENTIFY, frame(MADE_BY[7:-1]), Verdict.WRONG_CONTENT),
        (IDENTIFY, frame(bytes([0x2B, 0x0D]) + MADE_BY[9:]), Verdict.WRONG_CONTENT),
    ],
)
def test_an_answer_is_tied_to_its_question(
    request_frame: bytes, received: bytes, verdict: Verdict
) -> None:
    assert judge(request_frame, received) is verdict
    assert verdict.is_fault is (verdict is not Verdict.COMPLETE)


@pytest.mark.parametrize(
    ("request_frame", "answer"),
    [(READ_TWO, TWO), (READ_TWO, REFUSED), (READ_COILS, NINE_COILS), (IDENTIFY, MADE_BY)],
)
def test_an_answer_may_arrive_in_pieces(request_frame: bytes, answer: bytes) -> None:
    for length in range(1, len(answer)):
        assert judge(request_frame, answer[:length]) is Verdict.INCOMPLETE


mangled = st.one_of(
    st.binary(max_size=300),
    st.builds(
        lambda answer, at, octet: answer[:at] + bytes([octet]) + answer[at + 1 :],
        st.sampled_from([TWO, REFUSED, NINE_COILS, MADE_BY]),
        st.integers(0, 25),
        st.integers(0, 255),
    ),
    st.builds(lambda pdu: frame(bytes([0x2B, 0x0E]) + pdu), st.binary(min_size=1, max_size=60)),
)


@given(request_frame=st.sampled_from([READ_TWO, READ_COILS, IDENTIFY]), received=mangled)
def test_whatever_is_let_through_the_library_can_decode(
    request_frame: bytes, received: bytes
) -> None:
    if judge(request_frame, received) is not Verdict.COMPLETE:
        return

    used, answer = FramerSocket(DecodePDU(is_server=False)).handleFrame(received, 3, 7)

    assert used == len(received)
    assert answer is not None
