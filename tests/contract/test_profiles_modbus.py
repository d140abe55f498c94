"""What holds for every Modbus profile that ships with batteryd."""

import tomllib
from contextlib import suppress
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from batteryd.devices.compiler import compile_decoder
from batteryd.devices.decode import RegisterDecoder
from batteryd.devices.modbus_profile import ModbusProfile
from batteryd.devices.plan import BIT_COUNT_MAX, BIT_FUNCTIONS
from batteryd.devices.profile import parse_profile
from batteryd.devices.profile_base import ONE_OF_EACH
from batteryd.devices.unroll import Place, places_of
from batteryd.domain.inventory import Geometry
from batteryd.domain.quality import Quality
from batteryd.domain.quantity import QUANTITIES
from batteryd.errors import ProfileError
from simulators.modbus_image import RegisterWriter

FOLDER = Path(__file__).parents[2] / "config" / "profiles"


def modbus_profiles() -> dict[str, ModbusProfile]:
    found = {}
    for path in sorted(FOLDER.glob("*.toml")):
        profile = parse_profile(tomllib.loads(path.read_text()), file=path.name)
        if isinstance(profile, ModbusProfile):
            found[path.stem] = profile
    return found


PROFILES = modbus_profiles()
GEOMETRIES = {
    "one of each": ONE_OF_EACH.under(Geometry()),
    "as the profile says": Geometry(),
    "as the register says": Geometry(1, 12, 16, 2),
}


def fitting() -> list[tuple[str, str]]:
    """Return every profile with each geometry that its strides have room for."""
    found = []
    for name, geometry in product(PROFILES, GEOMETRIES):
        with suppress(ProfileError):
            compile_decoder(PROFILES[name], GEOMETRIES[geometry])
            found.append((name, geometry))
    return found


@pytest.fixture(params=fitting(), ids=" ".join)
def case(request: pytest.FixtureRequest) -> tuple[str, str]:
    chosen: tuple[str, str] = request.param
    return chosen


@pytest.fixture
def profile(case: tuple[str, str]) -> ModbusProfile:
    return PROFILES[case[0]]


@pytest.fixture
def geometry(case: tuple[str, str]) -> Geometry:
    return GEOMETRIES[case[1]]


@pytest.fixture
def decoder(profile: ModbusProfile, geometry: Geometry) -> RegisterDecoder:
    return compile_decoder(profile, geometry)


def test_a_profile_is_named_like_its_file() -> None:
    assert {name: p.name for name, p in PROFILES.items()} == {name: name for name in PROFILES}
    assert "lithium-rack" in PROFILES


def test_every_request_is_legal_and_every_register_is_read_once(
    profile: ModbusProfile, decoder: RegisterDecoder
) -> None:
    asked = [(r.function, a) for r in decoder.requests for a in range(r.start, r.start + r.count)]

    assert len(set(asked)) == len(asked)
    for request in decoder.requests:
        is_bits = request.function in BIT_FUNCTIONS
        assert request.count <= (BIT_COUNT_MAX if is_bits else profile.register_count_max)


SHOWN = {
    "soc_pct": 83.4, "soh_pct": 96.1, "voltage_v": 51.23, "bus_voltage_v": 872.1,
    "current_a": -12.3, "power_w": -10733.0, "insulation_kohm": 2150.0, "cycle_count": 312.0,
    "energy_throughput_kwh": 81250.7, "cell_voltage_v": 3.659, "cell_voltage_v_max": 3.671,
    "cell_voltage_v_min": 3.652, "cell_voltage_v_mean": 3.66, "temperature_c": 24.7,
    "module_temperature_c_max": 26.1, "module_temperature_c_min": 22.9,
    "module_temperature_c_mean": 24.6, "ambient_temperature_c": 21.5, "humidity_pct": 44.0,
    "runtime_remaining_s": 5640.0, "load_pct": 42.3, "capacity_ah": 280.0, "battery_status": 2.0,
    "output_source": 3.0, "bms_alarm_bits": float(0xA5C31F), "bms_fault_bits": 5.0,
    "bms_status_bits": 4.0,
}  # fmt: skip


def shown(place: Place, *, number: int, shared: set[int]) -> float:
    """Return a flag, or something like a battery. Flags within alarm bits agree with these."""
    quantity = QUANTITIES[place.point.quantity]
    if quantity.is_flag:
        return 1.0 if place.point.address in shared else float(number % 2)
    if quantity.is_bits:
        return float(int(SHOWN[quantity.name]) & (1 << place.point.bits_used) - 1)
    return SHOWN.get(quantity.name, 3.0)  # else the number of a string, a module or a cell


def test_what_an_independent_writer_put_into_registers_is_read_back(
    profile: ModbusProfile, geometry: Geometry, decoder: RegisterDecoder
) -> None:
    places = places_of(profile, geometry)
    shared = {place.point.address for place in places if QUANTITIES[place.point.quantity].is_bits}
    given = np.array([shown(p, number=i, shared=shared) for i, p in enumerate(places)])
    writer = RegisterWriter(profile, geometry=geometry, layout=decoder.layout)
    memory = writer.image(given, nameplate={})
    image = decoder.image()
    for request in decoder.requests:
        words = memory.read(request.function, request.start, request.count)
        assert words is not None
        image.put(request, words.tolist())

    reading = decoder.decode(image)

    step = np.array([abs(place.point.scale) for place in places])  # rounded to what a register has
    assert (reading.quality == Quality.GOOD).all()
    assert (np.abs(reading.values - given) <= step / 2 + 1e-9).all()


@pytest.mark.parametrize("register", [0x0000, 0x8000, 0xFFFF, 0x5A5A])
def test_no_register_content_is_an_exception(decoder: RegisterDecoder, register: int) -> None:
    image = decoder.image()
    for request in decoder.requests:
        image.put(request, [register] * request.count)

    reading = decoder.decode(image)

    assert (np.isnan(reading.values) == (reading.quality != Quality.GOOD)).all()


def test_a_rack_of_the_usual_size_shows_three_hundred_values_in_five_requests() -> None:
    decoder = compile_decoder(PROFILES["lithium-rack"], Geometry())

    assert len(decoder.requests) == 5
    assert len(decoder.layout.indices("cell_voltage_v")) == 17 * 14
    assert len(decoder.layout.indices("temperature_c")) == 17 * 2
    assert len(decoder.layout) == 313


def test_a_rack_that_answers_0xffff_everywhere_knows_nothing() -> None:
    decoder = compile_decoder(PROFILES["lithium-rack"], Geometry())
    image = decoder.image()
    for request in decoder.requests:
        image.put(request, [0xFFFF] * request.count)

    reading = decoder.decode(image)

    known = {
        str(c) for c, q in zip(decoder.layout.columns, reading.quality, strict=True)
        if q == Quality.GOOD
    }  # fmt: skip
    # -0.1 A and -1 W: the map's "unknown" of signed registers is 0x8000
    assert known == {"-:current_a", "-:power_w"}
