"""The file of a recording: what is wrong with it is named, and writing loses nothing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.devices.recording import ModbusRecording, Range, SnmpRecording
from batteryd.devices.recording_file import parse_recording, recording_text
from batteryd.errors import ConfigError

OIDS = st.lists(st.integers(0, 2**32 - 1), min_size=2, max_size=9).map(
    lambda numbers: ".".join(map(str, (1, 3, *numbers)))
)
VALUES = (
    st.none()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.binary(max_size=20)
    | st.text(max_size=20).map(str.encode)
    | OIDS
    | st.ip_addresses().map(str)
)


def snmp(*objects: Any, **said: Any) -> bytes:
    head = {"format": "batteryd-recording/1", "protocol": "snmp", "note": "as tested"}
    return json.dumps(head | {"objects": objects} | said).encode()


def modbus(*ranges: Any, **said: Any) -> bytes:
    head = {"format": "batteryd-recording/1", "protocol": "modbus", "unit": 1}
    return json.dumps(head | {"registers": {"3": ranges}} | said).encode()


def mistakes(content: bytes) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        parse_recording(content, file="card.json")
    return [str(mistake) for mistake in raised.value.mistakes]


def test_objects_come_in_the_order_in_which_agents_walk() -> None:
    found = parse_recording(
        snmp(["1.3.6.1.10", "int", 2], ["1.3.6.1.9", "text", "54.2 V"]), file="card.json"
    )

    assert found == SnmpRecording({"1.3.6.1.9": b"54.2 V", "1.3.6.1.10": 2}, note="as tested")
    assert isinstance(found, SnmpRecording)
    assert list(found.objects) == ["1.3.6.1.9", "1.3.6.1.10"]


def test_every_mistake_is_named() -> None:
    said = mistakes(
        snmp(
            ["1.3.6.1.1", "int", "97"],
            ["1.3.6.x", "int", 97],
            ["1.3.6.1.2", "number", 97],
            ["1.3.6.1.3", "hex", "7e4"],
            ["1.3.6.1.4", "null", 0],
            colour="red",
        )
    )

    assert [line.partition(" = ")[0].partition(": ")[2].partition(": ")[0] for line in said] == [
        "objects.1", "objects.2.1", "objects.3.2", "objects.4", "objects.5", "colour",
    ]  # fmt: skip
    assert "a whole number" in said[0]


@pytest.mark.parametrize(
    ("content", "allowed"),
    [
        (b"[", "a recording in JSON"),
        (b"\xff", "a recording in JSON"),
        (b"[]", "one of snmp, modbus"),
        (b'{"protocol": "canbus"}', "one of snmp, modbus"),
        (snmp(format="batteryd-recording/2"), "'batteryd-recording/1'"),
        (snmp(["1.3.6.1.1", "int", 1], ["1.3.6.1.1", "int", 2]), "each object once"),
        (modbus([0, [1, 2]], [1, [2]]), "each address once; several times: 1"),
        (modbus([0, []]), "at least one value"),
        (modbus([65535, [1, 2]]), "none behind address 65535"),
        (modbus([0, [65536]]), "65535 or less"),
        (modbus([0, [True]]), "a whole number"),
        (modbus(unit=256), "255 or less"),
        (modbus(bits={"1": [[0, [2]]]}), "1 or less"),
    ],
)
def test_a_file_that_is_no_recording_is_refused(content: bytes, allowed: str) -> None:
    assert any(allowed in line for line in mistakes(content))


@given(st.dictionaries(OIDS, VALUES, max_size=8), st.text(max_size=20))
def test_what_was_written_is_read_again(objects: dict[str, Any], note: str) -> None:
    recording = SnmpRecording(objects, note=note)

    text = recording_text(recording)

    found = parse_recording(text.encode(), file="card.json")
    assert found == recording
    assert recording_text(found) == text


def test_registers_and_identification_that_were_written_are_read_again() -> None:
    recording = ModbusRecording(
        7,
        {3: (Range(0, (1, 2)), Range(40000, (21365, 28243))), 2: (Range(4, (1, 0)),)},
        identification={0: b"Batteryd Works", 0x80: b"\x00\x01"},
        note="as tested",
    )

    assert parse_recording(recording_text(recording).encode(), file="rack.json") == recording


def test_a_number_that_is_none_is_written_as_null() -> None:
    text = recording_text(SnmpRecording({"1.3.6.1.1": float("nan")}))

    assert '["1.3.6.1.1", "null", null]' in text
