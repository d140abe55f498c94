"""A statement of health as plain JSON values: instants are UTC texts, unknown is null."""

from datetime import UTC, datetime

from batteryd.domain.conditions import Reported
from batteryd.domain.health import CapacityPoint, Refusal
from batteryd.health.cells import CellResistance, StringResistance
from batteryd.health.forecast import Forecast
from batteryd.health.statement import HealthStatement, StringCapacity
from batteryd.health.words import lines_of


def health_as_json(statement: HealthStatement) -> dict[str, object]:
    """Return the statement with all cells and points."""
    return {
        "asset_id": statement.asset_id,
        "text": list(lines_of(statement, zone="UTC")),
        "resistance": [_resistance(state) for state in statement.resistance],
        "capacity": [_capacity(capacity) for capacity in statement.capacity],
        "bms_soh": _reported(statement.bms),
        "bms_soh_first": _reported(statement.bms_first),
        "missing": list(statement.missing),
    }


def _resistance(state: StringResistance) -> dict[str, object]:
    activation = state.activation
    return {
        "string": str(state.string),
        "at_25_c": activation is not None,
        "kj_per_mol": activation and activation.kj_per_mol,
        "kj_per_mol_uncertainty": activation and activation.uncertainty_kj_per_mol,
        "kj_per_mol_source": activation and activation.source,
        "correction_uncertainty_pct": _rounded(state.correction_uncertainty_pct),
        "temperature_c_min": _rounded(state.temperature_c_min),
        "temperature_c_max": _rounded(state.temperature_c_max),
        "window_s": _rounded(state.window_s),
        "discharges": state.discharges,
        "set_aside": state.set_aside,
        "since": instant(state.since_s),
        "until": instant(state.until_s),
        "median_mohm": _rounded(state.median_mohm),
        "cell_count": state.cell_count,
        "cells": [_cell(cell) for cell in state.cells],
    }


def _cell(cell: CellResistance) -> dict[str, object]:
    return {
        "component": str(cell.component),
        "mohm": _rounded(cell.mohm),
        "spread_mohm": _rounded(cell.spread_mohm),
        "discharges": cell.count,
        "first_mohm": _rounded(cell.first_mohm),
        "growth_pct": _rounded(cell.growth_pct),
    }


def _capacity(capacity: StringCapacity) -> dict[str, object]:
    return {
        "string": str(capacity.string),
        "rated_ah": capacity.rated_ah,
        "points": [_point(point) for point in capacity.points],
        "forecast": _forecast(capacity.forecast),
        "refusals": [_refusal(refusal) for refusal in capacity.refusals],
    }


def _point(point: CapacityPoint) -> dict[str, object]:
    return {
        "began_at": instant(point.began_at_s),
        "at": instant(point.at_s),
        "capacity_ah": _rounded(point.capacity_ah),
        "uncertainty_ah": _rounded(point.uncertainty_ah),
        "counted_ah": _rounded(point.counted_ah),
        "from_pct": _rounded(point.from_pct),
        "to_pct": _rounded(point.to_pct),
        "ended_by": point.ended_by,
        "reported_from_pct": _rounded(point.reported_from_pct),
        "reported_to_pct": _rounded(point.reported_to_pct),
        "rate_c": _rounded(point.rate_c),
        "temperature_c": _rounded(point.temperature_c),
        "gap_s": _rounded(point.gap_s),
        "method": point.method,
    }


def _forecast(made: Forecast) -> dict[str, object]:
    return {
        "withheld": list(made.withheld),
        "end_of_life_pct": made.end_of_life_pct,
        "limit_ah": _rounded(made.limit_ah),
        "earliest": made.earliest_s and instant(made.earliest_s),
        "latest": made.latest_s and instant(made.latest_s),
        "reach": made.reach_s and instant(made.reach_s),
        "points": made.point_count,
        "set_aside": made.set_aside,
        "span_years": _rounded(made.span_years),
    }


def _refusal(refusal: Refusal) -> dict[str, object]:
    return {
        "at": instant(refusal.at_s),
        "counted_ah": _rounded(refusal.counted_ah),
        "why": refusal.why,
    }


def _reported(said: Reported | None) -> dict[str, object] | None:
    return None if said is None else {"soh_pct": said.value, "at": instant(said.at_s)}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def instant(at_s: float) -> str:
    """Return an instant as JSON has it."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
