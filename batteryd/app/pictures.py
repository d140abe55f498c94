"""What is drawn of an alarm, by what the alarm is about.

    module, sensor    its sensors in the band of the rack's other sensors
    cell, joint       how far it is from the middle of the rack's cells, in mV, in their band
    rack, room        the middle of the rack, its air, and the band of all sensors
    charge            by how much the modules differ
    anything else     the reading itself

Where a rule turns is drawn too: the limit that it compares with as the evidence has it, or what is
the component's own normal. Each function returns None of what it is not for.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from batteryd.app.compared import Compared, Numbers, band, middle, spread
from batteryd.domain.alarm import COLUMN, MEASURE, UNIT, Alarm
from batteryd.domain.component import Component, parse_component
from batteryd.domain.quantity import QUANTITIES
from batteryd.domain.snapshot import Column, parse_column
from batteryd.rules.evidence import MEASURES
from batteryd.rules.heat_peer import ABOVE_OWN, ABOVE_PEERS, ABOVE_RACK
from batteryd.rules.words import place
from batteryd.web.chart import Chart, ChartLine

SENSORS_SHOWN = 3  # of a module with more, the hottest is drawn
MEMORY_S = 7200.0  # a room's rise is the one since its coolest within this time
TEMPERATURE, VOLTAGE = "temperature_c", "cell_voltage_v"

Draw = Callable[[Alarm, Compared], Chart | None]


def of_cell(alarm: Alarm, seen: Compared) -> Chart | None:
    """Draw how far a cell is from its peers; a volt of load moves all of them alike."""
    about = alarm.evidence.get("cell")
    cell = parse_component(about) if isinstance(about, str) else alarm.key.component
    if cell.cell is None or UNIT not in alarm.evidence:
        return None
    columns = seen.columns(VOLTAGE, string=cell.string)
    own, peers = _parted(columns, cell)
    if not own or not peers:
        return None
    at_s, own_v, peers_v = seen.in_step(own, peers)
    away_v = peers_v - middle(peers_v)
    line = 1000 * (own_v[0] - middle(peers_v))
    name = place(cell, seen.asset)
    return Chart(
        title=f"{name} against its {len(peers)} peers: difference from their middle",
        unit="mV",
        lines=(ChartLine(f"cell {cell.cell}", at_s, line), *_cell_limits(alarm, at_s)),
        digits=1,
        band=band(at_s, 1000 * away_v),
    )


def of_parts(alarm: Alarm, seen: Compared) -> Chart | None:
    """Draw a module, sensor or cell by its readings, in the band of the same readings elsewhere."""
    component = alarm.key.component
    if component.module is None:
        return None
    about_cells = component.cell is not None or alarm.quantity.startswith(VOLTAGE)
    quantity = VOLTAGE if about_cells else TEMPERATURE
    own, peers = _parted(seen.columns(quantity, string=component.string), component)
    if not own or not peers:
        return None
    at_s, own_rows, peer_rows = seen.in_step(own, peers)
    rack = middle(peer_rows)
    worst = np.fmin if about_cells else np.fmax
    name = place(component, seen.asset)
    return Chart(
        title=f"{name} against its {_count(component, peers)} peers",
        unit=QUANTITIES[quantity].unit,
        lines=(
            *_own_lines(name.removesuffix(f" of {seen.asset.name}"), own, at_s, own_rows, worst),
            ChartLine("middle of its peers", at_s, rack),
            *_limits(alarm, at_s, rack),
        ),
        digits=3 if about_cells else 1,
        band=band(at_s, peer_rows),
    )


def of_charge(alarm: Alarm, seen: Compared) -> Chart | None:
    """Draw by how much the modules of a rack differ."""
    at_rest_k = _number(alarm.evidence, "at_rest_k")
    sensors = seen.columns(TEMPERATURE, string=alarm.key.component.string)
    if at_rest_k is None or not sensors:
        return None
    (at_s, rows) = seen.in_step(sensors)
    limit_k = at_rest_k + (alarm.setpoint or 0.0)
    return Chart(
        title=f"{place(alarm.key.component, seen.asset)}: warmest minus coolest sensor",
        unit="K",
        lines=(
            ChartLine("difference", at_s, spread(rows)),
            ChartLine("at rest", at_s, np.full(len(at_s), at_rest_k), is_limit=True),
            ChartLine("limit", at_s, np.full(len(at_s), limit_k), is_limit=True),
        ),
        digits=1,
    )


def of_rack(alarm: Alarm, seen: Compared) -> Chart | None:
    """Draw a rack in its air: what moves both is the room."""
    component = alarm.key.component
    sensors = seen.columns(TEMPERATURE, string=component.string)
    if UNIT not in alarm.evidence or component.module is not None or not sensors:
        return None
    air = seen.of_rack("ambient_temperature_c", component.string)
    at_s, rows, of_air = seen.in_step(sensors, air)
    lines = [ChartLine("middle of the rack", at_s, middle(rows))]
    if air:
        lines.append(ChartLine("air", at_s, of_air[0]))
        lines += _air_limits(alarm, at_s, of_air[0])
    return Chart(
        title=f"{place(component, seen.asset)} in its air",
        unit="°C",
        lines=tuple(lines),
        digits=1,
        band=band(at_s, rows, name=f"its {len(sensors)} sensors"),
    )


def of_column(alarm: Alarm, seen: Compared) -> Chart | None:
    """Draw the reading that a limit is about."""
    named = alarm.evidence.get(COLUMN)
    column = parse_column(named) if isinstance(named, str) else None
    if column is None or column not in seen.layout.index or alarm.setpoint is None:
        return None
    row = QUANTITIES[column.quantity]
    if row.is_flag or row.is_enumeration:
        return None
    (at_s, rows) = seen.in_step([column])
    return Chart(
        title=f"{place(column.component, seen.asset)}: {row.meaning}",
        unit=row.unit,
        lines=(ChartLine("read", at_s, rows[0]), *_limits(alarm, at_s, rows[0])),
        digits=3 if column.quantity.startswith(VOLTAGE) else 1,
    )


DRAWN: Sequence[Draw] = (of_cell, of_charge, of_parts, of_rack, of_column)


def _parted(
    columns: Sequence[Column], component: Component
) -> tuple[Sequence[Column], Sequence[Column]]:
    """Return a component's own columns, and those of its peers."""
    own = [c for c in columns if _is_in(c.component, component)]
    return own, [c for c in columns if not _is_in(c.component, component)]


