"""Trends of evidence: the table has every point, the picture has the span and keeps gaps."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from batteryd.report.trend import COLUMNS_MAX, Series, TrendTable, trend_csv, trend_svg

DAY_S = 86_400.0
SVG = "{http://www.w3.org/2000/svg}"


def series(component: str, at_s: list[float], values: list[float]) -> Series:
    mean = np.array(values)
    return Series(component, np.array(at_s), mean - 0.5, mean, mean + 0.5)


def table(*found: Series) -> TrendTable:
    return TrendTable("temperature_c", "°C", found)


def shapes(svg: bytes, name: str) -> list[ET.Element]:
    return ET.fromstring(svg).findall(f"{SVG}{name}")


def test_the_table_has_a_line_a_component_and_period() -> None:
    text = trend_csv(
        table(series("s1/m01", [0.0, DAY_S], [24.5, float("nan")]), series("s1/m02", [0.0], [25.0]))
    )

    assert text.decode() == (
        "time,component,minimum,mean,maximum\n"
        "1970-01-01T00:00:00Z,s1/m01,24,24.5,25\n"
        "1970-01-02T00:00:00Z,s1/m01,,,\n"
        "1970-01-01T00:00:00Z,s1/m02,24.5,25,25.5\n"
    )


def test_the_picture_spans_the_coldest_and_the_hottest_component() -> None:
    days = [n * DAY_S for n in range(10)]
    svg = trend_svg(
        table(series("t1", days, [20.0] * 10), series("t2", days, [40.0] * 10)), zone="UTC"
    )

    said = [text.text for text in shapes(svg, "text")]
    assert said[:3] == ["18.45 °C", "30 °C", "41.55 °C"]  # 19.5 to 40.5, and a little more
    assert said[3] == "1970-01-01"


def test_a_gap_in_the_data_stays_a_gap() -> None:
    days = [n * DAY_S for n in (*range(10), *range(40, 50))]

    svg = trend_svg(table(series("-", days, [25.0] * 20)), zone="UTC")

    assert len(shapes(svg, "polyline")) == 2


def test_a_lone_reading_is_a_dot() -> None:
    svg = trend_svg(table(series("-", [DAY_S], [25.0])), zone="Asia/Seoul")

    assert len(shapes(svg, "circle")) == 1


def test_ten_years_of_hours_make_a_picture_of_bounded_size() -> None:
    hours = list(np.arange(87_600) * 3600.0)

    svg = trend_svg(table(series("-", hours, list(25 + np.sin(np.arange(87_600))))), zone="UTC")

    (line,) = shapes(svg, "polyline")
    assert len(line.attrib["points"].split()) <= COLUMNS_MAX


@pytest.mark.parametrize(
    ("found", "is_empty"),
    [
        ((), True),
        ((series("-", [0.0], [float("nan")]),), True),
        ((series("-", [0.0], [1.0]),), False),
    ],
)
def test_what_was_never_read_is_empty(found: tuple[Series, ...], is_empty: bool) -> None:
    assert table(*found).is_empty is is_empty
