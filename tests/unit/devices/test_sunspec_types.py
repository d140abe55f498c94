"""Every SunSpec type: what the standard's encoder writes is read back, and nothing else is."""

from typing import Any, Literal

import pytest
import sunspec2.mb
from hypothesis import given
from hypothesis import strategies as st

from batteryd.devices.compiler import compile_decoder
from batteryd.devices.quality_reserved import disguises_of
from batteryd.devices.sunspec_types import TYPES
from batteryd.domain.inventory import Geometry
from batteryd.domain.quality import BAD_FROM
from tests.modbus_maps import make_profile, point, registers_of

# Quantities with wide plausible ranges, so that the type is what decides.
SIGNED, UNSIGNED, BITS = "power_w", "energy_throughput_kwh", "bms_alarm_bits"
SIGNED_MAX, UNSIGNED_MAX = 10**7, 10**9
FLOATS: dict[str, Literal[32, 64]] = {"float32": 32, "float64": 64}
NO_NUMBERS = {"string", "pad", "sunssf", "ipaddr", "ipv6addr", "eui48", "count"}


def bit_count(name: str) -> int:
    return 16 * int(sunspec2.mb.point_type_info[name].len)


def strategy(name: str) -> st.SearchStrategy[Any]:
    bits = bit_count(name)
    if name.startswith("float"):
        return st.floats(0, UNSIGNED_MAX, width=FLOATS[name])
    if name.startswith("bitfield"):
        return st.integers(0, 2 ** min(bits - 1, 24) - 1)
    if name.startswith("int"):
        end = min(2 ** (bits - 1) - 1, SIGNED_MAX)
        return st.integers(-end, end)
    return st.integers(1, min(2**bits - 2, UNSIGNED_MAX))


def quantity(name: str) -> str:
    if name.startswith("bitfield"):
        return BITS
    return SIGNED if name.startswith("int") else UNSIGNED


def decoded(name: str, words: list[int]) -> float | None:
    row = point(
        quantity(name),
        type=TYPES[name].decoded_as,
        sentinels=TYPES[name].not_implemented,
        bit_count=min(bit_count(name), 24),
    )
    decoder = compile_decoder(make_profile(row), Geometry())
    image = decoder.image()
    image.put(decoder.requests[0], words)
    reading = decoder.decode(image)
    return None if reading.quality[0] >= BAD_FROM else float(reading.values[0])


@pytest.mark.parametrize("name", TYPES)
@given(data=st.data())
def test_what_the_standards_encoder_writes_is_read_back(name: str, data: st.DataObject) -> None:
    in_disguise = set(disguises_of(quantity(name)))  # refused whatever the type
    value = data.draw(strategy(name).filter(lambda drawn: drawn not in in_disguise))
    packed = sunspec2.mb.point_type_info[name].to_data(value, bit_count(name) // 8)

    assert decoded(name, registers_of(packed)) == value


@pytest.mark.parametrize("name", TYPES)
def test_what_the_standard_calls_not_implemented_is_unknown(name: str) -> None:
    packed = sunspec2.mb.create_unimpl_value(name)

    assert decoded(name, registers_of(packed)) is None


def test_every_type_of_number_is_there() -> None:
    assert set(sunspec2.mb.point_type_info) - NO_NUMBERS == set(TYPES)