def _is_in(part: Component, whole: Component) -> bool:
    return (
        part.module == whole.module
        and whole.cell in (None, part.cell)
        and whole.sensor in (None, part.sensor)
    )


def _count(component: Component, peers: Sequence[Column]) -> int:
    """Return how many peers it has: modules where it is one, however many values each has."""
    is_module = component == component.parent_module
    return len({c.component.parent_module for c in peers}) if is_module else len(peers)


def _own_lines(
    name: str, own: Sequence[Column], at_s: Numbers, rows: Numbers, worst: np.ufunc
) -> list[ChartLine]:
    parts = [c.component.sensor for c in own]
    if not 1 < len(own) <= SENSORS_SHOWN or None in parts:
        return [ChartLine(name, at_s, worst.reduce(rows, axis=0))]
    return [ChartLine(f"sensor {part}", at_s, row) for part, row in zip(parts, rows, strict=True)]


def _limits(alarm: Alarm, at_s: Numbers, rack: Numbers) -> list[ChartLine]:
    """Return where the rule turns: at a value, or at a distance from the middle of the rack."""
    if alarm.setpoint is None:
        return []
    if UNIT not in alarm.evidence:
        return [ChartLine("limit", at_s, np.full(len(at_s), alarm.setpoint), is_limit=True)]
    normal_k = _own_normal_k(alarm.evidence)
    match alarm.evidence.get(MEASURE):
        case says if says == ABOVE_OWN:
            away_k = (normal_k or 0.0) + alarm.setpoint
        case says if says in (ABOVE_PEERS, ABOVE_RACK):
            away_k = alarm.setpoint
        case says if says == MEASURES["sensor_cold"].says:
            away_k = (normal_k or 0.0) - alarm.setpoint
        case _ if normal_k is not None:
            return [ChartLine("its own normal", at_s, rack + normal_k, is_limit=True)]
        case _:
            return []
    return [ChartLine("limit", at_s, rack + away_k, is_limit=True)]


def _own_normal_k(evidence: Mapping[str, object]) -> float | None:
    """Return by how much the sensor in question is above its peers when all is well."""
    if (own_k := _number(evidence, "own_offset_k")) is not None:
        return own_k
    sensors = evidence.get("sensors")
    if not isinstance(sensors, Mapping):
        return None
    known = [s for s in sensors.values() if isinstance(s, Mapping)]
    worst = max(known, key=_beyond_normal_k, default={})
    return _number(worst, "own_offset_k")


def _beyond_normal_k(sensor: Mapping[str, Any]) -> float:
    return (_number(sensor, "above_peers_k") or 0.0) - (_number(sensor, "own_offset_k") or 0.0)


def _cell_limits(alarm: Alarm, at_s: Numbers) -> list[ChartLine]:
    before = (_number(alarm.evidence, key) for key in ("baseline_mv", "before_mv"))
    own_mv = next((mv for mv in before if mv is not None), None)
    if own_mv is None or alarm.setpoint is None:
        return []
    limit_mv = own_mv - 1000 * alarm.setpoint
    return [
        ChartLine("its own normal", at_s, np.full(len(at_s), own_mv), is_limit=True),
        ChartLine("limit", at_s, np.full(len(at_s), limit_mv), is_limit=True),
    ]


def _air_limits(alarm: Alarm, at_s: Numbers, air: Numbers) -> list[ChartLine]:
    if alarm.setpoint is None:
        return []
    normal_k = _number(alarm.evidence, "normal_k")
    if normal_k is not None:
        limit = air + normal_k + alarm.setpoint
        return [ChartLine("limit of the middle", at_s, limit, is_limit=True)]
    if alarm.evidence.get("risen") != "air":
        return []
    coolest = [np.fmin.reduce(air[(at_s > t - MEMORY_S) & (at_s <= t)]) for t in at_s]
    return [ChartLine("limit of the air", at_s, np.array(coolest) + alarm.setpoint, is_limit=True)]


def _number(evidence: Mapping[str, object], key: str) -> float | None:
    found = evidence.get(key)
    return float(found) if isinstance(found, int | float) else None
