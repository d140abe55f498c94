"""Pictures of alarms: a module against its rack, a cell against others, and when there is none."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from batteryd.app.peers import COLUMNS_MAX, picture_of, pictures_of
from batteryd.cli.alarm_picture import WIDTH, picture_as_json, picture_lines
from batteryd.domain.alarm import Alarm, Condition
from batteryd.domain.inventory import Geometry
from batteryd.domain.snapshot import Snapshot
from batteryd.store.journal import Journal
from batteryd.store.trend import Trend
from batteryd.web.chart import ChartSpan, plot
from tests.builders import NOON_S, make_alarm, make_key, make_layout
from tests.journals import open_journal
from tests.rulebooks import make_asset

RACK = Geometry(
    string_count=1,
    module_count_per_string=17,
    cell_count_per_module=14,
    temperature_sensor_count_per_module=2,
)
LAYOUT = make_layout(RACK)
HOUR_S = 3600.0


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Six hours of a rack, a poll a minute: its module 7 heats by 4 K in the last two."""
    opened = open_journal(tmp_path / "journal.db")
    hot = LAYOUT.index[next(c for c in LAYOUT.columns if str(c) == "s1/m07/t2:temperature_c")]
    low = LAYOUT.index[next(c for c in LAYOUT.columns if str(c) == "s1/m03/c05:cell_voltage_v")]
    snapshots = []
    for minute in range(6 * 60):
        at_s = NOON_S - 6 * HOUR_S + 60 * minute
        values = np.full(len(LAYOUT), np.nan)
        values[LAYOUT.indices("temperature_c")] = 24.0 + 0.1 * (np.arange(34) % 3)
        values[LAYOUT.indices("cell_voltage_v")] = 3.65
        values[hot] += 4.0 * max(0.0, (minute - 240) / 120)
        values[low] -= 0.012
        quality = np.where(np.isnan(values), 128, 0).astype(np.uint8)
        snapshots.append(Snapshot("rack-1", at_s, LAYOUT, values, quality))
    opened.append(snapshots)
    yield opened
    opened.file.close()


def picture(journal: Journal, alarm: Alarm, *, now_s: float = NOON_S) -> ChartSpan | None:
    return picture_of(Trend(journal), alarm, make_asset(geometry=RACK), LAYOUT, now_s=now_s)


def heat(component: str = "s1/m07", **changes: object) -> Alarm:
    return make_alarm(make_key(component), **{"quantity": "temperature_c", **changes})


def test_a_modules_hottest_sensor_is_drawn_against_the_median_and_the_band_of_its_rack(
    journal: Journal,
) -> None:
    span = picture(journal, heat())

    assert span is not None
    (chart,) = span.charts
    own, peers = chart.lines
    assert chart.title == "module 7 of Rack 1 against its 16 peers"
    assert (own.name, peers.name) == ("module 7", "peers")
    assert own.value[-1] == pytest.approx(28.1, abs=0.1)
    assert peers.value[-1] == pytest.approx(24.1)
    assert chart.band is not None
    assert chart.band.high.max() == pytest.approx(24.2)
    assert chart.band.low.min() == pytest.approx(24.0)


def test_it_is_laid_out_with_its_band_and_the_hours_of_the_site(journal: Journal) -> None:
    span = picture(journal, heat())
    assert span is not None

    drawn = plot(span.charts[0], span, time_zone="Asia/Seoul")

    assert [tick.text for tick in drawn.x_ticks] == ["16:00", "17:00", "18:00", "19:00", "20:00"]
    assert drawn.band.startswith("M")
    assert drawn.band.endswith("Z")


def test_a_cell_is_drawn_in_millivolts_of_difference_against_some_of_its_peers(
    journal: Journal,
) -> None:
    span = picture(journal, heat("s1/m03/c05", quantity="cell_voltage_v"))

    assert span is not None
    (chart,) = span.charts
    own, peers = chart.lines
    assert chart.title == "cell 5 of module 3 of Rack 1 against its 237 peers"
    assert (chart.unit, chart.digits) == ("V", 3)
    assert peers.value[-1] - own.value[-1] == pytest.approx(0.012, abs=1e-6)


