import json
from dataclasses import replace
from datetime import date

from batteryd.domain.alarm import AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.component import Component, Scope
from batteryd.domain.inventory import Room, Service, Site
from batteryd.domain.message import AlarmMessage, component_words
from batteryd.domain.warranty import WarrantyAssessment, WarrantyStatus

RAISED_AT_S = 1_758_885_404.0  # 2025-09-26T11:16:44Z

HOT = AlarmEvent(
    key=AlarmKey("daejeon", "rack-4", Component(string=1, module=3), "module-hot"),
    change=Change.RAISED,
    at_s=RAISED_AT_S,
    scope=Scope.MODULE,
    priority=Priority.CRITICAL,
    quantity="temperature_c",
    value=52.1,
    setpoint=50.0,
    why="Module 3 is at 52.1 °C, above its limit of 50 °C.",
    action="Leave the room and call the fire service.",
)
MESSAGE = AlarmMessage(
    event=HOT,
    since_s=RAISED_AT_S,
    site=Site("daejeon", "대전 데이터센터", "Asia/Seoul"),
    room=Room("b5", "daejeon", "5층 배터리실"),
    asset_name="Rack 4",
    observed_at_s=RAISED_AT_S - 4.0,
    warranty=WarrantyAssessment(
        "rack-4", date(2025, 9, 26), WarrantyStatus.EXPIRED, date(2024, 8, 31), -391, "contract"
    ),
    services=(Service("Mobile ID", 1, room_id="b5"), Service("Wiki", 4, room_id="b5")),
)


def test_a_message_says_what_where_when_and_what_depends_on_it() -> None:
    body = MESSAGE.as_body()

    assert body["value"] == 52.1
    assert body["unit"] == "°C"
    assert body["room"] == "5층 배터리실"
    assert body["component_words"] == "string 1, module 3"
    assert body["data_age_s"] == 4.0
    assert body["warranty_status"] == "expired"
    assert body["warranty_last_day"] == "2024-08-31"
    assert body["services"] == [{"name": "Mobile ID", "grade": 1}, {"name": "Wiki", "grade": 4}]


def test_what_a_comparison_found_has_its_own_unit_and_its_circumstances() -> None:
    evidence = {"unit": "K", "measure": "above its peers", "load": "no load", "beyond_for_s": 180.0}
    warmer = replace(HOT, value=4.2, setpoint=1.5, evidence=evidence)

    body = replace(MESSAGE, event=warmer).as_body()

    assert (body["value"], body["unit"], body["measure"]) == (4.2, "K", "above its peers")
    assert (body["load"], body["beyond_for_s"]) == ("no load", 180.0)
    assert MESSAGE.as_body()["measure"] == ""


def test_a_rack_with_one_string_is_not_told_of_it() -> None:
    assert replace(MESSAGE, has_strings=False).as_body()["component_words"] == "module 3"


def test_what_nobody_knows_is_null_and_its_key_is_still_there() -> None:
    bare = replace(MESSAGE, room=None, observed_at_s=None, warranty=None, services=())

    body = bare.as_body()

    assert body.keys() == MESSAGE.as_body().keys()
    assert body["room"] is body["data_age_s"] is body["warranty_last_day"] is None
    assert body["warranty_status"] == "unknown"  # never "in warranty" by default


def test_a_body_survives_json_unchanged() -> None:
    body = MESSAGE.as_body()

    assert json.loads(json.dumps(body)) == body


def test_the_end_of_an_alarm_says_how_long_it_lasted() -> None:
    over = replace(MESSAGE, event=replace(HOT, change=Change.RETURNED, at_s=RAISED_AT_S + 720.0))

    assert over.as_body()["duration_s"] == 720.0


def test_the_whole_battery_has_no_component_in_words() -> None:
    assert component_words(Component()) == ""
    assert component_words(Component(1, 3, cell=7)) == "string 1, module 3, cell 7"
