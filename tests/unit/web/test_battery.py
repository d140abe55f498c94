"""A battery's own page: what it is, what covers it, what is wrong, what hangs on it."""

from dataclasses import replace
from datetime import date

import numpy as np

from batteryd.domain.alarm import AlarmKey, Priority
from batteryd.domain.component import WHOLE_BATTERY, Component, Scope
from batteryd.domain.conditions import ConditionFinding, ConditionStanding, ContractCondition
from batteryd.domain.inventory import Battery, Room
from batteryd.domain.nameplate import DeviceDate, Nameplate
from batteryd.domain.warranty import WarrantyAssessment, WarrantyStatus
from batteryd.web.battery import BatteryFacts, BatteryView, build_battery
from batteryd.web.chart import Chart, ChartBand, ChartLine, ChartMark, ChartSpan
from batteryd.web.order import Decided
from tests.builders import (
    NOON_S,
    make_alarm,
    make_battery,
    make_inventory,
    make_key,
    make_snapshot,
)
from tests.looks import get, make_app, make_finding, make_look, make_order

UNKNOWN_HEAT = ConditionFinding(
    asset_id="rack-1",
    condition=ContractCondition.TEMPERATURE,
    standing=ConditionStanding.UNKNOWN,
    limit=100.0,
    observed=3.0,
    observed_max=4.0,
    unit="h above 35 °C",
    since_s=NOON_S - 3600,
    unobserved_share=0.9975,
    source="journal roll-ups 2025-11-01T00:00:00Z to 2025-11-25T11:00:00Z",
    text="3.0 to 4.0 h above 35 °C were seen, but 97,080 h of its use were not observed",
)


def view_of(facts: BatteryFacts, asset_id: str = "rack-1") -> BatteryView:
    view = build_battery(facts, asset_id, now_s=NOON_S)
    assert view is not None
    return view


async def page_of(facts: BatteryFacts, asset_id: str = "rack-1") -> str:
    return (await get(make_app(battery=lambda _: view_of(facts, asset_id)), "/battery/x")).text


async def test_nameplate_warranty_and_age_are_shown() -> None:
    assessment = WarrantyAssessment(
        "rack-1", date(2025, 11, 25), WarrantyStatus.EXPIRED, date(2024, 8, 19), -463, "120 months"
    )
    look = make_look(make_snapshot(at_s=NOON_S - 7), assessments={"rack-1": assessment})
    said = Nameplate(
        "Batteryd Works", "LR-17", "EC-1", "2.04", DeviceDate(date(2013, 6, 1), "06/01/13")
    )

    page = await page_of(BatteryFacts(look, nameplate=said))

    assert "out of warranty since 2024-08-20" in page
    assert "<dt>days left</dt><dd>-463</dd>" in page
    assert "<dt>approved by</dt><dd>unknown</dd>" in page
    assert "<dt>serial number</dt><dd>EC-0001</dd>" in page
    assert "2013-06-01 <small>06/01/13</small>" in page
    assert "7 s old" in page


async def test_findings_are_those_of_this_battery_open_ones_first() -> None:
    findings = (
        make_finding("F-1", opened_on=date(2023, 2, 1), closed_on=date(2023, 2, 3),
                     closed_by="Kim", evidence="cover fastened"),
        make_finding("F-2"),
        make_finding("F-3", asset_id="rack-2"),
    )  # fmt: skip

    view = view_of(BatteryFacts(make_look(), findings=findings))

    assert [f.finding_id for f in view.findings] == ["F-2", "F-1"]
    assert view.findings_open == 1
    page = await page_of(BatteryFacts(make_look(), findings=findings))
    assert "closed 2023-02-03 by Kim: cover fastened" in page


async def test_conditions_say_how_they_stand_and_what_nobody_saw() -> None:
    page = await page_of(BatteryFacts(make_look(), conditions=(UNKNOWN_HEAT,)))

    assert '<span class="word">unknown</span> <b>temperature</b>' in page
    assert "99.8 % of its use not observed" in page
    assert "97,080 h of its use were not observed" in page


