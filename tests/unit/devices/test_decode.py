import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.devices.compiler import compile_decoder
from batteryd.devices.decode import RegisterDecoder
from batteryd.devices.link import RawReading
from batteryd.devices.quality_reserved import disguises_of
from batteryd.domain.inventory import Geometry
from batteryd.domain.quality import Quality
from batteryd.errors import ProfileError
from tests.modbus_maps import make_profile, point, registers_of

WIDE_OPEN = Geometry()
FORMATS = {
    "int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "float32": "f",
    "int64": "q", "uint64": "Q", "float64": "d",
}  # fmt: skip


def decoder_of(*points: dict[str, Any], **said: Any) -> RegisterDecoder:
    return compile_decoder(make_profile(*points, **said), WIDE_OPEN)


def decode(decoder: RegisterDecoder, memory: Sequence[int]) -> RawReading:
    image = decoder.image()
    for request in decoder.requests:
        image.put(request, memory[request.start : request.start + request.count])
    return decoder.decode(image)


def decode_one(said: dict[str, Any], memory: Sequence[int], **profile: Any) -> tuple[float, int]:
    reading = decode(decoder_of(said, **profile), memory)
    return float(reading.values[0]), int(reading.quality[0])


@pytest.mark.parametrize(
    ("said", "memory", "expected"),
    [
        (point("soc_pct", scale=0.1), [867], 86.7),
        (point("temperature_c", scale=0.1, offset=-40), [653], 25.3),
        (point("cell_voltage_v", scale=0.001), [3651], 3.651),
        (point("voltage_v", type="uint32", scale=0.01), [0x0001, 0x11AA], 700.58),
        (point("current_a", type="int16", scale=0.1), [0xFF85], -12.3),
        (point("power_w", type="int32"), [0xFFFF, 0xFC18], -1000.0),
        (point("energy_throughput_kwh", type="uint64", scale=1e-3), [0, 0, 1, 0xE240], 123.456),
        (point("humidity_pct", type="float32"), [0x4248, 0x0000], 50.0),
        (point("humidity_pct", type="float64"), [0x4049, 0, 0, 0], 50.0),
        (point("voltage_v", type="uint32", word_order="little"), [0x02BC, 0x0000], 700.0),
        (point("voltage_v", byte_order="little"), [0xBC02], 700.0),
        (point("door_open", type="bit", bit=2), [0b0100], 1.0),
        (point("door_open", type="bit", bit=3), [0b0100], 0.0),
        (point("door_open", type="bit", bit=9, byte_order="little"), [0b0010], 1.0),
        (point("bms_alarm_bits", type="bits", bit=4, bit_count=8), [0xABCD], 0xBC),
        (point("bms_alarm_bits", type="bits", bit=8, bit_count=24), [0x1234, 0x56FF], 0x123456),
        (point("battery_status", enumeration={"0": 1, "7": 2, "9": 3}), [7], 2.0),
        (point("smoke_alarm", function=2, type="bit"), [1], 1.0),
        (point("smoke_alarm", function=2, type="bit", byte_order="little"), [1], 1.0),
    ],
)
def test_raw_numbers_become_ours(said: dict[str, Any], memory: list[int], expected: float) -> None:
    assert decode_one(said, memory) == (expected, Quality.GOOD)


@pytest.mark.parametrize(
    ("quantity", "positive_while", "expected"),
    [
        ("current_a", "charging", 12.5),
        ("current_a", "discharging", -12.5),
        ("power_w", "discharging", -12.5),
        ("soc_pct", "discharging", 12.5),
    ],
)
def test_current_and_power_become_positive_while_charging(
    quantity: str, positive_while: str, expected: float
) -> None:
    said = point(quantity, type="int16", scale=0.1)

    value, _ = decode_one(said, [125], current_positive_while=positive_while)

    assert value == expected


