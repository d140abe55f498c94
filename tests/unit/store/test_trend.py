import numpy as np
import pytest

from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Column, Layout, Snapshot, parse_column
from batteryd.errors import StoreError
from batteryd.store.fold import Summaries, polls
from batteryd.store.journal import Journal
from batteryd.store.rollup import Rollup
from batteryd.store.trend import Trend, TrendLine
from tests.builders import NOON_S

SENSOR = parse_column("s1/m02/t1:temperature_c")
LAYOUT = Layout.of([parse_column("-:soc_pct"), SENSOR])
HOUR_S = 3600


class RemoteFake:
    """Has one value a period, 20 °C, before everything else; or fails."""

    def __init__(self, error: str = "") -> None:
        self.asked: list[tuple[str, str, float, float, int]] = []
        self._error = error

    def summaries(
        self, asset_id: str, column: Column, from_s: float, to_s: float, *, period_s: int
    ) -> Summaries:
        self.asked.append((asset_id, str(column), from_s, to_s, period_s))
        if self._error:
            raise StoreError(self._error)
        at_ms = np.arange(from_s // period_s * period_s, to_s, period_s, dtype=np.int64) * 1000
        return polls(np.zeros(len(at_ms), np.int64), at_ms, np.full((len(at_ms), 1), 20.0))


def fill(journal: Journal, temperatures: list[float], *, every_s: float = 10) -> None:
    """Append polls of rack-1 from noon on; NaN is a bad value."""
    journal.append(
        [
            Snapshot(
                "rack-1",
                NOON_S + i * every_s,
                LAYOUT,
                np.array([80.0, temperature]),
                np.array([0, Quality.MISSING if np.isnan(temperature) else 0], np.uint8),
            )
            for i, temperature in enumerate(temperatures)
        ]
    )
    while Rollup(journal).step():
        pass


def line_of(
    trend: Trend, asset_id: str, column: Column, from_s: float, to_s: float, *, points_max: int
) -> TrendLine:
    (line,) = trend.lines(asset_id, [column], from_s, to_s, points_max=points_max)
    return line


def forget_polls(journal: Journal, table: str = "snapshot") -> None:
    with journal.file.write() as db:
        db.execute(f"DELETE FROM {table}")


def test_few_polls_are_shown_as_they_were_read(journal: Journal) -> None:
    fill(journal, [24.0, float("nan"), 41.5])

    line = line_of(Trend(journal), "rack-1", SENSOR, NOON_S, NOON_S + 60, points_max=100)

    assert line.period_s == 0
    assert line.at_s.tolist() == [NOON_S, NOON_S + 10, NOON_S + 20]
    assert line.mean[[0, 2]].tolist() == [24.0, 41.5]
    assert np.isnan(line.mean[1])


def test_many_polls_are_shown_by_the_minute(journal: Journal) -> None:
    fill(journal, [24.0 + i % 6 for i in range(360)])

    line = line_of(Trend(journal), "rack-1", SENSOR, NOON_S, NOON_S + HOUR_S, points_max=100)

    assert line.period_s == 60
    assert len(line.at_s) == 60
    assert (line.minimum[0], line.mean[0], line.maximum[0]) == (24.0, 26.5, 29.0)


def test_many_minutes_are_shown_by_the_hour(journal: Journal) -> None:
    fill(journal, [24.0, 26.0] * 720, every_s=60)

    line = line_of(Trend(journal), "rack-1", SENSOR, NOON_S, NOON_S + 24 * HOUR_S, points_max=50)

    assert line.period_s == HOUR_S
    assert len(line.at_s) == 24
    assert set(line.mean.tolist()) == {25.0}


def test_many_hours_are_folded_until_they_fit(journal: Journal) -> None:
    fill(journal, [24.0 + i for i in range(100)], every_s=HOUR_S)

    line = line_of(Trend(journal), "rack-1", SENSOR, NOON_S, NOON_S + 100 * HOUR_S, points_max=10)

    assert len(line.at_s) <= 10
    assert line.period_s % HOUR_S == 0
    assert (line.minimum.min(), line.maximum.max()) == (24.0, 123.0)


def test_polls_that_are_forgotten_are_shown_by_the_minute(journal: Journal) -> None:
    fill(journal, [24.0, 26.0, 28.0])
    forget_polls(journal)

    line = line_of(Trend(journal), "rack-1", SENSOR, NOON_S, NOON_S + 60, points_max=100)

    assert line.period_s == 60
    assert line.mean.tolist() == [26.0]


def test_a_spike_survives_any_folding(journal: Journal) -> None:
    fill(journal, [24.0] * 500 + [63.0] + [24.0] * 499, every_s=60)

    line = line_of(Trend(journal), "rack-1", SENSOR, NOON_S, NOON_S + 1000 * 60, points_max=3)

    assert len(line.at_s) <= 3
    assert line.maximum.max() == 63.0


def test_what_lies_before_the_journal_is_asked_of_influxdb(journal: Journal) -> None:
    fill(journal, [24.0] * 360)
    remote = RemoteFake()

    line = line_of(
        Trend(journal, remote), "rack-1", SENSOR, NOON_S - HOUR_S, NOON_S + HOUR_S, points_max=1000
    )

    assert remote.asked == [
        ("rack-1", "s1/m02/t1:temperature_c", NOON_S - HOUR_S, NOON_S, 60),
    ]
    assert line.at_s.tolist() == [NOON_S - HOUR_S + 60 * i for i in range(120)]
    assert line.mean[:60].tolist() == [20.0] * 60
    assert line.mean[60:].tolist() == [24.0] * 60


def test_influxdb_is_left_alone_while_the_journal_has_the_range(journal: Journal) -> None:
    fill(journal, [24.0] * 360)
    remote = RemoteFake()

    line_of(Trend(journal, remote), "rack-1", SENSOR, NOON_S, NOON_S + HOUR_S, points_max=1000)

    assert remote.asked == []


def test_an_influxdb_that_does_not_answer_costs_its_part_only(journal: Journal) -> None:
    fill(journal, [24.0, 25.0])
    trend = Trend(journal, RemoteFake("http://influx.example: no answer"))

    line = line_of(trend, "rack-1", SENSOR, NOON_S - HOUR_S, NOON_S + 60, points_max=100)

    assert line.mean.tolist() == [24.0, 25.0]
    assert line.missing == "http://influx.example: no answer"


@pytest.mark.parametrize("points_max", [2, 3, 7, 50, 361])
def test_there_are_never_more_points_than_asked_for(journal: Journal, points_max: int) -> None:
    fill(journal, [24.0] * 400, every_s=47)

    for begin_s in (0, 13, 3599):
        line = line_of(
            Trend(journal, RemoteFake()),
            "rack-1",
            SENSOR,
            NOON_S - 7200 + begin_s,
            NOON_S + begin_s + 20_000,
            points_max=points_max,
        )
        assert 0 < len(line.at_s) <= points_max


def test_an_asset_that_was_never_seen_has_no_points(journal: Journal) -> None:
    fill(journal, [24.0])

    line = line_of(Trend(journal), "rack-9", SENSOR, 0, NOON_S * 2, points_max=100)

    assert len(line.at_s) == 0


def test_a_battery_whose_layout_has_changed_is_one_line(journal: Journal) -> None:
    fill(journal, [24.0, 26.0])
    for at_s, columns in ((30, [SENSOR]), (40, [parse_column("-:soc_pct")])):
        journal.append(
            [
                Snapshot(
                    "rack-1",
                    NOON_S + at_s,
                    Layout.of(columns),
                    np.array([31.0]),
                    np.zeros(1, np.uint8),
                )
            ]
        )
    Rollup(journal).step()
    forget_polls(journal)

    line = line_of(Trend(journal), "rack-1", SENSOR, NOON_S, NOON_S + 60, points_max=100)

    assert line.mean.tolist() == [27.0]
    assert line.maximum.tolist() == [31.0]


def test_an_asset_that_only_influxdb_knows_is_shown(journal: Journal) -> None:
    line = line_of(
        Trend(journal, RemoteFake()), "rack-9", SENSOR, NOON_S, NOON_S + HOUR_S, points_max=100
    )

    assert line.mean.tolist() == [20.0] * 60
