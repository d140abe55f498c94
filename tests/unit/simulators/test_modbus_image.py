"""What the simulator writes into registers, the daemon's decoder reads back: two separate codes."""

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batteryd.devices.compiler import compile_decoder
from batteryd.devices.link import RawReading
from batteryd.devices.modbus_profile import ModbusProfile
from batteryd.devices.profile import parse_profile
from batteryd.domain.component import Component, parse_component
from batteryd.domain.inventory import Geometry
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Column, Layout, parse_column
from simulators.modbus_image import RegisterWriter
from simulators.modbus_pdu import Image, answer
from tests.simulated import make_world, rack_profile

NOTHING: dict[str, str] = {}


def read_back(
    profile: ModbusProfile, geometry: Geometry, image: Image
) -> tuple[Layout, RawReading]:
    decoder = compile_decoder(profile, geometry)
    registers = decoder.image()
    for request in decoder.requests:
        pdu = answer(struct.pack(">BHH", request.function, request.start, request.count), image)
        assert pdu[0] == request.function, f"the simulator refused {request}"
        if request.function <= 2:
            bits = np.unpackbits(np.frombuffer(pdu[2:], np.uint8), bitorder="little")
            registers.put(request, bits[: request.count].tolist())
        else:
            registers.put(request, struct.unpack(f">{request.count}H", pdu[2:]))
    return decoder.layout, decoder.decode(registers)


def test_a_whole_rack_reads_back_as_it_is_within_half_a_step_of_each_register() -> None:
    world = make_world()
    world.advance(to_s=20.0)
    rack = world.racks["R1"]
    true = dict(zip(rack.layout.columns, rack.reading(), strict=True))

    layout, reading = read_back(rack_profile(), rack.table.geometry, rack.image())

    assert len(layout) > 17 * 14 + 17 * 2
    assert not reading.quality.any()
    half_steps = {(p.quantity, "m" in p.component): p.scale / 2 for p in rack_profile().points}
    for column, value in zip(layout.columns, reading.values, strict=True):
        inner = column.component.module is not None
        source = column if inner else Column(Component(), column.quantity)
        half_step = half_steps[column.quantity, inner]
        assert value == pytest.approx(true[source], abs=half_step * 1.001), str(column)


def test_a_discharge_is_negative_for_us_and_positive_on_this_device() -> None:
    world = make_world({"action": "mains", "target": "U1", "present": False})
    world.advance(to_s=5.0)
    rack = world.racks["R1"]

    layout, reading = read_back(rack_profile(), rack.table.geometry, rack.image())

    current_a = reading.values[layout.index[parse_column("-:current_a")]]
    assert current_a == pytest.approx(-22.5, abs=3)  # half of 42 kW at some 920 V
    on_the_wire = struct.unpack(">h", answer(bytes.fromhex("0300050001"), rack.image())[2:])
    assert on_the_wire[0] == round(-10 * current_a)


def test_an_unknown_number_is_written_as_the_devices_sentinel() -> None:
    rack = make_world(
        {
            "action": "fault", "fault": "sentinel", "target": "R1",
            "component": "m03/c07", "quantity": "cell_voltage_v",
        }
    ).racks["R1"]  # fmt: skip

    layout, reading = read_back(rack_profile(), rack.table.geometry, rack.image())

    at = layout.index[parse_column("s1/m03/c07:cell_voltage_v")]
    assert reading.quality[at] == Quality.SENTINEL
    assert np.isnan(reading.values[at])
    assert np.count_nonzero(reading.quality) == 1


def test_a_number_too_large_for_its_register_stops_at_its_end() -> None:
    rack = make_world(
        {
            "action": "fault", "fault": "spike", "target": "R1", "component": "-",
            "quantity": "soc_pct", "parameters": {"value": 2e9},
        }
    ).racks["R1"]  # fmt: skip

    word = answer(bytes.fromhex("0300010001"), rack.image())[2:]

    assert word == b"\xff\xff"