@pytest.mark.parametrize(
    ("said", "memory", "expected"),
    [
        (point("soc_pct", sentinels=[0xFFFF]), [0xFFFF], Quality.SENTINEL),
        (point("current_a", type="int16", sentinels=[0x8000]), [0x8000], Quality.SENTINEL),
        (point("current_a", type="int16", sentinels=[-0x8000]), [0x8000], Quality.SENTINEL),
        (point("power_w", type="int32", sentinels=[-1]), [0xFFFF, 0xFFFF], Quality.SENTINEL),
        (point("soc_pct", type="float32", sentinels=[0x42C80000]), [0x42C8, 0], Quality.SENTINEL),
        (point("gas_alarm", type="bit", bit=3, sentinels=[0xFFFF]), [0xFFFF], Quality.SENTINEL),
        (point("battery_status", enumeration={"1": 2}, sentinels=[9]), [9], Quality.SENTINEL),
        (point("voltage_v", sentinels=[5, 6]), [6], Quality.SENTINEL),
        (point("soc_pct"), [101], Quality.IMPLAUSIBLE),
        (point("voltage_v", plausible={"max": 900}), [901], Quality.IMPLAUSIBLE),
        (point("voltage_v", plausible={"min": 300}), [299], Quality.IMPLAUSIBLE),
        (point("voltage_v", type="uint32"), [0x7735, 0x9400], Quality.IMPLAUSIBLE),  # 2e9 V
        (point("voltage_v", type="float32"), [0x7F80, 0], Quality.IMPLAUSIBLE),  # infinite
        (point("voltage_v", type="float32"), [0x7FC0, 0], Quality.NOT_IMPLEMENTED),  # NaN
        (point("voltage_v", type="float32"), [0x7FA0, 0], Quality.NOT_IMPLEMENTED),  # signalling
        (point("battery_status", enumeration={"1": 2}), [3], Quality.UNDECODABLE),
    ],
)
def test_what_is_no_number_is_bad_and_says_why(
    said: dict[str, Any], memory: list[int], expected: Quality
) -> None:
    value, quality = decode_one(said, memory)

    assert math.isnan(value)
    assert quality == expected


@pytest.mark.parametrize(
    ("exponent", "value", "quality"),
    [
        (0, 480.0, Quality.GOOD),
        (-1, 48.0, Quality.GOOD),
        (-2, 4.8, Quality.GOOD),
        (1, None, Quality.IMPLAUSIBLE),
        (-0x8000, None, Quality.NOT_IMPLEMENTED),
        (11, None, Quality.UNDECODABLE),
        (-11, None, Quality.UNDECODABLE),
    ],
)
def test_a_scale_register_is_a_power_of_ten(
    exponent: int, value: float | None, quality: Quality
) -> None:
    said = point("voltage_v", address=0, scale_register={"address": 9})
    memory = [480, *[0] * 8, exponent & 0xFFFF]

    found, why = decode_one(said, memory)

    assert why == quality
    assert found == value if value is not None else math.isnan(found)


def test_repeated_groups_stand_a_stride_apart() -> None:
    cells = point(
        "cell_voltage_v",
        component="s{string}/m{module}/c{cell}",
        address=100,
        stride={"string": 1000, "module": 20, "cell": 1},
        scale=0.001,
    )
    profile = make_profile(cells, gap_max=20)
    decoder = compile_decoder(profile, Geometry(2, 3, 4))
    memory = list(range(3000, 3000 + 1200))

    reading = decode(decoder, memory)

    shown = dict(zip(map(str, decoder.layout.columns), reading.values, strict=True))
    assert len(shown) == 2 * 3 * 4
    assert shown["s1/m01/c01:cell_voltage_v"] == 3.1
    assert shown["s1/m03/c04:cell_voltage_v"] == 3.143
    assert shown["s2/m02/c03:cell_voltage_v"] == 4.122
    assert decoder.sources[0] == "as tested (3:0x0064)"


def test_a_count_that_nobody_said_is_an_error_of_profile_and_register() -> None:
    modules = point("voltage_v", component="m{module}", stride={"module": 1})

    with pytest.raises(ProfileError, match="number of modules"):
        compile_decoder(make_profile(modules), Geometry(string_count=1))


def test_each_repeated_group_may_have_a_scale_register_of_its_own() -> None:
    racks = point(
        "voltage_v",
        component="s{string}",
        stride={"string": 10},
        scale_register={"address": 1, "stride": {"string": 10}},
    )
    decoder = compile_decoder(make_profile(racks), Geometry(string_count=2))
    memory = [4800, 0xFFFF, *[0] * 8, 480, 0]

    assert decode(decoder, memory).values.tolist() == [480.0, 480.0]


def test_an_unanswered_request_costs_its_own_values_only() -> None:
    decoder = decoder_of(
        point("soc_pct"), point("soh_pct", address=50), point("voltage_v", address=9)
    )
    image = decoder.image()
    charge, voltage, health = decoder.requests
    image.put(charge, [55])
    image.mark(health, Quality.REJECTED)

    reading = decoder.decode(image)

    assert voltage.start == 9
    assert reading.quality.tolist() == [Quality.GOOD, Quality.REJECTED, Quality.MISSING]
    assert reading.values[0] == 55.0
    assert np.isnan(reading.values[1:]).all()


