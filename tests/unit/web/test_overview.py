"""The overview page: what it says of known, unknown and silent batteries."""

from datetime import date

import pytest

from batteryd.domain.alarm import Alarm, Condition, Priority
from batteryd.domain.clearance import HoldCode
from batteryd.domain.notification import DeliveryState, Notification
from batteryd.domain.snapshot import Snapshot, failed_snapshot
from batteryd.domain.work import WorkState
from batteryd.web.cabinet import Cabinet
from batteryd.web.order import Decided
from batteryd.web.overview import Facts, Overview, build_overview
from tests.builders import NOON_S, make_alarm, make_key, make_snapshot
from tests.looks import get, make_app, make_clearance, make_finding, make_look, make_order


def facts(*snapshots: Snapshot, alarms: tuple[Alarm, ...] = ()) -> Facts:
    return Facts(make_look(*snapshots, alarms=alarms))


def cabinet_of(view: Overview) -> Cabinet:
    return view.rooms[0].panels[0].cabinets[0]


async def page_of(view: Overview) -> str:
    return (await get(make_app(overview=lambda: view), "/")).text


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

    view = build_overview(Facts(make_look(failed, last_good={"rack-1": good})), now_s=NOON_S)

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


async def test_the_live_part_is_the_same_without_the_frame() -> None:
    view = build_overview(facts(make_snapshot()), now_s=NOON_S)
    app = make_app(overview=lambda: view)

    whole, part = (await get(app, "/")).text, (await get(app, "/live")).text

    assert part.strip() in whole
    assert "<html" not in part


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
    view = build_overview(Facts(make_look(), messages=(message,)), now_s=NOON_S)

    page = await page_of(view)
    assert "given up, 4 attempts" in page
    assert "410 Gone" in page


async def test_answers_forbid_foreign_content_and_caching() -> None:
    answer = await get(make_app(), "/api/status")

    assert answer.json() == {"a": 1}
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


async def test_racks_lead_to_their_pages_and_findings_are_counted() -> None:
    findings = (make_finding("F-1"), make_finding("F-2", closed_on=date(2025, 11, 1)))

    view = build_overview(Facts(make_look(make_snapshot()), findings=findings), now_s=NOON_S)

    page = await page_of(view)
    assert view.findings_open == 1
    assert cabinet_of(view).findings_open == 1
    assert 'href="/battery/rack-1"' in page
    assert "<b>1</b> finding open" in page
    assert "<b>1</b> open finding<" in page


async def test_work_that_is_not_over_stands_near_the_top_with_its_word_and_codes() -> None:
    orders = (
        Decided(make_order("WO-2", starts_at_s=NOON_S + 86_400)),
        Decided(make_order("WO-1"), make_clearance(HoldCode.NOT_ISOLATED)),
        Decided(make_order("WO-0", state=WorkState.CLOSED)),
    )

    view = build_overview(Facts(make_look(make_snapshot()), orders=orders), now_s=NOON_S)

    page = await page_of(view)
    assert [line.order.work_order_id for line in view.orders] == ["WO-1", "WO-2"]
    assert page.index("<b>WO-1</b>") < page.index("<h2>Alarms</h2>")
    assert "PW-04" in page
    assert "WO-0" not in page