def test_alarms_are_its_own_and_its_room_s() -> None:
    gas = AlarmKey("daejeon", "room-5b", WHOLE_BATTERY, "gas")
    alarms = (make_alarm(make_key(asset_id="rack-2")), make_alarm(gas), make_alarm())

    view = view_of(BatteryFacts(make_look(alarms=alarms)))

    assert {a.key.asset_id for a in view.alarms} == {"rack-1", "room-5b"}


def test_an_alarm_of_its_room_is_shown_whichever_battery_said_it_first() -> None:
    inventory = make_inventory(
        make_battery(), make_battery("rack-2"), make_battery("rack-9", room_id="room-6")
    )
    rooms = {**inventory.rooms, "room-6": Room("room-6", "daejeon", "Room 6")}
    by = [{"rule": "room_warming", "component": "s1", "asset_id": n} for n in ("rack-2", "rack-1")]
    alarms = tuple(
        make_alarm(
            AlarmKey("daejeon", asset_id, Component(1), "room_warming"),
            scope=Scope.ROOM,
            evidence={"found": found},
        )
        for asset_id, found in (("rack-2", by), ("rack-9", []))
    )
    look = make_look(alarms=alarms, inventory=replace(inventory, rooms=rooms))

    assert [a.key.asset_id for a in view_of(BatteryFacts(look)).alarms] == ["rack-2"]
    assert look.worst("rack-1") is Priority.HIGH
    assert look.worst("rack-9") is Priority.HIGH
    alone = make_look(alarms=alarms[1:], inventory=look.inventory)
    assert alone.worst("rack-1") is None


def test_work_and_services_are_those_that_touch_it() -> None:
    orders = (Decided(make_order("WO-1")), Decided(make_order("WO-2", batteries=("rack-2",))))

    view = view_of(BatteryFacts(make_look(), orders=orders))

    assert [line.order.work_order_id for line in view.orders] == ["WO-1"]
    assert [(s.grade, s.name) for s in view.impact] == [
        (1, "mobile identity"),
        (4, "staff canteen"),
    ]


async def test_a_battery_that_nobody_polls_has_a_page_all_the_same() -> None:
    unpolled = make_look(inventory=make_inventory(make_battery(source=None)))

    page = await page_of(BatteryFacts(unpolled))

    assert view_of(BatteryFacts(unpolled)).cabinet is None
    assert "Nobody polls this battery" in page


async def test_charts_are_drawn_and_say_what_is_missing() -> None:
    at_s = np.array([NOON_S - 7200, NOON_S - 3600])
    line = ChartLine("hottest", at_s, np.array([24.0, 31.5]))
    charts = (
        Chart("Temperature", "°C", (line,), digits=1),
        Chart("Cell spread", "mV", (), missing="the device does not report it"),
    )
    span = ChartSpan("Last 24 hours", NOON_S - 86_400, NOON_S, charts)

    page = await page_of(BatteryFacts(make_look(), charts=(span,)))

    assert "hottest 31.5 °C" in page
    assert '<path class="stroke line1" d="M' in page
    assert "nothing was read" in page
    assert "not shown: the device does not report it" in page


async def test_an_alarms_place_is_drawn_over_the_band_of_its_peers() -> None:
    at_s = np.array([NOON_S - 7200, NOON_S - 3600, NOON_S])
    chart = Chart(
        "module 7 of Rack 1 against its 16 peers",
        "°C",
        (
            ChartLine("module 7", at_s, np.array([24.1, 25.0, 28.1])),
            ChartLine("peers", at_s, np.array([24.1, 24.1, 24.2])),
            ChartLine("limit", at_s, np.array([25.6, 25.6, 25.6]), is_limit=True),
        ),
        digits=1,
        band=ChartBand(at_s, np.array([24.0, 24.0, 24.0]), np.array([24.4, 24.5, 24.4])),
        marks=(ChartMark(NOON_S - 3600, "medium"),),
    )
    alarm = make_alarm()
    from_s = NOON_S - 6 * 3600
    span = ChartSpan("around the alarm", from_s, NOON_S, (chart,), about=str(alarm.key))

    page = await page_of(BatteryFacts(make_look(alarms=(alarm,)), pictures=(span,)))

    assert "module 7 of Rack 1 against its 16 peers" in page
    assert "module 7 28.1 °C" in page
    assert "limit 25.6 °C" in page
    assert page.index('<path class="band" d="M') < page.index('<path class="stroke line1"')
    assert '<path class="stroke limit"' in page
    assert '<line class="mark medium"' in page
    assert ">KST</text>" in page