def test_a_value_without_its_scale_register_is_missing() -> None:
    decoder = decoder_of(point("voltage_v", scale_register={"address": 9}))
    image = decoder.image()
    image.put(decoder.requests[0], [480])

    assert decoder.decode(image).quality.tolist() == [Quality.MISSING]


@pytest.mark.parametrize("answer", [[], [1], [1, 2, 3], [1, 70000], [1, -1], [1, None], ["x", 2]])
def test_an_answer_that_does_not_fit_costs_its_own_values_only(answer: list[Any]) -> None:
    decoder = decoder_of(point("voltage_v", type="uint32"), point("soc_pct", address=9))
    image = decoder.image()
    image.put(decoder.requests[0], answer)
    image.put(decoder.requests[1], [42])

    reading = decoder.decode(image)

    assert reading.quality.tolist() == [Quality.UNDECODABLE, Quality.GOOD]
    assert reading.values[1] == 42.0


numbers = {
    "int16": st.integers(-(2**15), 2**15 - 1),
    "uint16": st.integers(0, 2**16 - 1),
    "int32": st.integers(-(2**31), 2**31 - 1),
    "uint32": st.integers(0, 2**32 - 1),
    "float32": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "int64": st.integers(-(2**53), 2**53),
    "uint64": st.integers(0, 2**53),
    "float64": st.floats(allow_nan=False, allow_infinity=False),
}
orders = st.sampled_from(["big", "little"])


@given(data=st.data(), kind=st.sampled_from(sorted(FORMATS)), words=orders, octets=orders)
def test_what_was_encoded_is_decoded_in_every_type_and_order(
    data: st.DataObject, kind: str, words: str, octets: str
) -> None:
    is_disguise = disguises_of("power_w").__contains__
    number = data.draw(numbers[kind].filter(lambda drawn: not is_disguise(drawn)))
    said = point("power_w", type=kind)
    decoder = decoder_of(said, word_order=words, byte_order=octets)
    memory = registers_of(struct.pack(f">{FORMATS[kind]}", number))
    if words == "little":
        memory.reverse()
    if octets == "little":
        memory = [int.from_bytes(word.to_bytes(2, "little")) for word in memory]

    reading = decode(decoder, memory)

    if abs(number) <= 1e7:  # what power can be
        assert reading.values[0] == number
        assert reading.quality[0] == Quality.GOOD
    else:
        assert reading.quality[0] == Quality.IMPLAUSIBLE


@given(tenths=st.integers(0, 0xFFFE), offset=st.integers(-40, 0))
def test_decimal_scales_leave_no_binary_dust(tenths: int, offset: int) -> None:
    said = point("energy_throughput_kwh", scale=0.1, offset=offset)

    value, quality = decode_one(said, [tenths])

    expected = float(f"{tenths // 10 + offset}.{tenths % 10}")
    if tenths / 10 + offset >= 0:
        assert (value, quality) == (expected, Quality.GOOD)


EVERYTHING = decoder_of(
    point("voltage_v", type="float32", address=0),
    point("power_w", type="float64", address=2),
    point("energy_throughput_kwh", type="uint64", address=6, sentinels=[2**64 - 1]),
    point("capacity_ah", type="int64", address=10),
    point("battery_status", address=14, enumeration={"0": 1, "1": 2}),
    point("current_a", type="int16", address=15, scale_register={"address": 16}),
    point("bms_alarm_bits", type="bits", bit_count=24, address=17),
    point("door_open", type="bit", bit=15, address=19),
    point("soc_pct", type="uint32", address=20, word_order="little", byte_order="little"),
    point("gas_alarm", type="bit", function=1, address=3),
)


@given(
    answers=st.lists(
        st.one_of(
            st.none(),
            st.lists(st.integers(0, 0xFFFF), min_size=22, max_size=22),
            st.lists(st.integers(-(2**70), 2**70), max_size=300),
            st.lists(st.one_of(st.none(), st.text(max_size=3), st.floats()), max_size=22),
        ),
        min_size=2,
        max_size=2,
    )
)
def test_whatever_arrives_is_decoded_without_an_exception(answers: list[Any]) -> None:
    image = EVERYTHING.image()
    for request, answer in zip(EVERYTHING.requests, answers, strict=True):
        if answer is not None:
            image.put(request, answer)

    reading = EVERYTHING.decode(image)

    assert reading.values.dtype == np.float64
    assert reading.quality.dtype == np.uint8
    assert (np.isnan(reading.values) == (reading.quality != Quality.GOOD)).all()
    assert set(reading.quality.tolist()) <= set(Quality)
