"""Messages that were never sent: every template is tried on them when notify.toml is read.

Between them they have each key once with a value and once without, so that a template which would
fail on a real alarm fails in `check-config`, and not at three in the morning.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from batteryd.domain.alarm import MEASURE, UNIT, AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.component import WHOLE_BATTERY, Component, Scope
from batteryd.domain.inventory import Room, Service, Site
from batteryd.domain.message import AlarmMessage
from batteryd.domain.notification import DeliveryState, Notification
from batteryd.domain.warranty import WarrantyAssessment, WarrantyStatus
from batteryd.notify.template import context_of

_RAISED_AT_S = 1_758_885_404.0  # 2025-09-26T11:16:44Z

_HOT = AlarmMessage(
    event=AlarmEvent(
        key=AlarmKey("daejeon", "rack-4", Component(string=1, module=3), "module_temperature"),
        change=Change.RAISED,
        at_s=_RAISED_AT_S,
        scope=Scope.MODULE,
        priority=Priority.CRITICAL,
        quantity="module_temperature_c_max",
        value=52.1,
        setpoint=50.0,
        why="Module 3 of rack 4 is at 52.1 °C, above its limit of 50 °C.",
        action="Leave the room and call the fire service.",
    ),
    since_s=_RAISED_AT_S,
    site=Site("daejeon", "대전 데이터센터", "Asia/Seoul"),
    room=Room("5b", "daejeon", "5층 배터리실"),
    asset_name="Rack 4",
    observed_at_s=_RAISED_AT_S - 4.0,
    warranty=WarrantyAssessment(
        asset_id="rack-4",
        as_of=date(2025, 9, 26),
        status=WarrantyStatus.EXPIRED,
        last_day=date(2024, 8, 31),
        days_left=-391,
        reason="installed 2014-09-01, 120 months",
    ),
    services=(Service("mobile identity", 1, ups_id="ups-1"), Service("mail", 2, room_id="5b")),
)

SAMPLES = (
    _HOT,
    replace(
        _HOT,
        event=replace(
            _HOT.event, change=Change.RETURNED, at_s=_RAISED_AT_S + 5_000.0, value=46.0, action=""
        ),
        observed_at_s=_RAISED_AT_S + 4_997.0,
    ),
    replace(  # what a comparison found, in a unit of its own
        _HOT,
        event=replace(
            _HOT.event,
            key=AlarmKey("daejeon", "rack-4", Component(string=1, module=7), "module_warmer"),
            priority=Priority.MEDIUM,
            quantity="temperature_c",
            value=4.2,
            setpoint=1.5,
            why="module 7 of Rack 4 is 4.2 K above its 16 peers (3.9 K above its own normal), "
            "both sensors, no load, rising for 12 min",
            action="Look at this module's temperature on site.",
            evidence={
                UNIT: "K",
                MEASURE: "above its peers",
                "load": "no load",
                "beyond_for_s": 180.0,
            },
        ),
        has_strings=False,
    ),
    AlarmMessage(  # a device that never answered, of which nothing is known
        event=AlarmEvent(
            key=AlarmKey("daejeon", "ups-1", WHOLE_BATTERY, "silence"),
            change=Change.RAISED,
            at_s=_RAISED_AT_S,
            scope=Scope.BATTERY,
            priority=Priority.HIGH,
            quantity="",
            value=None,
            setpoint=None,
            why="UPS 1 has not answered for 60 s.",
        ),
        since_s=_RAISED_AT_S,
        site=Site("daejeon", "Daejeon"),
        room=None,
        asset_name="UPS 1",
        observed_at_s=None,
    ),
    replace(
        _HOT,
        event=replace(
            _HOT.event,
            key=AlarmKey("daejeon", "WO-7", WHOLE_BATTERY, "clearance_revoked"),
            scope=Scope.ROOM,
            quantity="",
            value=None,
            setpoint=None,
            why="The GO for WO-7 (relocate Rack 4) is revoked. PW-04: its contactor is closed.",
            action="Stop work on Rack 4. Leave the room and count everybody.",
        ),
        asset_name="work order WO-7",
        work_order_id="WO-7",
        people=("김민수", "J. Lee"),
    ),
)


def sample_notifications() -> Iterator[Notification]:
    """Yield a notification for each sample."""
    for number, sample in enumerate(SAMPLES, start=1):
        yield Notification(
            notification_id=number,
            event_id=number,
            channel="sample",
            dedup_key=str(sample.event.key),
            body=sample.as_body(),
            state=DeliveryState.SENDING,
            attempts=1,
            created_at_s=sample.event.at_s,
            due_at_s=sample.event.at_s,
        )


def sample_contexts(secret_names: frozenset[str]) -> Iterator[dict[str, Any]]:
    """Yield what templates are tried on; a secret is there, but it is not the real one."""
    placeholders = dict.fromkeys(secret_names, "placeholder")
    for notification in sample_notifications():
        yield context_of(notification, secrets=placeholders)
