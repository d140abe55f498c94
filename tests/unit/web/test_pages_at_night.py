"""What somebody who was woken sees first, in the time of the site and on a telephone."""

from dataclasses import replace

import numpy as np
import pytest

from batteryd.domain.alarm import Alarm
from batteryd.web.battery import BatteryFacts, build_battery
from batteryd.web.chart import WIDTH, Chart, ChartLine, ChartSpan, plot
from batteryd.web.overview import Facts, build_overview
from batteryd.web.words import in_local_time, local_when
from tests.builders import NOON_S, make_alarm
from tests.looks import get, make_app, make_look

SEOUL = "Asia/Seoul"
HOUR_S, DAY_S = 3600.0, 86_400.0


async def page_of(alarm: Alarm, *pictures: ChartSpan, now_s: float = NOON_S) -> str:
    """Return the page of the battery that an alarm is about."""
    facts = BatteryFacts(make_look(alarms=(alarm,)), pictures=pictures)
    view = build_battery(facts, "rack-1", now_s=now_s)
    return (await get(make_app(battery=lambda _: view), "/battery/rack-1")).text


def picture_of(alarm: Alarm) -> ChartSpan:
    """Return six hours around an alarm."""
    at_s = np.arange(NOON_S - 6 * HOUR_S, NOON_S, 600.0)
    chart = Chart("module 2", "°C", (ChartLine("read", at_s, np.full(len(at_s), 41.2)),), digits=1)
    return ChartSpan("around", NOON_S - 6 * HOUR_S, NOON_S, (chart,), about=str(alarm.key))


@pytest.mark.parametrize(
    ("ago_s", "shown"),
    [(60.0, "20:59:00"), (19 * HOUR_S, "02:00:00"), (3 * DAY_S, "2025-11-22 21:00 KST")],
)
def test_what_is_not_of_the_last_hours_is_told_with_its_day(ago_s: float, shown: str) -> None:
    assert local_when(NOON_S - ago_s, NOON_S, SEOUL) == shown


def test_a_sentence_has_its_instants_as_the_site_counts_them() -> None:
    why = "Rack 1: no answer for 60 s, since 2025-09-26T11:16:44Z (timeout)"

    assert in_local_time(why, SEOUL) == (
        "Rack 1: no answer for 60 s, since 2025-09-26 20:16:44 KST (timeout)"
    )


async def test_an_alarm_that_is_days_old_says_so_on_both_pages() -> None:
    alarm = make_alarm()  # raised a minute before noon, 20:59 in Seoul
    later_s = NOON_S + 3 * DAY_S
    overview = build_overview(Facts(make_look(alarms=(alarm,))), now_s=later_s)

    for page in (
        await page_of(alarm, now_s=later_s),
        (await get(make_app(overview=lambda: overview), "/")).text,
    ):
        assert "since 2025-11-25 20:59 KST" in page


async def test_alarms_stand_before_papers_with_the_key_to_acknowledge_them_by() -> None:
    alarm = make_alarm()

    page = await page_of(alarm)

    assert 0 < page.index(f">{alarm.key}<") < page.index("<h2>Warranty</h2>")


async def test_the_picture_of_an_alarm_is_drawn_for_a_telephone_as_well() -> None:
    alarm = make_alarm()

    page = await page_of(alarm, picture_of(alarm))

    assert page.count('aria-label="module 2, around"') == 2
    assert f'<svg class="narrow" viewBox="0 0 {WIDTH}' in page


def test_a_label_of_the_time_axis_never_runs_out_of_the_chart() -> None:
    span = picture_of(make_alarm())
    just_over_s = NOON_S + 60  # a minute after a full hour

    drawn = plot(span.charts[0], replace(span, to_s=just_over_s), time_zone="UTC")

    assert [tick.text for tick in drawn.x_ticks] == ["07:00", "08:00", "09:00", "10:00", "11:00"]
    assert all(tick.at < WIDTH - 14 for tick in drawn.x_ticks)
