"""Dates as devices write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.devices.dates import parse_device_date
from batteryd.domain.nameplate import DeviceDate

US = ("%m/%d/%Y", "%m/%d/%y")
ISO = ("%Y-%m-%d", "%Y/%m/%d")
OCTETS = ("DateAndTime",)


@pytest.mark.parametrize(
    ("raw", "formats", "day"),
    [
        ("11/10/2027", US, date(2027, 11, 10)),
        (b"04/30/25", US, date(2025, 4, 30)),
        (b"2023-03-08", ISO, date(2023, 3, 8)),
        ("2014/08/21", ISO, date(2014, 8, 21)),
        (b" 2023-03-08 \0", ISO, date(2023, 3, 8)),
        (bytes.fromhex("07e5061e080000002b0900"), OCTETS, date(2021, 6, 30)),
        (bytes.fromhex("07de080f0e000000"), OCTETS, date(2014, 8, 15)),
        ("05.10.2022", ("%d.%m.%Y",), date(2022, 10, 5)),
        ("1652140800", ("UnixTime",), date(2022, 5, 10)),
        ("8165", ("DaysSince2000",), date(2022, 5, 10)),
    ],
)
def test_a_date_is_read_by_the_formats_of_its_profile(raw, formats, day):
    assert parse_device_date(raw, formats).value == day


@pytest.mark.parametrize(
    ("raw", "formats"),
    [
        ("CPS", US),
        ("07/30/20:7", US),  # a year digit that ran over: 2027 would be a guess
        ("11/17/20<4", US),
        ("13/10/2027", US),  # day first, perhaps
        ("10-05-2022", US),  # the right numbers, other signs
        ("02/30/2024", US),
        ("2023-03-08", US),
        ("2023-03-08 10:00", ISO),
        ("0", ("UnixTime",)),  # never set
        ("0", ("DaysSince2000",)),
        ("-1", ("DaysSince2000",)),
        ("99999999999999999999", ("UnixTime",)),
        ("Anonymized 150", US),
        ("", US),
        ("   ", US),
        ("1980-01-01", ISO),  # a clock that was never set
        ("2100-01-01", ISO),
        ("２０２３-03-08", ISO),
        (bytes(8), OCTETS),
        (bytes.fromhex("07e50d1e08000000"), OCTETS),
        (bytes.fromhex("07e5061e0800"), OCTETS),
    ],
)
def test_what_is_no_date_for_sure_is_unknown_and_kept_as_text(raw, formats):
    found = parse_device_date(raw, formats)

    assert found.value is None
    assert found.raw is not None


@pytest.mark.parametrize("raw", ["2001-01-01", b"01/01/2001"])
def test_the_day_that_the_maker_writes_is_no_date(raw):
    found = parse_device_date(raw, (*ISO, *US), unset=(date(2001, 1, 1),))

    assert found.value is None
    assert "2001" in (found.raw or "")


def test_a_device_without_the_field_has_no_text_either():
    assert parse_device_date(None, ISO) == DeviceDate()


def test_octets_are_kept_in_hexadecimal():
    assert parse_device_date(bytes.fromhex("07de080f0e000000"), OCTETS).raw == "0x07de080f0e000000"


@given(st.one_of(st.binary(max_size=12), st.text(max_size=12)))
def test_any_answer_is_a_date_or_unknown(raw):
    found = parse_device_date(raw, (*US, *ISO, *OCTETS))

    assert found.raw is not None
    assert found.value is None or 1990 <= found.value.year < 2100
