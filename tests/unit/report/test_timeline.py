"""The picture of expiries: every battery in one bar, and the bar that its last day belongs to."""

import xml.etree.ElementTree as ET
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.domain.warranty import WarrantyStatus
from batteryd.report.timeline import (
    LATER,
    MONTHS_SHOWN,
    NO_DATE,
    OVER,
    Expiry,
    bars_of,
    timeline_svg,
)

AS_OF = date(2025, 9, 26)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("last_day", "place"),
    [
        (date(2024, 8, 19), OVER),
        (date(2025, 9, 25), OVER),  # in the month that is drawn, and over all the same
        (date(2025, 9, 26), 0),
        (date(2025, 9, 30), 0),
        (date(2025, 10, 1), 1),
        (date(2026, 1, 1), 4),
        (date(2030, 8, 31), MONTHS_SHOWN - 1),
        (date(2030, 9, 1), LATER),
        (date(2099, 1, 1), LATER),
        (None, NO_DATE),
    ],
)
def test_a_battery_stands_in_the_month_of_its_last_day(last_day: date | None, place: int) -> None:
    bars = bars_of([Expiry(WarrantyStatus.EXPIRING, last_day)], as_of=AS_OF)

    assert bars == {place: {WarrantyStatus.EXPIRING: 1}}


@given(
    st.lists(
        st.builds(
            Expiry,
            st.sampled_from(WarrantyStatus),
            st.none() | st.dates(AS_OF - timedelta(days=4000), AS_OF + timedelta(days=4000)),
        ),
        max_size=80,
    )
)
def test_no_battery_is_lost_and_the_picture_stays_in_its_frame(expiries: list[Expiry]) -> None:
    bars = bars_of(expiries, as_of=AS_OF)
    picture = ET.fromstring(timeline_svg(expiries, as_of=AS_OF))

    assert sum(bar.total() for bar in bars.values()) == len(expiries)
    for rectangle in picture.findall(f"{SVG}rect"):
        x, y = float(rectangle.attrib["x"]), float(rectangle.attrib["y"])
        assert 0 <= x <= 680 - float(rectangle.attrib["width"])
        assert 20 <= y <= 200 - float(rectangle.attrib["height"])


def said_in(svg: bytes) -> list[str | None]:
    return [text.text for text in ET.fromstring(svg).findall(f"{SVG}text")]


def test_bars_outside_the_months_carry_their_number_however_high_they_are() -> None:
    over = [Expiry(WarrantyStatus.EXPIRED, date(2024, 8, 19))] * 384
    soon = [Expiry(WarrantyStatus.EXPIRING, date(2026, 1, 31))] * 3

    said = said_in(timeline_svg(over + soon, as_of=AS_OF))

    assert "384" in said
    assert "4" in said  # the months keep a scale of their own
    assert "as of 2025-09-26" in said
    assert said.count("0") == 2  # later, and without a date


def test_an_empty_register_still_has_its_axis() -> None:
    said = said_in(timeline_svg([], as_of=AS_OF))

    years = [text for text in said if text and text.isdecimal() and len(text) == 4]
    assert years == ["2026", "2027", "2028", "2029", "2030"]
