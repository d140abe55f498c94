"""Views as JSON: instants are UTC texts, days ISO, unknown is null."""

from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_jsonable_python

from batteryd.clearance.answer import NOTICE, clearance_as_json
from batteryd.domain.alarm import Alarm
from batteryd.health.as_json import health_as_json
from batteryd.web.battery import BatteryView
from batteryd.web.cabinet import Cabinet
from batteryd.web.order import OrderLine
from batteryd.web.work import WorkView


def battery_as_json(view: BatteryView) -> dict[str, object]:
    """Return a battery's page without its charts."""
    return {
        "asset_id": view.battery.asset_id,
        "now": _instant(view.now_s),
        "site": view.site,
        "room": view.room,
        "register": _plain(view.battery),
        "device": _plain(view.nameplate),
        "readings": None if view.cabinet is None else _readings(view.cabinet),
        "doubts": [_plain(doubt) for doubt in view.doubts],
        "warranty": None if view.warranty is None else _plain(view.warranty),
        "conditions": [_plain(condition) for condition in view.conditions],
        "findings": [_plain(finding) for finding in view.findings],
        "alarms": [_alarm(alarm) for alarm in view.alarms],
        "work_orders": [_order(line) for line in view.orders],
        "impact": [_plain(service) for service in view.impact],
        "health": None if view.health is None else health_as_json(view.health.statement),
    }


def work_as_json(view: WorkView) -> dict[str, object]:
    """Return the page of a work order."""
    return {
        "now": _instant(view.now_s),
        "verdict": view.verdict.word,
        "because": view.verdict.because,
        "checked_age_s": view.checked_age_s,
        "work_order": _plain(view.order),
        "clearance": None if view.clearance is None else clearance_as_json(view.clearance),
        "batteries": [
            {
                "asset_id": one.asset_id,
                "room": one.room,
                "readings": None if one.cabinet is None else _readings(one.cabinet),
            }
            for one in view.batteries
        ],
        "attestations": [_plain(said) for said in view.attestations],
        "risk_acceptances": [_plain(risk) for risk in view.acceptances],
        "history": [_plain(step) for step in view.history],
        "notice": NOTICE,
    }


def _readings(cabinet: Cabinet) -> dict[str, object]:
    return {
        "age_s": cabinet.age_s,
        "failure": cabinet.failure,
        "soc_pct": cabinet.soc_pct,
        "voltage_v": cabinet.voltage_v,
        "current_a": cabinet.current_a,
        "contactor_closed": cabinet.contactor_closed,
        "breaker_closed": cabinet.breaker_closed,
        "temperature_c_max": cabinet.temperature_c_max,
        "temperature_spread_k": cabinet.temperature_spread_k,
        "cell_spread_mv": cabinet.cell_spread_mv,
    }


def _alarm(alarm: Alarm) -> dict[str, object]:
    return {
        "key": str(alarm.key),
        "priority": alarm.priority.text,
        "condition": alarm.condition.value,
        "suppression": alarm.suppression.value,
        "raised_at": _instant(alarm.raised_at_s),
        "why": alarm.why,
    }


def _order(line: OrderLine) -> dict[str, object]:
    return {
        "work_order_id": line.order.work_order_id,
        "kind": line.order.kind.value,
        "state": line.order.state.value,
        "verdict": line.verdict.word,
        "because": line.verdict.because,
        "codes": list(line.codes),
    }


def _plain(noun: object) -> Any:
    """Return a noun's fields as plain JSON values; `..._at_s` becomes a text under `..._at`."""
    return _with_instants(to_jsonable_python(noun))


def _with_instants(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_instants(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name.removesuffix("_s") if _is_instant(name) else name: (
            _instant(one) if _is_instant(name) and one is not None else _with_instants(one)
        )
        for name, one in value.items()
    }


def _is_instant(name: str) -> bool:
    return name.endswith(("_at_s", "_until_s")) or name in ("at_s", "since_s")


def _instant(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
