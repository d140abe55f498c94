"""A look at one small site, for tests of pages: one room, one rack, one UPS."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
from starlette.applications import Starlette

from batteryd.domain.alarm import Alarm
from batteryd.domain.clearance import Clearance, Decision, Hold, HoldCode, ImpactedService
from batteryd.domain.inventory import Asset, Inventory
from batteryd.domain.snapshot import Snapshot
from batteryd.domain.warranty import WarrantyAssessment
from batteryd.domain.work import Finding, WorkKind, WorkOrder
from batteryd.web.look import Look, TemperatureScale
from batteryd.web.overview import Facts, build_overview
from batteryd.web.pages import create_app
from tests.builders import NOON_S, make_inventory

SCALE = TemperatureScale(40.0, 50.0)


def make_look(
    *snapshots: Snapshot,
    last_good: Mapping[str, Snapshot] | None = None,
    alarms: Sequence[Alarm] = (),
    assessments: Mapping[str, WarrantyAssessment] | None = None,
    inventory: Inventory | None = None,
) -> Look:
    """Return a look; `last_good` follows from the snapshots where it is not given."""
    return Look(
        inventory=inventory or make_inventory(),
        latest={s.asset_id: s for s in snapshots},
        last_good={s.asset_id: s for s in snapshots if not s.is_failed} | dict(last_good or {}),
        alarms=tuple(alarms),
        assessments=assessments or {},
        scale_of=scale_of,
    )


def scale_of(_asset: Asset) -> TemperatureScale:
    """Return the same scale for every asset."""
    return SCALE


def make_app(**views: Any) -> Starlette:
    """Return the application with nothing in it but what is given."""
    empty = build_overview(Facts(make_look()), now_s=NOON_S)
    defaults: dict[str, Any] = {
        "overview": lambda: empty,
        "status": lambda: {"a": 1},
        "battery": lambda _asset_id: None,
        "work": lambda _work_order_id: None,
    }
    return create_app(**(defaults | views))


def make_order(work_order_id: str = "WO-1", **changes: Any) -> WorkOrder:
    """Return a planned move of the rack, from noon for four hours."""
    order = WorkOrder(
        work_order_id=work_order_id,
        kind=WorkKind.RELOCATE,
        starts_at_s=NOON_S,
        ends_at_s=NOON_S + 4 * 3600,
        batteries=("rack-1",),
        people=("김민수", "Lee"),
        title="move to the basement",
        opened_by="박지원",
        opened_at_s=NOON_S - 86_400,
    )
    return replace(order, **changes)


def make_clearance(*codes: HoldCode, as_of_s: float = NOON_S, **changes: Any) -> Clearance:
    """Return a HOLD for these codes, or a GO for eight hours where there is none."""
    clearance = Clearance(
        work_order_id="WO-1",
        decision=Decision.HOLD if codes else Decision.GO,
        as_of_s=as_of_s,
        holds=tuple(
            Hold(code, "rack-1", f"rack-1 holds for {code.value}", {"bus_voltage_v": 758.5})
            for code in codes
        ),
        warnings=(),
        accepted=(),
        impact=(ImpactedService("mobile identity", 1, "UPS ups-1"),),
        valid_until_s=None if codes else as_of_s + 8 * 3600,
    )
    return replace(clearance, **changes)


def make_finding(finding_id: str = "F-1", **changes: Any) -> Finding:
    """Return the open finding of June 2024."""
    finding = Finding(
        finding_id=finding_id,
        asset_id="rack-1",
        opened_on=date(2024, 6, 27),
        opened_by="박지원",
        text="pack temperatures differ by 6 K while charging",
    )
    return replace(finding, **changes)


async def get(app: Starlette, path: str) -> httpx.Response:
    """Ask the application for a page."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.get(path)
