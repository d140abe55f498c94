"""Charts: axes that people can count on, lines that break where nothing was read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.web.chart import HEIGHT, WIDTH, Chart, ChartBand, ChartLine, ChartSpan, Plot, plot
from tests.builders import NOON_S

DAY_S = 86_400.0


def plotted(*values: float, step_s: float = 3600.0, digits: int = 1, days: float = 1.0) -> Plot:
    from_s = NOON_S - days * DAY_S
    at_s = from_s + step_s * np.arange(len(values), dtype=np.float64)
    chart = Chart("Temperature", "°C", (ChartLine("hottest", at_s, np.array(values)),), digits)
    return plot(chart, ChartSpan("", from_s, NOON_S, (chart,)), time_zone="Asia/Seoul")


@pytest.mark.parametrize(
    ("values", "digits", "ticks"),
    [
        ((24.0, 31.5), 1, ["24", "26", "28", "30", "32"]),
        ((24.3, 24.9), 1, ["24.2", "24.4", "24.6", "24.8", "25.0"]),
        ((90.0, 90.0), 0, ["90", "91"]),
        ((-180.0, 20.0), 0, ["-200", "-150", "-100", "-50", "0", "50"]),
        ((0.0,), 1, ["0.0", "0.1"]),
    ],
)
def test_the_vertical_axis_is_rounded_to_steps_that_people_count_in(
    values: tuple[float, ...], digits: int, ticks: list[str]
) -> None:
    assert [tick.text for tick in plotted(*values, digits=digits).y_ticks] == ticks


def test_the_horizontal_axis_is_in_hours_of_the_site_or_in_weeks() -> None:
    assert [t.text for t in plotted(1.0).x_ticks] == ["00:00", "06:00", "12:00", "18:00"]
    assert [t.text for t in plotted(1.0, days=30).x_ticks] == [
        "02 Nov", "09 Nov", "16 Nov", "23 Nov",
    ]  # fmt: skip


def test_a_gap_breaks_the_line() -> None:
    nan = float("nan")

    (whole,) = plotted(24, 25, 26, 27, 28).strokes
    (broken,) = plotted(24, 25, nan, nan, 26, 27).strokes

    assert whole.path.count("M") == 1
    assert broken.path.count("M") == 2
    assert broken.last == 27


def test_a_point_alone_is_a_dot() -> None:
    (stroke,) = plotted(24.0).strokes

    assert stroke.path.endswith("h.01")


@pytest.mark.parametrize("values", [(), (float("nan"),)])
def test_without_a_reading_there_is_no_line(values: tuple[float, ...]) -> None:
    assert plotted(*values).strokes == ()


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), st.integers(0, 3))
def test_every_point_lies_inside_the_drawing(values: list[float], digits: int) -> None:
    drawn = plotted(*values, digits=digits)

    numbers = drawn.strokes[0].path.replace("h.01", "").replace("M", "L").split("L")[1:]
    points = [tuple(map(float, pair.split())) for pair in numbers]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    assert 2 <= len(drawn.y_ticks) <= 7
    assert all(0 <= tick.at <= HEIGHT for tick in drawn.y_ticks)


def test_a_band_is_drawn_around_what_was_read_and_broken_where_nothing_was() -> None:
    at_s = NOON_S - DAY_S + 3600.0 * np.array([0, 1, 2, 10, 11])
    low, high = np.full(5, 24.0), np.full(5, 26.0)
    line = ChartLine("peers", at_s, np.full(5, 25.0))
    chart = Chart("Temperature", "°C", (line,), 1, band=ChartBand(at_s, low, high))

    drawn = plot(chart, ChartSpan("", NOON_S - DAY_S, NOON_S, (chart,)), time_zone="UTC")

    assert [drawn.band.count(letter) for letter in "MLZ"] == [2, 8, 2]
    assert (drawn.y_ticks[0].text, drawn.y_ticks[-1].text) == ("24.0", "26.0")


def test_a_few_hours_have_a_mark_every_hour() -> None:
    assert [t.text for t in plotted(1.0, days=0.25).x_ticks] == [
        "16:00", "17:00", "18:00", "19:00", "20:00",
    ]  # fmt: skip
