"""Charts from single columns: the hottest of many sensors, the spread of cells, what is missing."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from batteryd.app.charts import SENSORS_MAX, charts_of
from batteryd.domain.snapshot import Layout, Snapshot, parse_column
from batteryd.store.journal import Journal
from batteryd.store.trend import Trend
from batteryd.web.chart import Chart
from tests.builders import NOON_S
from tests.journals import open_journal

RACK = Layout.of(
    map(
        parse_column,
        (
            "-:soc_pct", "-:current_a", "-:cell_voltage_v_max", "-:cell_voltage_v_min",
            "s1/m01/t1:temperature_c", "s1/m02/t1:temperature_c",
        ),
    )
)  # fmt: skip


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = open_journal(tmp_path / "journal.db")
    yield journal
    journal.file.close()


def poll(journal: Journal, *rows: tuple[float, ...], layout: Layout = RACK) -> None:
    """Poll every ten seconds, the last one a minute ago."""
    first_s = NOON_S - 60 - 10 * (len(rows) - 1)
    journal.append([
        Snapshot("rack-1", first_s + 10 * n, layout, np.array(row), np.zeros(len(row), np.uint8))
        for n, row in enumerate(rows)
    ])  # fmt: skip


def day_of(journal: Journal, layout: Layout = RACK) -> dict[str, Chart]:
    day, month = charts_of(Trend(journal), "rack-1", layout, now_s=NOON_S)
    assert (day.to_s - day.from_s, month.to_s - month.from_s) == (86_400, 30 * 86_400)
    return {chart.title: chart for chart in day.charts}


def values(chart: Chart) -> dict[str, list[float]]:
    return {line.name: line.value.tolist() for line in chart.lines}


def test_of_many_sensors_the_hottest_and_the_mean_are_drawn(journal: Journal) -> None:
    poll(journal, (80, 0.5, 3.66, 3.65, 24, 26), (80, 0.5, 3.66, 3.65, 31, 25))

    chart = day_of(journal)["Temperature"]

    assert values(chart) == {"hottest": [26, 31], "mean": [25, 28]}
    assert chart.lines[0].at_s.tolist() == [NOON_S - 70, NOON_S - 60]


def test_a_sensor_that_says_nothing_counts_for_nothing(journal: Journal) -> None:
    nan = float("nan")
    poll(journal, (80, 0.5, 3.66, 3.65, 24, nan), (80, 0.5, 3.66, 3.65, nan, nan))

    shown = values(day_of(journal)["Temperature"])

    np.testing.assert_equal(shown, {"hottest": [24, nan], "mean": [24, nan]})


def test_the_spread_is_the_highest_cell_minus_the_lowest(journal: Journal) -> None:
    poll(journal, (80, 0.5, 3.670, 3.655, 24, 24))

    (spread,) = values(day_of(journal)["Cell spread"])["spread"]

    assert spread == pytest.approx(15, abs=0.01)


def test_current_and_charge_are_those_of_the_battery_or_its_first_string(journal: Journal) -> None:
    layout = Layout.of(map(parse_column, ("s2:soc_pct", "s1:soc_pct", "-:current_a")))
    poll(journal, (70, 80, -12.5), layout=layout)

    charts = day_of(journal, layout)

    assert values(charts["State of charge"]) == {"mean": [80]}
    assert values(charts["Current"]) == {"mean": [-12.5]}


def test_what_a_device_does_not_report_is_said(journal: Journal) -> None:
    layout = Layout.of([parse_column("-:soc_pct")])
    poll(journal, (80,), layout=layout)

    charts = day_of(journal, layout)

    assert charts["Current"].missing == "the device does not report it"
    assert "highest and lowest cell" in charts["Cell spread"].missing
    assert values(charts["Temperature"]) == {"hottest": []}


def test_of_too_many_sensors_the_sum_of_the_bms_is_drawn(journal: Journal) -> None:
    sensors = [parse_column(f"s1/m{n:02d}/t1:temperature_c") for n in range(1, SENSORS_MAX + 2)]
    layout = Layout.of([parse_column("-:module_temperature_c_max"), *sensors])
    poll(journal, (33.0, *[25.0] * len(sensors)), layout=layout)

    assert values(day_of(journal, layout)["Temperature"]) == {"hottest": [33]}
