"""The overview page: what it says of known, unknown and silent batteries."""

from datetime import date

import httpx
import pytest

from batteryd.domain.alarm import Alarm, Condition, Priority
from batteryd.domain.inventory import Asset
from batteryd.domain.notification import DeliveryState, Notification
from batteryd.domain.snapshot import Snapshot, failed_snapshot
from batteryd.domain.warranty import WarrantyAssessment, WarrantyStatus
from batteryd.web.heatmap import colour, draw
from batteryd.web.overview import Cabinet, Facts, Overview, TemperatureScale, build_overview
from batteryd.web.pages import create_app
from batteryd.web.words import age, number, warranty
from tests.builders import NOON_S, make_alarm, make_inventory, make_key, make_snapshot

SCALE = TemperatureScale(40.0, 50.0)


def scale_of(_asset: Asset) -> TemperatureScale:
    return SCALE


def facts(*snapshots: Snapshot, alarms: tuple[Alarm, ...] = ()) -> Facts:
    return Facts(
        inventory=make_inventory(),
        latest={s.asset_id: s for s in snapshots},
        last_good={s.asset_id: s for s in snapshots if not s.is_failed},
        alarms=alarms,
        assessments={},
        messages=(),
        scale_of=scale_of,
    )


def cabinet_of(view: Overview) -> Cabinet:
    return view.rooms[0].panels[0].cabinets[0]


async def get(path: str, view: Overview) -> httpx.Response:
    app = create_app(overview=lambda: view, status=lambda: {"a": 1})
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.get(path)


async def page_of(view: Overview) -> str:
    return (await get("/", view)).text


def test_a_shelf_shows_the_hottest_good_sensor_of_its_module() -> None:
    snapshot = make_snapshot(
        values={"s1/m02/t1:temperature_c": 31.0, "s1/m02/t2:temperature_c": None}
    )

    view = build_overview(facts(snapshot), now_s=NOON_S + 3)

    assert [s.temperature_c for s in cabinet_of(view).shelves] == [24.5, 31.0, 24.5]
    assert cabinet_of(view).temperature_spread_k == pytest.approx(6.5)
    assert not cabinet_of(view).is_silent


async def test_a_battery_that_was_never_read_is_silent_and_knows_nothing() -> None:
    view = build_overview(facts(), now_s=NOON_S)

    cabinet = cabinet_of(view)
    assert cabinet.is_silent
    assert cabinet.soc_pct is None
    assert cabinet.shelves == ()
    assert view.silent_count == view.asset_count == 2
    assert "never read" in await page_of(view)


def test_what_was_read_this_very_moment_is_not_silent() -> None:
    view = build_overview(facts(make_snapshot(at_s=NOON_S)), now_s=NOON_S)

    assert cabinet_of(view).age_s == 0.0
    assert view.silent_count == 1  # the UPS, which was never read


async def test_a_failed_poll_keeps_the_last_good_values_with_their_age() -> None:
    good = make_snapshot(at_s=NOON_S - 300)
    failed = failed_snapshot("rack-1", good.layout, at_s=NOON_S, failure="timeout: no answer")

    view = build_overview(
        Facts(make_inventory(), {"rack-1": failed}, {"rack-1": good}, (), {}, (), scale_of),
        now_s=NOON_S,
    )

    assert cabinet_of(view).is_silent
    assert cabinet_of(view).soc_pct == 80.0
    assert "silent 5 min" in await page_of(view)


async def test_an_active_alarm_marks_its_shelf_and_its_cabinet() -> None:
    alarm = make_alarm(make_key("s1/m02/t1"), priority=Priority.CRITICAL)

    view = build_overview(facts(make_snapshot(), alarms=(alarm,)), now_s=NOON_S)

    assert [s.priority for s in cabinet_of(view).shelves] == [None, Priority.CRITICAL, None]
    assert cabinet_of(view).priority is Priority.CRITICAL
    assert "46.2 °C, above 40.0 °C" in await page_of(view)


def test_an_alarm_that_returned_marks_nothing_but_is_still_listed() -> None:
    alarm = make_alarm(condition=Condition.RETURNED_UNACKNOWLEDGED, returned_at_s=NOON_S - 5)

    view = build_overview(facts(make_snapshot(), alarms=(alarm,)), now_s=NOON_S)

    assert cabinet_of(view).priority is None
    assert view.count(Priority.HIGH) == 0
    assert view.alarms == (alarm,)