def test_the_nameplate_stands_where_the_profile_says() -> None:
    image = make_world().racks["R2"].image()

    assert answer(bytes.fromhex("03f0200010"), image)[2:].rstrip(b"\0") == b"S-2"
    assert answer(bytes.fromhex("03f0300001"), image)[2:] == (204).to_bytes(2, "big")


KINDS = ("int16", "uint16", "int32", "uint32", "float32", "int64", "uint64", "float64")
POINT = {"function": 3, "address": 5, "quantity": "power_w", "source": "P"}


def profile_of(**changed: Any) -> ModbusProfile:
    data = {
        "name": "one", "title": "One point", "protocol": "modbus", "poll_interval_s": 10,
        "current_positive_while": "charging", "points": [POINT],
    }  # fmt: skip
    profile = parse_profile({**data, **changed}, file="one.toml")
    assert isinstance(profile, ModbusProfile)
    return profile


@settings(max_examples=150)
@given(
    kind=st.sampled_from(KINDS),
    raw=st.integers(0, 30_000),
    scale=st.sampled_from([1.0, 0.1, 0.5, 10.0]),
    offset=st.sampled_from([0.0, -40.0]),
    word_order=st.sampled_from(["big", "little"]),
    byte_order=st.sampled_from(["big", "little"]),
    positive_while=st.sampled_from(["charging", "discharging"]),
)
def test_every_type_and_order_reads_back(
    kind: str,
    raw: int,
    scale: float,
    offset: float,
    word_order: str,
    byte_order: str,
    positive_while: str,
) -> None:
    profile = profile_of(
        word_order=word_order,
        byte_order=byte_order,
        current_positive_while=positive_while,
        points=[POINT | {"type": kind, "scale": scale, "offset": offset}],
    )
    value = (raw * scale + offset) * profile.current_sign
    layout = Layout.of([parse_column("-:power_w")])
    writer = RegisterWriter(profile, geometry=Geometry(), layout=layout)

    _, reading = read_back(profile, Geometry(), writer.image(np.array([value]), nameplate=NOTHING))

    assert reading.values[0] == pytest.approx(value, rel=1e-6, abs=1e-6)


def test_flags_enumerations_and_single_bits_read_back() -> None:
    flag = {"function": 3, "address": 0, "type": "bit", "source": "flags"}
    profile = profile_of(
        points=[
            flag | {"quantity": "contactor_closed", "bit": 0},
            flag | {"quantity": "door_open", "bit": 9},
            {
                "function": 4, "address": 2, "type": "uint16", "quantity": "battery_status",
                "source": "status", "enumeration": {"10": 2, "20": 3},
            },
            {"function": 2, "address": 7, "type": "bit", "quantity": "gas_alarm", "source": "gas"},
        ]
    )  # fmt: skip
    columns = ["-:contactor_closed", "-:door_open", "-:battery_status", "-:gas_alarm"]
    layout = Layout.of([parse_column(text) for text in columns])
    writer = RegisterWriter(profile, geometry=Geometry(), layout=layout)

    image = writer.image(np.array([1.0, 1.0, 3.0, 1.0]), nameplate=NOTHING)

    decoded, reading = read_back(profile, Geometry(), image)
    assert {str(c): v for c, v in zip(decoded.columns, reading.values, strict=True)} == {
        "-:contactor_closed": 1.0, "-:door_open": 1.0, "-:battery_status": 3.0, "-:gas_alarm": 1.0,
    }  # fmt: skip


def test_a_profile_that_asks_for_what_no_rack_has_is_refused_at_once() -> None:
    profile = profile_of(points=[POINT | {"type": "int16", "component": "s2"}])
    layout = Layout.of([Column(parse_component("-"), "power_w")])

    with pytest.raises(ValueError, match="a simulated rack has no s2:power_w"):
        RegisterWriter(profile, geometry=Geometry(), layout=layout)


def test_a_profile_of_mixed_orders_is_refused_at_once() -> None:
    profile = profile_of(points=[POINT | {"type": "int32", "word_order": "little"}])
    layout = Layout.of([Column(parse_component("-"), "power_w")])

    with pytest.raises(ValueError, match="mixed orders are not simulated"):
        RegisterWriter(profile, geometry=Geometry(), layout=layout)
