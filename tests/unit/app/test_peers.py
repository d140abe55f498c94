"""Pictures of alarms: a module against its rack, a cell against others, and when there is none."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from batteryd.app.compared import COLUMNS_MAX, POINTS_DRAWN
from batteryd.app.peers import picture_of, pictures_of
from batteryd.cli.alarm_picture import HEIGHT, WIDTH, picture_as_json, picture_lines
from batteryd.domain.alarm import Alarm, Condition
from batteryd.domain.inventory import Geometry
from batteryd.domain.snapshot import Column, Layout, Snapshot, parse_column
from batteryd.store.journal import Journal
from batteryd.store.trend import Trend, TrendLine
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
LAYOUT = Layout.of((*make_layout(RACK).columns, parse_column("-:ambient_temperature_c")))
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
        values[LAYOUT.indices("ambient_temperature_c")] = 22.0
        snapshots.append(snapshot_of(LAYOUT, values, at_s=at_s))
    opened.append(snapshots)
    yield opened
    opened.file.close()


def snapshot_of(layout: Layout, values: np.ndarray, *, at_s: float) -> Snapshot:
    quality = np.where(np.isnan(values), 128, 0).astype(np.uint8)
    return Snapshot("rack-1", at_s, layout, values, quality)


def picture(journal: Journal, alarm: Alarm, *, now_s: float = NOON_S) -> ChartSpan | None:
    return picture_of(Trend(journal), alarm, make_asset(geometry=RACK), LAYOUT, now_s=now_s)


def heat(component: str = "s1/m07", **changes: object) -> Alarm:
    return make_alarm(
        make_key(component), **{"quantity": "temperature_c", "setpoint": None, **changes}
    )


def test_a_modules_sensors_are_drawn_against_the_middle_and_the_band_of_its_rack(
    journal: Journal,
) -> None:
    span = picture(journal, heat())

    assert span is not None
    (chart,) = span.charts
    first, second, peers = chart.lines
    assert chart.title == "module 7 of Rack 1 against its 16 peers"
    assert [line.name for line in chart.lines] == ["sensor 1", "sensor 2", "middle of its peers"]
    assert first.value[-1] == pytest.approx(24.0)
    assert second.value[-1] == pytest.approx(28.1, abs=0.1)
    assert peers.value[-1] == pytest.approx(24.1)
    assert chart.band is not None
    assert chart.band.high.max() == pytest.approx(24.2)
    assert chart.band.low.min() == pytest.approx(24.0)


def test_a_module_of_many_sensors_is_drawn_by_its_hottest(tmp_path: Path) -> None:
    rack = replace(RACK, module_count_per_string=4, temperature_sensor_count_per_module=5)
    layout = make_layout(rack)
    values = np.full(len(layout), np.nan)
    values[layout.indices("temperature_c")] = 24.0 + np.arange(20) % 5
    journal = open_journal(tmp_path / "journal.db")
    journal.append([snapshot_of(layout, values, at_s=NOON_S - 60)])

    span = picture_of(
        Trend(journal), heat("s1/m02"), make_asset(geometry=rack), layout, now_s=NOON_S
    )
    journal.file.close()

    assert span is not None
    own, _ = span.charts[0].lines
    assert (own.name, own.value[-1]) == ("module 2", 28.0)


@pytest.mark.parametrize(
    ("evidence", "name", "limit_c"),
    [
        ({}, "limit", 40.0),  # of a fixed limit
        ({"unit": "K", "measure": "above its peers"}, "limit", 24.1 + 40.0),
        (
            {
                "unit": "K",
                "measure": "above its own normal",
                "sensors": {
                    "s1/m07/t1": {"above_peers_k": 0.1, "own_offset_k": 0.2},
                    "s1/m07/t2": {"above_peers_k": 4.0, "own_offset_k": -0.5},
                },
            },
            "limit",
            24.1 - 0.5 + 40.0,
        ),
        (
            {"unit": "K·h", "sensors": {"s1/m07/t2": {"above_peers_k": 2.0, "own_offset_k": 0.3}}},
            "its own normal",
            24.4,
        ),
        ({"unit": "K", "measure": "below its own normal", "own_offset_k": 1.0}, "limit", -14.9),
    ],
)
def test_where_the_rule_turns_is_drawn_as_the_evidence_has_it(
    journal: Journal, evidence: dict[str, object], name: str, limit_c: float
) -> None:
    span = picture(journal, heat(evidence=evidence, setpoint=40.0))

    assert span is not None
    (limit,) = [line for line in span.charts[0].lines if line.is_limit]
    assert limit.name == name
    assert limit.value[-1] == pytest.approx(limit_c, abs=0.01)


def test_it_marks_when_it_was_raised_when_it_became_more_urgent_and_when_it_was_over(
    journal: Journal,
) -> None:
    found = [
        {"rule": "module_warmer", "component": "s1/m07", "at_s": at_s, "priority": text, "why": ""}
        for at_s, text in (
            (NOON_S - 3000, "medium"),
            (NOON_S - 2000, "low"),  # added: the alarm has not fallen
            (NOON_S - 900, "critical"),
        )
    ]

    bare = picture(journal, heat(raised_at_s=NOON_S - 3000))
    grown = picture(journal, heat(evidence={"found": found}, returned_at_s=NOON_S - 60))

    assert bare is not None
    assert grown is not None
    assert [(m.at_s, m.name) for m in bare.charts[0].marks] == [(NOON_S - 3000, "raised")]
    assert [m.name for m in grown.charts[0].marks] == ["medium", "critical", "returned"]
    assert grown.about == "daejeon/rack-1/s1/m07/module_temperature"


def test_it_is_laid_out_with_its_band_and_the_hours_of_the_site(journal: Journal) -> None:
    span = picture(journal, heat())
    assert span is not None

    drawn = plot(span.charts[0], span, time_zone="Asia/Seoul")

    assert [tick.text for tick in drawn.x_ticks] == ["16:00", "17:00", "18:00", "19:00", "20:00"]
    assert drawn.band.startswith("M")
    assert drawn.band.endswith("Z")


def test_a_cell_beyond_a_limit_is_drawn_in_volts(journal: Journal) -> None:
    span = picture(journal, heat("s1/m03/c05", quantity="cell_voltage_v", setpoint=3.0))

    assert span is not None
    (chart,) = span.charts
    own, peers, limit = chart.lines
    assert chart.title == "cell 5 of module 3 of Rack 1 against its 237 peers"
    assert (chart.unit, chart.digits) == ("V", 3)
    assert peers.value[-1] - own.value[-1] == pytest.approx(0.012, abs=1e-6)
    assert limit.value[-1] == 3.0


@pytest.mark.parametrize(
    ("component", "evidence"),
    [
        ("s1/m03/c05", {"unit": "V", "baseline_mv": -1.5}),
        ("s1/m03", {"unit": "mΩ", "cell": "s1/m03/c05", "before_mv": -1.5}),
    ],
)
def test_a_cell_that_was_compared_is_drawn_by_its_difference_in_millivolts(
    journal: Journal, component: str, evidence: dict[str, object]
) -> None:
    alarm = heat(component, quantity="cell_voltage_v", evidence=evidence, setpoint=0.006)

    span = picture(journal, alarm)

    assert span is not None
    (chart,) = span.charts
    own, normal, limit = chart.lines
    assert (own.name, chart.unit) == ("cell 5", "mV")
    assert own.value[-1] == pytest.approx(-12.0, abs=0.01)
    assert (normal.value[-1], limit.value[-1]) == (-1.5, -7.5)
    assert chart.band is not None
    assert chart.band.high.max() == pytest.approx(0.0, abs=0.01)


def test_of_a_module_whose_cells_are_in_question_the_lowest_is_drawn(journal: Journal) -> None:
    span = picture(journal, heat("s1/m03", quantity="cell_voltage_v"))

    assert span is not None
    assert span.charts[0].lines[0].value[-1] == pytest.approx(3.638, abs=1e-6)
    assert span.charts[0].title.endswith("16 peers")


@pytest.mark.parametrize("component", ["-", "s1", "s2/m01", "s1/m18"])
def test_what_has_no_peers_and_no_reading_has_no_picture(journal: Journal, component: str) -> None:
    assert picture(journal, heat(component, evidence={})) is None


def test_a_rack_is_drawn_in_its_air_with_the_limit_of_its_own_step(journal: Journal) -> None:
    evidence = {"unit": "K", "measure": "further above its air than normal", "normal_k": 1.5}

    span = picture(journal, heat("s1", evidence=evidence, setpoint=1.8))

    assert span is not None
    (chart,) = span.charts
    rack, air, limit = chart.lines
    assert chart.title == "Rack 1 in its air"
    assert (rack.value[-1], air.value[-1]) == (pytest.approx(24.1), pytest.approx(22.0))
    assert limit.value[-1] == pytest.approx(22.0 + 1.5 + 1.8)
    assert chart.band is not None
    assert chart.band.name == "its 34 sensors"


def test_of_a_room_the_limit_follows_the_coolest_air_of_two_hours(journal: Journal) -> None:
    evidence = {"unit": "K", "measure": "risen within two hours", "risen": "air"}

    span = picture(journal, heat("s1", evidence=evidence, setpoint=5.0))

    assert span is not None
    (limit,) = [line for line in span.charts[0].lines if line.is_limit]
    assert limit.name == "limit of the air"
    assert limit.value[-1] == pytest.approx(27.0)


def test_modules_that_part_on_charge_are_drawn_by_how_much_they_differ(journal: Journal) -> None:
    span = picture(journal, heat("s1", evidence={"unit": "K", "at_rest_k": 0.2}, setpoint=3.0))

    assert span is not None
    differ, at_rest, limit = span.charts[0].lines
    assert differ.value[-1] == pytest.approx(4.1, abs=0.1)
    assert (at_rest.value[-1], limit.value[-1]) == (0.2, 3.2)


def test_a_limit_on_the_whole_battery_is_drawn_by_what_it_reads(journal: Journal) -> None:
    alarm = heat(
        "-",
        quantity="ambient_temperature_c",
        setpoint=28.0,
        evidence={"column": "-:ambient_temperature_c"},
    )

    span = picture(journal, alarm)

    assert span is not None
    read, limit = span.charts[0].lines
    assert span.charts[0].title == "Rack 1: air temperature of the room"
    assert (read.value[-1], limit.value[-1]) == (22.0, 28.0)


def test_a_flag_has_no_picture(journal: Journal) -> None:
    alarm = heat(
        "-", quantity="gas_alarm", setpoint=1.0, evidence={"column": "-:gas_alarm"}
    )  # fmt: skip

    assert picture(journal, alarm) is None


def test_a_day_is_drawn_by_means_of_minutes_and_keeps_its_gaps(journal: Journal) -> None:
    span = picture(journal, heat(raised_at_s=NOON_S - 8 * HOUR_S))

    assert span is not None
    own = span.charts[0].lines[1]
    assert 150 < len(own.at_s) <= POINTS_DRAWN
    assert own.value[-1] == pytest.approx(28.1, abs=0.1)


def test_it_begins_before_the_alarm_and_ends_soon_after_its_return(journal: Journal) -> None:
    day_ago_s = NOON_S - 24 * HOUR_S
    over = heat(
        condition=Condition.NORMAL, raised_at_s=day_ago_s, returned_at_s=day_ago_s + 10 * HOUR_S
    )

    span = picture(journal, over)

    assert span is not None
    assert (span.from_s, span.to_s) == (day_ago_s - 2 * HOUR_S, day_ago_s + 11 * HOUR_S)


def test_of_an_alarm_that_stands_for_weeks_the_last_two_days_are_drawn(journal: Journal) -> None:
    now_s = NOON_S + 45 * HOUR_S

    span = picture(journal, heat(raised_at_s=NOON_S - 30 * 86_400), now_s=now_s)

    assert span is not None
    assert span.to_s == now_s
    assert span.to_s - span.from_s == pytest.approx(48 * HOUR_S, abs=300)


def test_it_begins_with_the_first_reading(journal: Journal) -> None:
    span = picture(journal, heat(raised_at_s=NOON_S - 30 * 86_400))

    assert span is not None
    assert span.to_s - span.from_s == pytest.approx(6 * HOUR_S, abs=300)


def test_alarms_about_one_place_share_a_picture_and_only_some_are_drawn(journal: Journal) -> None:
    alarms = [
        heat(),
        heat(),
        heat("s1", evidence={}),
        heat("s1/m02"),
        heat("s1/m03"),
        heat("s1/m04"),
    ]

    found = pictures_of(
        Trend(journal), alarms, make_asset(geometry=RACK), LAYOUT, now_s=NOON_S, count_max=3
    )

    titles = [span.charts[0].title.partition(" of ")[0] for span in found]
    assert titles == ["module 7", "module 2", "module 3"]


@pytest.mark.parametrize("columns", [80, 120])
def test_in_a_terminal_it_is_drawn_as_wide_as_there_is_room(journal: Journal, columns: int) -> None:
    span = picture(journal, heat(raised_at_s=NOON_S - HOUR_S, setpoint=50.0))
    assert span is not None

    lines = list(picture_lines(span, columns=columns))

    assert lines[0] == "module 7 of Rack 1 against its 16 peers, °C"
    drawing = lines[1 : 1 + HEIGHT]
    assert all(len(line) <= columns for line in lines)
    assert drawing[0].lstrip().startswith("50.0┤╌╌╌╌")
    assert "│" in drawing[3]
    assert "○" in "".join(drawing)
    assert lines[2 + HEIGHT].strip().startswith("2025-11-25T06:00:00Z")
    assert lines[2 + HEIGHT].endswith("2025-11-25T12:00:00Z")
    key = " ".join(lines[3 + HEIGHT :])
    assert "○ sensor 2 24.1 to 28.0, last 28.0" in key
    assert "░ peers 24.0 to 24.2" in key
    assert "│ raised 2025-11-25T11:00:00Z" in key


def test_a_gap_is_blank_in_a_terminal(journal: Journal) -> None:
    span = picture(journal, heat(), now_s=NOON_S + 3 * HOUR_S)
    assert span is not None

    drawing = list(picture_lines(span, columns=80))[1 : 1 + HEIGHT]

    assert all(len(line) < 60 for line in drawing)


def test_programs_get_the_same_numbers_and_null_where_nothing_was_read(journal: Journal) -> None:
    span = picture(journal, heat(), now_s=NOON_S + 3 * HOUR_S)

    found = picture_as_json(span)

    assert found is not None
    lines = found["lines"]
    assert isinstance(lines, dict)
    assert {len(values) for values in lines.values()} == {WIDTH}
    assert lines["sensor 2"][0] == 24.1
    assert lines["sensor 2"][-1] is None
    assert found["marks"] == [{"at": "2025-11-25T11:59:00Z", "name": "raised"}]


def test_where_nothing_was_read_at_all_that_is_said(journal: Journal) -> None:
    day_later_s = NOON_S + 86_400

    span = picture(journal, heat(raised_at_s=day_later_s - 400), now_s=day_later_s)

    assert span is not None
    assert list(picture_lines(span))[-1] == "  nothing was read"


def test_many_peers_are_represented_by_some(journal: Journal) -> None:
    class Counted(Trend):
        asked = 0

        def lines(
            self,
            asset_id: str,
            columns: Sequence[Column],
            from_s: float,
            to_s: float,
            *,
            points_max: int,
        ) -> tuple[TrendLine, ...]:
            self.asked += len(columns)
            return super().lines(asset_id, columns, from_s, to_s, points_max=points_max)

    trend = Counted(journal)
    picture_of(
        trend,
        heat("s1/m03/c05", quantity="cell_voltage_v"),
        make_asset(geometry=RACK),
        LAYOUT,
        now_s=NOON_S,
    )

    assert trend.asked == COLUMNS_MAX + 1