def test_alarms_stand_in_order_of_urgency() -> None:
    low = make_alarm(make_key("s1/m01"), priority=Priority.LOW)
    over = make_alarm(
        make_key("s1/m02"), priority=Priority.CRITICAL, condition=Condition.RETURNED_UNACKNOWLEDGED
    )
    high = make_alarm(make_key("s1/m03"), priority=Priority.HIGH)

    view = build_overview(facts(alarms=(low, over, high)), now_s=NOON_S)

    assert view.alarms == (high, low, over)


async def test_text_from_devices_and_people_is_escaped() -> None:
    alarm = make_alarm(why="<script>alert(1)</script>")

    page = await page_of(build_overview(facts(alarms=(alarm,)), now_s=NOON_S))

    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


async def test_the_page_never_calls_anything_safe() -> None:
    page = await page_of(build_overview(facts(make_snapshot()), now_s=NOON_S))

    assert "safe" not in page.lower()
    assert "decision support" in page


async def test_a_message_that_was_given_up_shows_why() -> None:
    message = Notification(
        7,
        3,
        "pager",
        "k",
        {"subject": "hot"},
        DeliveryState.GIVEN_UP,
        4,
        NOON_S,
        NOON_S,
        "410 Gone",
    )
    base = facts()

    view = build_overview(Facts(base.inventory, {}, {}, (), {}, (message,), scale_of), now_s=NOON_S)

    page = await page_of(view)
    assert "given up, 4 attempts" in page
    assert "410 Gone" in page


async def test_answers_forbid_foreign_content_and_caching() -> None:
    answer = await get("/api/status", build_overview(facts(), now_s=NOON_S))

    assert answer.json() == {"a": 1}
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("temperature_c", "expected"),
    [(5.0, "#407c96"), (20.0, "#407c96"), (50.0, "#c42c2c"), (90.0, "#c42c2c")],
)
def test_colours_end_at_both_ends_of_the_scale(temperature_c: float, expected: str) -> None:
    assert colour(temperature_c, SCALE) == expected


def test_the_same_colour_means_the_same_urgency_for_every_chemistry() -> None:
    assert colour(40.0, TemperatureScale(40, 50)) == colour(45.0, TemperatureScale(45, 55))
    assert colour(None, SCALE).startswith("url(")


def test_every_shelf_stays_inside_its_cabinet() -> None:
    drawing = draw(cabinet_of(build_overview(facts(make_snapshot()), now_s=NOON_S)))

    assert len(drawing.blocks) == 3
    assert all(b.x + b.width <= drawing.width for b in drawing.blocks)
    assert all(b.y + b.height <= drawing.height for b in drawing.blocks)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "never read"),
        (4, "4 s"),
        (119, "119 s"),
        (600, "10 min"),
        (9000, "2 h"),
        (2e5, "2 d"),
    ],
)
def test_ages_are_written_in_one_unit(seconds: float | None, text: str) -> None:
    assert age(seconds) == text


def test_unknown_numbers_are_called_unknown_and_zero_has_no_sign() -> None:
    assert number(None, "V") == "unknown"
    assert number(-0.04, "A", 1) == "0.0 A"


@pytest.mark.parametrize(
    ("status", "last_day", "days_left", "text"),
    [
        (WarrantyStatus.IN_WARRANTY, date(2029, 8, 19), 1200, "in warranty to 2029-08-19"),
        (WarrantyStatus.EXPIRING, date(2026, 1, 1), 37, "warranty ends in 37 d"),
        (WarrantyStatus.EXPIRED, date(2024, 8, 19), -463, "out of warranty since 2024-08-19"),
        (WarrantyStatus.UNKNOWN, None, None, "warranty unknown"),
    ],
)
def test_every_warranty_status_has_its_words(
    status: WarrantyStatus, last_day: date | None, days_left: int | None, text: str
) -> None:
    assessment = WarrantyAssessment("r", date(2025, 11, 25), status, last_day, days_left, "")

    assert warranty(assessment) == text
    assert warranty(None) == "warranty unknown"
