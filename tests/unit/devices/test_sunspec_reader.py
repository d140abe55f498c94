"""SunSpec batteries, written by the standard's encoder and read by us."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from batteryd.devices.sunspec_profile import SunspecProfile
from batteryd.devices.sunspec_reader import SunspecReader
from batteryd.domain.nameplate import DeviceDate
from batteryd.domain.quality import BAD_FROM, Quality
from batteryd.domain.snapshot import parse_column
from batteryd.errors import DeviceRejected, LinkTimeout
from tests.sunspec_devices import (
    BATTERY,
    COMMON,
    MARKER,
    SunspecLink,
    bank,
    encoded,
    module,
    registers,
    string,
)

FILE = Path(__file__).parents[3] / "config" / "profiles" / "sunspec.toml"
PROFILE = SunspecProfile.model_validate(tomllib.loads(FILE.read_text()))


def reader_of(link: SunspecLink) -> SunspecReader:
    return SunspecReader(PROFILE, link=link, unit=1)


async def values_of(reader: SunspecReader) -> dict[str, float]:
    reading = await reader.read()
    return {
        str(column): float(value)
        for column, value, quality in zip(
            reader.layout.columns, reading.values, reading.quality, strict=True
        )
        if quality < BAD_FROM
    }


async def values(*models: dict[str, Any]) -> dict[str, float]:
    return await values_of(reader_of(SunspecLink(registers(models))))


async def quality_of(reader: SunspecReader, column: str) -> Quality:
    reading = await reader.read()
    return Quality(reading.quality[reader.layout.index[parse_column(column)]])


async def test_a_bank_says_what_it_says_in_our_units() -> None:
    said = await values(COMMON, BATTERY)

    assert said == {
        "-:capacity_ah": 240.0, "-:soc_pct": 83.4, "-:soh_pct": 97, "-:cycle_count": 70000,
        "-:bms_status_bits": 1 << 4, "-:contactor_closed": 1, "-:communication_lost": 0,
        "-:door_open": 0, "-:bms_alarm_bits": 0, "-:bms_fault_bits": 0, "-:voltage_v": 872.1,
        "-:cell_voltage_v_max": 3.671, "-:cell_voltage_v_max_string": 2,
        "-:cell_voltage_v_max_module": 1, "-:cell_voltage_v_min": 3.652,
        "-:cell_voltage_v_min_string": 1, "-:cell_voltage_v_min_module": 2,
        "-:cell_voltage_v_mean": 3.66, "-:current_a": 12.3, "-:power_w": 10733,
    }  # fmt: skip


async def test_strings_have_contactors_events_and_places() -> None:
    said = await values(COMMON, BATTERY, bank())

    assert said["-:string_count_connected"] == 1
    assert said["-:module_temperature_c_max"] == 26.1
    assert said["-:module_temperature_c_max_string"] == 2
    assert said["-:module_temperature_c_min"] == -2.9
    assert [said[f"s{n}:contactor_closed"] for n in (1, 2)] == [1, 0]
    assert [said[f"s{n}:door_open"] for n in (1, 2)] == [0, 1]
    assert [said[f"s{n}:communication_lost"] for n in (1, 2)] == [1, 0]
    assert said["s2:bms_alarm_bits"] == 1 << 23
    assert said["s2:bms_fault_bits"] == 1 << 1
    assert "s2:soh_pct" not in said


async def test_the_more_detailed_model_is_believed() -> None:
    said = await values(COMMON, BATTERY, bank(), string(1), module(1, 2))

    assert said["s1:soc_pct"] == 83.3  # of 804; 803 says 83.4
    assert said["s2:soc_pct"] == 83.0  # of 803, as there is no 804 of it
    assert said["s1/m01:cell_voltage_v_max"] == 3.668
    assert said["s1/m01:cell_voltage_v_max_cell"] == 2
    assert said["s1/m02:cell_voltage_v_max"] == 3.667  # of 805; 804 says 3.666
    assert said["s1/m02/c01:cell_voltage_v"] == 3.667
    assert said["s1/m02/c02:temperature_c"] == -0.5


async def test_what_the_more_detailed_model_does_not_implement_the_other_says() -> None:
    said = await values(COMMON, BATTERY, bank(), string(1, SoC=None), module(1, 1, CellVMax=None))

    assert said["s1:soc_pct"] == 83.4  # of 803
    assert said["s1:current_a"] == 12.1  # of 804
    assert said["s1:module_temperature_c_max"] == 25.5  # of 803
    assert said["s1/m01:cell_voltage_v_max"] == 3.668  # of 804
    assert said["s1/m01:voltage_v"] == 51.24  # of 805


@pytest.mark.parametrize("base", [40000, 0, 50000])
async def test_the_map_is_found_at_each_of_its_addresses(base: int) -> None:
    link = SunspecLink(registers([COMMON, BATTERY]), base=base)

    assert (await values_of(reader_of(link)))["-:soc_pct"] == 83.4


@pytest.mark.parametrize(
    ("charge_state", "amperes", "watts", "expected"),
    [
        (4, 123, 10733, (12.3, 10733)),
        (4, -123, -10733, (12.3, 10733)),
        (3, 123, 10733, (-12.3, -10733)),
        (3, -123, 10733, (-12.3, -10733)),  # a device whose current and power disagree
        (6, 123, 10733, (-12.3, -10733)),  # holding: as the profile says
        (None, -123, -10733, (12.3, 10733)),
    ],
)
async def test_what_the_device_does_decides_the_sign_that_the_standard_leaves_open(
    charge_state: int | None, amperes: int, watts: int, expected: tuple[float, float]
) -> None:
    said = await values(COMMON, BATTERY | {"ChaSt": charge_state, "A": amperes, "W": watts}, bank())

    assert (said["-:current_a"], said["-:power_w"]) == expected
    assert abs(said["s1:current_a"]) == 12.3


async def test_a_string_turns_its_sign_with_the_bank() -> None:
    charging = BATTERY | {"ChaSt": 4, "A": -123}
    strings = [{"StrNMod": 1, "StrA": -130}, {"StrNMod": 1, "StrA": 7}]  # one feeds the other

    said = await values(COMMON, charging, bank(string=strings))

    assert (said["s1:current_a"], said["s2:current_a"]) == (13.0, -0.7)


@pytest.mark.parametrize(
    ("missing", "column"),
    [
        ({"SoC": None}, "-:soc_pct"),  # uint16
        ({"A": None}, "-:current_a"),  # int16
        ({"NCyc": None}, "-:cycle_count"),  # uint32
        ({"ChaSt": None}, "-:bms_status_bits"),  # enum16
        ({"Evt1": None}, "-:door_open"),  # bitfield32, a high bit
        ({"Evt1": None}, "-:communication_lost"),  # a low one
        ({"Evt1": None}, "-:bms_alarm_bits"),
        ({"SoC_SF": None}, "-:soc_pct"),  # sunssf
        ({"CellVMaxStr": None}, "-:cell_voltage_v_max_string"),
    ],
)
async def test_what_is_not_implemented_is_unknown_and_says_why(
    missing: dict[str, None], column: str
) -> None:
    reader = reader_of(SunspecLink(registers([COMMON, BATTERY | missing])))

    assert await quality_of(reader, column) == Quality.NOT_IMPLEMENTED


@pytest.mark.parametrize("state", [2, 4, 5, 6, 99])
async def test_a_state_that_says_nothing_of_the_contactor_leaves_it_open(state: int) -> None:
    assert "-:contactor_closed" not in await values(COMMON, BATTERY | {"State": state})


async def test_a_device_that_counts_from_zero_is_counted_from_one() -> None:
    said = await values(
        COMMON,
        BATTERY | {"CellVMaxStr": 1, "CellVMaxMod": 0},
        string(0), string(1), module(1, 0), module(1, 1),
    )  # fmt: skip

    assert said["-:cell_voltage_v_max_string"] == 2
    assert said["-:cell_voltage_v_max_module"] == 1
    assert said["s2/m01/c01:cell_voltage_v"] == 3.667
    assert "s2/m02/c01:cell_voltage_v" in said


async def test_strings_whose_index_is_no_use_are_counted_in_their_order() -> None:
    said = await values(COMMON, string(7, SoC=801), string(7, SoC=802))

    assert (said["s1:soc_pct"], said["s2:soc_pct"]) == (80.1, 80.2)


async def test_a_count_larger_than_the_model_is_not_believed() -> None:
    words = registers([COMMON, BATTERY, bank()])
    at = words.index(803) + 2
    words[at] = 500

    said = await values_of(reader_of(SunspecLink(words)))

    assert "s2:soc_pct" in said
    assert "s3:soc_pct" not in said


async def test_a_model_that_is_too_short_has_what_it_has() -> None:
    short = encoded(BATTERY)[:48]
    short[1] = 46  # no scale factors

    said = await values_of(reader_of(SunspecLink([*MARKER, *encoded(COMMON), *short, 0xFFFF, 0])))

    assert said["-:cycle_count"] == 70000
    assert "-:soc_pct" not in said


@pytest.mark.parametrize("cut", [0, 1, 70, 130])
async def test_a_map_that_breaks_off_is_read_as_far_as_it_goes(cut: int) -> None:
    words = registers([COMMON, BATTERY])

    reader = reader_of(SunspecLink(words[: len(words) - cut]))

    if cut < 64:
        assert (await values_of(reader))["-:soc_pct"] == 83.4
    else:
        with pytest.raises(DeviceRejected):
            await reader.read()


@pytest.mark.parametrize("length", [0xFFF0, 0])
async def test_a_length_that_leads_nowhere_ends(length: int) -> None:
    words = [*MARKER, 1, length, *([0] * 500)]

    with pytest.raises(DeviceRejected, match="no battery model"):
        await reader_of(SunspecLink(words)).read()


async def test_a_device_that_is_no_sunspec_device_is_refused() -> None:
    with pytest.raises(DeviceRejected, match="no SunSpec map"):
        await reader_of(SunspecLink([0] * 200)).read()


async def test_a_battery_that_grew_is_looked_at_anew() -> None:
    link = SunspecLink(registers([COMMON, BATTERY, bank()]))
    reader = reader_of(link)
    await reader.read()

    third = [*bank()["string"], {"StrNMod": 2, "StrSoC": 500}]
    link.show(registers([COMMON, BATTERY, bank(NStr=3, string=third)]))

    assert (await values_of(reader))["s3:soc_pct"] == 50.0


async def test_a_battery_that_moved_is_looked_for_anew() -> None:
    link = SunspecLink(registers([COMMON, BATTERY]))
    reader = reader_of(link)
    await reader.read()

    link.show(registers([COMMON, BATTERY | {"SoC": 411}]), base=0)

    assert (await values_of(reader))["-:soc_pct"] == 41.1


async def test_an_unchanged_battery_costs_one_request_more_than_its_models() -> None:
    link = SunspecLink(registers([COMMON, BATTERY, bank()]))
    reader = reader_of(link)
    await reader.read()
    link.asked.clear()

    await reader.read()

    assert len(link.asked) == 1 + 2
    assert max(count for _, count in link.asked) <= 125


async def test_a_search_that_was_cut_short_goes_on_where_it_ended() -> None:
    class Tired(SunspecLink):
        patience = 4

        async def read(self, **where: int) -> Any:
            self.patience -= 1
            if self.patience == 0:
                raise LinkTimeout("the deadline")
            return await super().read(**where)

    link = Tired(registers([COMMON, BATTERY, bank(), string(1)]))
    reader = reader_of(link)
    with pytest.raises(LinkTimeout):
        await reader.read()
    link.asked.clear()

    await reader.read()

    assert (40000, 2) not in link.asked


async def test_the_nameplate_is_the_common_model_in_front_of_the_battery() -> None:
    inverter = COMMON | {"Md": "HB-INV"}
    link = SunspecLink(registers([inverter, COMMON, BATTERY | {"WarrDt": 11322}]))

    plate = await reader_of(link).read_nameplate()

    assert (plate.manufacturer, plate.model) == ("Hanbit Energy", "HB-RACK 17")
    assert (plate.serial, plate.firmware) == ("HB17-000412", "2.4.1")
    assert plate.warranty_ends_on == DeviceDate(date(2030, 12, 31), "11322")
    assert plate.replace_by == DeviceDate()


@pytest.mark.parametrize(
    ("days", "expected"),
    [(None, DeviceDate()), (0, DeviceDate(None, "0")), (4_000_000, DeviceDate(None, "4000000"))],
)
async def test_a_warranty_date_that_cannot_be_is_unknown(
    days: int | None, expected: DeviceDate
) -> None:
    link = SunspecLink(registers([COMMON, BATTERY | {"WarrDt": days}]))

    assert (await reader_of(link).read_nameplate()).warranty_ends_on == expected
