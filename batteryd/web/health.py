"""A battery's health as its page shows it: the sentences, and the rows behind them."""

from collections.abc import Iterator
from dataclasses import dataclass

from batteryd.health import words
from batteryd.health.cells import CellResistance, StringResistance
from batteryd.health.statement import HealthStatement, StringCapacity

CELLS_SHOWN = 5
POINTS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class HealthLine:
    """One sentence, what it rests on, and what it is: measured, forecast, withheld or reported."""

    kind: str
    text: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CapacityRow:
    """One capacity that was measured."""

    day: str
    capacity: str
    how: str


@dataclass(frozen=True, slots=True)
class HealthView:
    """The section. `cells` are those of the highest resistance, `points` the newest first."""

    statement: HealthStatement
    lines: tuple[HealthLine, ...]
    cells: tuple[CellResistance, ...]
    points: tuple[CapacityRow, ...]


def build_health(statement: HealthStatement, *, zone: str) -> HealthView:
    """Put the section together."""
    found = [cell for state in statement.resistance for cell in state.cells[:CELLS_SHOWN]]
    points = [
        CapacityRow(
            words.day(point.at_s, zone),
            f"{point.capacity_ah:.1f} Ah ± {point.uncertainty_ah:.1f}",
            words.how(point),
        )
        for capacity in statement.capacity
        for point in reversed(capacity.points)
    ]
    return HealthView(
        statement=statement,
        lines=tuple(_lines(statement, zone=zone)),
        cells=tuple(found[:CELLS_SHOWN]),
        points=tuple(points[:POINTS_SHOWN]),
    )


def _lines(statement: HealthStatement, *, zone: str) -> Iterator[HealthLine]:
    for state in statement.resistance:
        yield _resistance(state, zone=zone)
    if not statement.resistance:
        yield HealthLine("unknown", words.NO_RESISTANCE)
    for capacity in statement.capacity:
        yield from _capacity(capacity, zone=zone)
    yield HealthLine("reported", words.bms_text(statement, zone=zone))
    for why in statement.missing:
        yield HealthLine("unknown", f"Not measured: {why}")


def _resistance(state: StringResistance, *, zone: str) -> HealthLine:
    text = words.resistance_text(state, zone=zone)
    return HealthLine("measured", text, (words.resistance_note(state),))


def _capacity(capacity: StringCapacity, *, zone: str) -> Iterator[HealthLine]:
    newest, made = capacity.points[-1] if capacity.points else None, capacity.forecast
    refusals = tuple(words.refusal_text(r, zone=zone) for r in capacity.refusals)
    text = words.capacity_text(newest, zone=zone, string=capacity.string)
    yield HealthLine("unknown" if newest is None else "measured", text, refusals)
    notes = () if made.is_withheld else (words.forecast_note(made),)
    kind = "withheld" if made.is_withheld else "forecast"
    yield HealthLine(kind, words.forecast_text(made, zone=zone), notes)
