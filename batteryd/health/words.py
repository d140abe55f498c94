"""A battery's health in sentences that people act on: each with how many, since when, how sure.

The page and the command line say the same words. Days are those of the site.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from batteryd.domain.component import WHOLE_BATTERY, Component
from batteryd.domain.health import CUT_OFF, CapacityPoint, Refusal
from batteryd.health.cells import MEDIAN_OF, CellResistance, StringResistance
from batteryd.health.forecast import Forecast
from batteryd.health.statement import HealthStatement

BMS_TITLE = "State of health by the BMS (its own estimate)"
NO_RESISTANCE = (
    "Resistance: not measured yet. It takes a discharge of 35 s or more after 5 min without load."
)
_ENDS = {CUT_OFF: "to the cut-off"}


def resistance_text(state: StringResistance, *, zone: str) -> str:
    """Return what is known of the cells of a string, in one sentence."""
    worst = state.cells[0]
    at = "at 25 °C" if state.activation else "not corrected for temperature"
    text = (
        f"Resistance of {_of(len(state.cells), state.cell_count)} cells"
        f"{_in(state.string)} {at}, from {_count(state.discharges, 'discharge')}"
        f" since {day(state.since_s, zone)}: median {state.median_mohm:.2f} mΩ,"
        f" worst {cell_text(worst)}"
    )
    grown = state.most_grown
    if grown is not None and grown.component != worst.component and (grown.growth_pct or 0) > 0:
        text += f"; most grown {cell_text(grown)}"
    return text


def resistance_note(state: StringResistance) -> str:
    """Return how the figures came about, and how far to trust them."""
    parts = [f"over {state.window_s:.0f} s from the rest before the load"]
    warmth, activation = _span_c(state), state.activation
    if activation is None:
        parts.append(f"measured {warmth}; never compared with cells that are corrected")
    else:
        parts.append(
            f"measured {warmth}, corrected with {activation.kj_per_mol:.0f} ±"
            f" {activation.uncertainty_kj_per_mol:.0f} kJ/mol ({activation.source}), which may be"
            f" off by {state.correction_uncertainty_pct or 0.0:.0f} %"
        )
    if state.discharges < 2 * MEDIAN_OF:
        parts.append(f"growth is said from {2 * MEDIAN_OF} discharges on")
    if state.set_aside:
        parts.append(f"{_count(state.set_aside, 'discharge')} measured otherwise set aside")
    return "; ".join(parts)


def cell_text(cell: CellResistance) -> str:
    """Return a cell with its resistance and, where it is known, its growth."""
    growth = cell.growth_pct
    text = f"{cell.component} {cell.mohm:.2f} mΩ"
    return text if growth is None else f"{text} ({growth:+.0f} % over its first value)"


def capacity_text(point: CapacityPoint | None, *, zone: str, string: Component) -> str:
    """Return the newest capacity, or what it takes to have one."""
    if point is None:
        return (
            f"Capacity{_in(string)}: not measured. It takes a deep discharge from a rest to a rest,"
            " or to the cut-off"
        )
    return (
        f"Capacity{_in(string)}: {point.capacity_ah:.1f} Ah ± {point.uncertainty_ah:.1f}"
        f" on {day(point.at_s, zone)} ({how(point)})"
    )


def how(point: CapacityPoint) -> str:
    """Return how a capacity was measured."""
    end = _ENDS.get(point.ended_by, f"to {point.to_pct:.0f} %")
    text = f"discharge from {point.from_pct:.0f} % {end} by voltage"
    if point.reported_from_pct is not None and point.reported_to_pct is not None:
        text += f", {point.reported_from_pct:.0f} % to {point.reported_to_pct:.0f} % by the BMS"
    return f"{text}, {point.rate_c:.2f} C, {point.temperature_c:.0f} °C"


def refusal_text(refusal: Refusal, *, zone: str) -> str:
    """Return why a long discharge gave no capacity."""
    return (
        f"The discharge of {day(refusal.at_s, zone)} ({refusal.counted_ah:.1f} Ah) gives no"
        f" capacity: {refusal.why}"
    )


def forecast_text(made: Forecast, *, zone: str) -> str:
    """Return the range, or why there is none."""
    if made.withheld or made.earliest_s is None or made.reach_s is None:
        return f"Forecast withheld: {', '.join(made.withheld)}"
    limit = f"{made.end_of_life_pct:.0f} % of rated ({made.limit_ah:.1f} Ah)"
    begin = f"Forecast: {limit} reached between {month(made.earliest_s, zone)} and "
    if made.latest_s is None:
        return f"{begin}some time after {month(made.reach_s, zone)}, where its points reach no more"
    return f"{begin}{month(made.latest_s, zone)}"


def forecast_note(made: Forecast) -> str:
    """Return what a forecast rests on."""
    text = (
        f"square root of age through {_count(made.point_count, 'point')} of this battery over"
        f" {made.span_years:.1f} years, 90 % range"
    )
    if made.set_aside:
        text += f"; {_count(made.set_aside, 'point')} measured otherwise set aside"
    return f"{text}. It foresees wear that goes on as before, no sudden failure"


def bms_text(statement: HealthStatement, *, zone: str) -> str:
    """Return what the BMS says of itself."""
    said, first = statement.bms, statement.bms_first
    if said is None:
        return f"{BMS_TITLE}: not reported"
    text = f"{BMS_TITLE}: {said.value:.0f} %"
    if first is not None and said.at_s - first.at_s > 86_400:
        text += f" ({first.value:.0f} % on {day(first.at_s, zone)})"
    return f"{text}. batteryd repeats it and cannot check it"


def lines_of(statement: HealthStatement, *, zone: str) -> Iterator[str]:
    """Yield the whole statement, a sentence a line."""
    for state in statement.resistance:
        yield resistance_text(state, zone=zone)
        yield f"  {resistance_note(state)}"
    if not statement.resistance:
        yield NO_RESISTANCE
    for capacity in statement.capacity:
        newest = capacity.points[-1] if capacity.points else None
        yield capacity_text(newest, zone=zone, string=capacity.string)
        for refusal in capacity.refusals:
            yield f"  {refusal_text(refusal, zone=zone)}"
        yield forecast_text(capacity.forecast, zone=zone)
        if not capacity.forecast.is_withheld:
            yield f"  {forecast_note(capacity.forecast)}"
    yield bms_text(statement, zone=zone)
    for why in statement.missing:
        yield f"Not measured: {why}"


def day(at_s: float, zone: str) -> str:
    """Return a day of the site."""
    return datetime.fromtimestamp(at_s, UTC).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d")


def month(at_s: float, zone: str) -> str:
    """Return a month of the site."""
    return day(at_s, zone)[:7]


def _in(string: Component) -> str:
    return "" if string == WHOLE_BATTERY else f" of {string}"


def _of(known: int, count: int) -> str:
    return str(known) if known == count else f"{known} of {count}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _span_c(state: StringResistance) -> str:
    low_c, high_c = state.temperature_c_min, state.temperature_c_max
    if low_c is None or high_c is None:
        return "at unknown temperatures"
    if high_c - low_c < 0.1:
        return f"at {low_c:.1f} °C"
    return f"at {low_c:.1f} to {high_c:.1f} °C"