async def test_a_sentence_that_is_not_fresh_says_as_of_when_in_the_time_of_the_site() -> None:
    said = "module 5 of Rack 1 is 4.4 K above its 16 peers"
    hours_ago, days_ago, just_now = (
        make_alarm(make_key(place), why=said, raised_at_s=at_s, changed_at_s=at_s)
        for place, at_s in (
            ("s1/m05", NOON_S - 7200),
            ("s1/m06", NOON_S - 3 * 86_400),
            ("s1/m07", NOON_S - 30),
        )
    )

    page = await page_of(BatteryFacts(make_look(alarms=(hours_ago, days_ago, just_now))))

    assert f'<p class="why">at 19:00:00: {said}</p>' in page
    assert f'<p class="why">at 2025-11-22 21:00 KST: {said}</p>' in page
    assert f'<p class="why">{said}</p>' in page


async def test_an_alarm_says_what_was_found_and_what_it_was_judged_by() -> None:
    found = [
        {
            "rule": "module_warmer",
            "component": "s1/m02",
            "at_s": NOON_S - 3600,
            "priority": "medium",
            "why": "module 2 of Rack 1 is 2.3 K above its 2 peers",
            "over_at_s": NOON_S - 600,
        },
        {
            "rule": "module_drifting",
            "component": "s1/m02",
            "at_s": NOON_S - 1800,
            "priority": "medium",
            "why": "module 2 of Rack 1 2.0 K warmer than its own normal",
        },
    ]
    evidence = {"unit": "K", "peer_count": 2, "data_age_s": 0.0, "found": found}

    page = await page_of(BatteryFacts(make_look(alarms=(make_alarm(evidence=evidence),))))

    assert "20:00:00 to 20:50:00</span> <span>module 2 of Rack 1 is 2.3 K above" in page
    assert "20:30:00</span> <span>module 2 of Rack 1 2.0 K warmer" in page
    assert "<dt>peer count</dt><dd>2</dd>" in page
    assert "<dt>found</dt>" not in page


async def test_the_same_as_json() -> None:
    facts = BatteryFacts(
        make_look(make_snapshot(at_s=NOON_S - 7), alarms=(make_alarm(),)),
        conditions=(UNKNOWN_HEAT,),
        findings=(make_finding(),),
        orders=(Decided(make_order()),),
    )

    found = (await get(make_app(battery=lambda _: view_of(facts)), "/api/battery/rack-1")).json()

    assert found["register"]["dates"]["installed_on"] == "2014-08-20"
    assert found["readings"]["age_s"] == 7.0
    assert found["conditions"][0]["since"] == "2025-11-25T11:00:00Z"
    assert found["findings"][0]["opened_on"] == "2024-06-27"
    assert found["alarms"][0]["priority"] == "high"
    assert found["work_orders"][0]["verdict"] == "HOLD"
    assert found["impact"][0]["grade"] == 1
    assert found["warranty"] is None


async def test_what_the_register_says_is_escaped() -> None:
    evil = "<script>alert(1)</script>"
    battery: Battery = make_battery(rack=evil, manufacturer=evil, serial_number=evil)
    look = make_look(make_snapshot(), inventory=make_inventory(battery))
    facts = BatteryFacts(
        look,
        nameplate=Nameplate(evil, evil, evil, evil),
        conditions=(replace(UNKNOWN_HEAT, text=evil, source=evil),),
        findings=(make_finding(text=evil, opened_by=evil, document=evil),),
    )

    assert "<script>alert" not in await page_of(facts)


async def test_a_battery_that_is_not_there_is_a_page_with_its_name() -> None:
    assert build_battery(BatteryFacts(make_look()), "rack-9", now_s=NOON_S) is None

    answer = await get(make_app(), "/battery/%3Cb%3Erack-9")

    assert answer.status_code == 404
    assert "&lt;b&gt;rack-9" in answer.text
    assert (await get(make_app(), "/api/battery/rack-9")).status_code == 404


async def test_an_id_with_a_slash_is_found() -> None:
    asked: list[str] = []

    await get(make_app(battery=asked.append), "/battery/room%2F5b%20rack")

    assert asked == ["room/5b rack"]
