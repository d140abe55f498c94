"""What is polled while a chart is read: it is in all columns of the chart, or in none."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from batteryd.app.charts import charts_of
from batteryd.app.compared import Compared, Span
from batteryd.domain.snapshot import Layout, Snapshot, parse_column
from batteryd.store.names import Names
from batteryd.store.rollup import Rollup
from batteryd.store.sqlite_file import SqliteFile
from batteryd.store.trend import Trend
from batteryd.web.chart import Chart
from tests.builders import NOON_S
from tests.journals import open_journal
from tests.rulebooks import make_asset

MODULES = 5
RACK = Layout.of(
    parse_column(f"s1/m{number:02d}/t1:temperature_c") for number in range(1, MODULES + 1)
)


class BusyNames(Names):
    """Names of a journal in which something happens before a column is looked up."""

    def __init__(self, file: SqliteFile, happens: Callable[[], None]) -> None:
        super().__init__(file)
        self._happens = happens

    @property
    def layouts(self) -> tuple[tuple[int, Layout], ...]:
        self._happens()
        return super().layouts


class Site:
    """A rack that is a kelvin hotter in every poll."""

    def __init__(self, folder: Path) -> None:
        self.journal = open_journal(folder / "journal.db")
        self.polled = 0

    def poll(self, *, every_s: float = 10.0) -> None:
        values, quality = np.full(MODULES, 24.0 + self.polled), np.zeros(MODULES, np.uint8)
        at_s = NOON_S - 3600 + every_s * self.polled
        self.journal.append([Snapshot("rack-1", at_s, RACK, values, quality)])
        self.polled += 1

    def poll_and_roll_up(self) -> None:
        self.poll(every_s=1.0)
        Rollup(self.journal).step()

    def poll_during_reading(self, poll: Callable[[], None]) -> None:
        self.journal.names = BusyNames(self.journal.file, poll)

    def charts(self) -> dict[str, Chart]:
        day, _ = charts_of(Trend(self.journal), "rack-1", RACK, now_s=NOON_S)
        return {chart.title: chart for chart in day.charts}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    for _ in range(3):
        made.poll()
    yield made
    made.journal.file.close()


def test_the_last_point_of_the_hottest_has_every_sensor(site: Site) -> None:
    site.poll_during_reading(site.poll)

    hottest, mean = site.charts()["Temperature"].lines

    assert site.polled > 3 + MODULES
    assert hottest.value.tolist() == mean.value.tolist() == [24.0, 25.0, 26.0]


def test_minutes_that_are_rolled_up_meanwhile_are_in_all_sensors_or_in_none(site: Site) -> None:
    for _ in range(2000):  # more than a chart has points: minutes are shown
        site.poll(every_s=1.0)
    while Rollup(site.journal).step():
        pass
    before = site.charts()["Temperature"]
    site.poll_during_reading(site.poll_and_roll_up)

    meanwhile = site.charts()["Temperature"]

    assert len(before.lines[1].at_s) < 100
    for line, line_before in zip(meanwhile.lines, before.lines, strict=True):
        assert line.value.tolist() == line_before.value.tolist()


def test_a_picture_of_an_alarm_has_all_its_columns_as_of_one_moment(site: Site) -> None:
    site.poll_during_reading(site.poll)
    seen = Compared(Trend(site.journal), make_asset(), RACK, Span(NOON_S - 7200, NOON_S))

    sensors = seen.columns("temperature_c", string=1)
    at_s, own, peers = seen.in_step(sensors[:1], sensors[1:])

    assert len(at_s) == 3
    assert not np.isnan(own).any()
    assert not np.isnan(peers).any()