def test_of_a_module_whose_cells_are_in_question_the_lowest_is_drawn(journal: Journal) -> None:
    span = picture(journal, heat("s1/m03", quantity="cell_voltage_v"))

    assert span is not None
    assert span.charts[0].lines[0].value[-1] == pytest.approx(3.638, abs=1e-6)
    assert span.charts[0].title.endswith("16 peers")


@pytest.mark.parametrize("component", ["-", "s1", "s2/m01", "s1/m18"])
def test_what_has_no_peers_has_no_picture(journal: Journal, component: str) -> None:
    assert picture(journal, heat(component)) is None


def test_it_begins_before_the_alarm_and_ends_soon_after_its_return(journal: Journal) -> None:
    day_ago_s = NOON_S - 24 * HOUR_S
    over = heat(
        condition=Condition.NORMAL, raised_at_s=day_ago_s, returned_at_s=day_ago_s + 10 * HOUR_S
    )

    span = picture(journal, over)

    assert span is not None
    assert (span.from_s, span.to_s) == (day_ago_s - 2 * HOUR_S, day_ago_s + 11 * HOUR_S)


def test_of_an_alarm_that_stands_for_weeks_the_last_two_days_are_drawn(journal: Journal) -> None:
    span = picture(journal, heat(raised_at_s=NOON_S - 30 * 86_400))

    assert span is not None
    assert (NOON_S - span.from_s, span.to_s) == (48 * HOUR_S, NOON_S)


def test_alarms_about_one_place_share_a_picture_and_only_some_are_drawn(journal: Journal) -> None:
    alarms = [heat(), heat(), heat("s1"), heat("s1/m02"), heat("s1/m03"), heat("s1/m04")]

    found = pictures_of(
        Trend(journal), alarms, make_asset(geometry=RACK), LAYOUT, now_s=NOON_S, count_max=3
    )

    assert [span.charts[0].lines[0].name for span in found] == ["module 7", "module 2", "module 3"]


def test_in_a_terminal_it_is_a_line_of_characters_on_one_scale(journal: Journal) -> None:
    span = picture(journal, heat())
    assert span is not None

    title, time, own, peers, *_ = picture_lines(span)

    assert title == "module 7 of Rack 1 against its 16 peers, °C"
    assert time == "  2025-11-25T06:00:00Z to 2025-11-25T12:00:00Z, a character is 8 min"
    assert own.startswith("  module 7      ▁▁▁▁")
    assert "█  24.1 to 2" in own
    assert set(peers.split()[1]) == {"▁"}
    assert peers.endswith("24.1 to 24.1, last 24.1")


def test_programs_get_the_same_numbers_and_null_where_nothing_was_read(journal: Journal) -> None:
    span = picture(journal, heat(), now_s=NOON_S + 3 * HOUR_S)

    found = picture_as_json(span)

    assert found is not None
    lines = found["lines"]
    assert isinstance(lines, dict)
    assert {len(values) for values in lines.values()} == {WIDTH}
    assert lines["module 7"][0] == 24.1
    assert lines["module 7"][-1] is None


def test_where_nothing_was_read_at_all_that_is_said(journal: Journal) -> None:
    day_later_s = NOON_S + 86_400

    span = picture(journal, heat(raised_at_s=day_later_s - 400), now_s=day_later_s)

    assert span is not None
    assert list(picture_lines(span))[-1] == "  nothing was read"


def test_many_peers_are_represented_by_some(journal: Journal) -> None:
    class Counted(Trend):
        asked = 0

        def query(self, *args: object, **options: object) -> object:  # type: ignore[override]
            self.asked += 1
            return super().query(*args, **options)  # type: ignore[arg-type]

    trend = Counted(journal)
    picture_of(
        trend,
        heat("s1/m03/c05", quantity="cell_voltage_v"),
        make_asset(geometry=RACK),
        LAYOUT,
        now_s=NOON_S,
    )

    assert trend.asked == COLUMNS_MAX + 1
