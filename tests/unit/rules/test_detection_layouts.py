"""Batteries that show less than a rack does, or other things: what is seen, and no nonsense."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from batteryd.domain.alarm import AlarmEvent, Change, Priority
from batteryd.domain.component import Component
from batteryd.domain.snapshot import Column, Layout, Snapshot
from tests.racks import HOUR_S, Rack, discharge, judged
from tests.racks import Change as Changes

ONSET_H, HOURS = 3.6, 5.2
Keep = Callable[[Column], Column | None]  # what a column is called there; None: it is not shown


def but(*quantities: str) -> Keep:
    return lambda column: None if column.quantity in quantities else column


def only_modules(*numbers: int) -> Keep:
    return lambda column: column if column.component.module in (None, *numbers) else None


def one_sensor(column: Column) -> Column | None:
    is_first = (column.component.module, column.component.sensor) == (2, 1)
    return column if is_first or column.quantity != "temperature_c" else None


def renamed(**changes: None) -> Keep:
    """Lose parts of the names of sensors and cells, where they stay different."""

    def name(column: Column) -> Column:
        place = column.component
        if place.module is None:
            return column
        return column._replace(component=replace(place, **changes))

    return name


def outside(column: Column) -> Column | None:
    """Show every sensor as one of the rack, outside any module."""
    place = column.component
    if place.sensor is None:
        return column
    number = 10 * (place.module or 0) + place.sensor
    return column._replace(component=Component(place.string, None, None, number))


def module_reading(column: Column) -> Column | None:
    """Show one temperature a module, as a reading of the module itself."""
    place = column.component
    if place.sensor is None:
        return column
    if place.sensor > 1:
        return None
    return column._replace(component=replace(place, sensor=None))


def uneven(column: Column) -> Column | None:
    """Leave out half of the second string's modules, and a sensor of every second module."""
    place = column.component
    if place.string == 2 and (place.module or 0) > 4:
        return None
    return None if place.sensor == 2 and (place.module or 0) % 2 else column


def nothing_of_racks(column: Column) -> Column | None:
    return column if column.component.module is None else None


@dataclass(frozen=True)
class Shown:
    """A layout, and which rules find a fault of module 2 there: heat, then a leak of a cell."""

    keep: Keep
    heat: bool = True
    leak: bool = True
    strings: int = 1


LAYOUTS = {
    "everything": Shown(lambda column: column),
    "no current": Shown(but("current_a"), leak=False),
    "no state of charge": Shown(but("soc_pct")),
    "no ambient": Shown(but("ambient_temperature_c")),
    "none of these": Shown(but("current_a", "soc_pct", "ambient_temperature_c"), leak=False),
    "cells without temperatures": Shown(but("temperature_c"), heat=False),
    "temperatures without cells": Shown(but("cell_voltage_v"), leak=False),
    "one module": Shown(only_modules(2), heat=False),
    "three modules": Shown(only_modules(1, 2, 3)),
    "one sensor": Shown(one_sensor, heat=False),
    "sensors outside modules": Shown(outside, heat=False),
    "a reading of each module": Shown(module_reading),
    "no strings": Shown(renamed(string=None)),
    "strings of different size": Shown(uneven, strings=2),
    "nothing of any rack": Shown(nothing_of_racks, heat=False, leak=False),
}


def shown_as(polls: Iterable[Snapshot], keep: Keep) -> list[Snapshot]:
    polls = list(polls)
    named = [keep(column) for column in polls[0].layout.columns]
    at = [i for i, column in enumerate(named) if column is not None]
    layout = Layout.of(column for column in named if column is not None)
    return [replace(p, layout=layout, values=p.values[at], quality=p.quality[at]) for p in polls]


def told_of(name: str, change: Changes | None = None) -> list[AlarmEvent]:
    shown = LAYOUTS[name]
    rack = Rack((8, 2, 4), 20.0, current_a=discharge(0.5, recharged=True), strings=shown.strings)
    events = judged(rack, shown_as(rack.snapshots(HOURS, change), shown.keep))
    return [e for e in events if e.change is Change.RAISED]


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_battery_that_shows_other_things_raises_no_nonsense(name: str) -> None:
    assert [(e.key.rule, e.why) for e in told_of(name)] == []


@pytest.mark.parametrize("name", LAYOUTS)
def test_what_can_be_seen_of_a_heated_module_is_told_and_nothing_else(name: str) -> None:
    def heated(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        heat[1] += min(9.0, 20.0 * max(0.0, at_h - ONSET_H))

    events = [e for e in told_of(name, heated) if e.priority > Priority.LOW]

    assert {e.key.component.module for e in events} == ({2} if LAYOUTS[name].heat else set())


@pytest.mark.parametrize("name", LAYOUTS)
def test_what_can_be_seen_of_a_leaking_cell_is_told_and_nothing_else(name: str) -> None:
    def leaking(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        volts[1, 2] -= 0.02 * max(0.0, at_h - ONSET_H)

    events = told_of(name, leaking)

    places = {(e.key.component.module, e.key.component.cell) for e in events}
    assert places == ({(2, 3)} if LAYOUTS[name].leak else set())


@pytest.mark.parametrize("quantity", ["temperature_c", "cell_voltage_v", "current_a", "soc_pct"])
def test_columns_that_are_there_and_never_read_are_as_if_they_were_not(quantity: str) -> None:
    rack = Rack((8, 2, 4), 20.0)
    columns = rack.layout.indices(quantity)

    def unread(poll: Snapshot) -> Snapshot:
        values, quality = poll.values.copy(), poll.quality.copy()
        values[columns], quality[columns] = np.nan, 255
        return replace(poll, values=values, quality=quality)

    events = judged(rack, map(unread, rack.snapshots(HOURS)))

    assert [e.why for e in events if e.priority > Priority.LOW] == []


def test_strings_are_compared_each_in_itself() -> None:
    def second_is_warmer(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        heat[8:] += 6.0
        volts[8:] -= 0.05

    rack = Rack((8, 2, 4), 20.0, strings=2)

    assert judged(rack, rack.snapshots(HOURS, second_is_warmer)) == []


def test_a_rack_is_judged_from_the_first_hour_on() -> None:
    """Nothing is learned yet, and still a heater is told."""

    def heated(at_h: float, heat: np.ndarray, volts: np.ndarray) -> None:
        heat[1] += min(20.0, 60.0 * max(0.0, at_h - 0.3))

    rack = Rack((8, 2, 4), 20.0)
    events = judged(rack, rack.snapshots(0.8, heated))

    assert {e.key.component.module for e in events} == {2}
    assert events[0].at_s - next(rack.snapshots(0.1)).observed_at_s < 0.55 * HOUR_S
