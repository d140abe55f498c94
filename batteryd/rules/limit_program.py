"""Compiles limits for a layout: which columns speak of which alarm, and the band of each column."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple, cast

import numpy as np

from batteryd.domain.alarm import Priority
from batteryd.domain.component import Component, Scope
from batteryd.domain.snapshot import Layout, Values
from batteryd.rules.kind import Rule
from batteryd.rules.limit_settings import LimitSettings

PROGRAMS_MAX = 1024  # the one that was not used for longest goes, and is compiled again if needed


class Point(NamedTuple):
    """One alarm that can be: a rule at a component, with the columns that speak of it."""

    rule: Rule
    settings: LimitSettings
    component: Component
    columns: tuple[int, ...]
    setpoints: Mapping[Priority, float]  # the least urgent first
    on_delay_s: Mapping[Priority, float]

    @property
    def scope(self) -> Scope:
        """What the alarm is about."""
        return self.settings.scope or self.component.scope

    @property
    def nearest(self) -> float:
        """The setpoint that is reached first."""
        return next(iter(self.setpoints.values()))

    @property
    def return_point(self) -> float:
        """The value that has to be passed on the way back."""
        return self.nearest - self.settings.sign * self.settings.deadband

    def reached(self, value: float) -> Priority | None:
        """Return the highest priority whose setpoint a value is at or beyond."""
        sign = self.settings.sign
        found = None
        for priority, setpoint in self.setpoints.items():
            if sign * value >= sign * setpoint:
                found = priority
        return found

    def is_back(self, value: float) -> bool:
        """Whether a value has left the deadband on the good side."""
        sign = self.settings.sign
        return sign * value < sign * self.return_point


class Program(NamedTuple):
    """The limits of a layout. Shared between assets and never changed."""

    layout: Layout
    points: tuple[Point, ...]
    points_at: Mapping[int, tuple[int, ...]]  # column -> indices of the points that it speaks of
    lower: Values  # a value at or below reaches a setpoint
    upper: Values  # a value at or above reaches one


@lru_cache(maxsize=PROGRAMS_MAX)
def compile_program(rules: tuple[Rule, ...], layout: Layout) -> Program:
    """Compile limit rules for a layout."""
    points = tuple(point for rule in rules for point in _points_of(rule, layout))
    points_at: dict[int, tuple[int, ...]] = {}
    lower, upper = np.full(len(layout), -np.inf), np.full(len(layout), np.inf)
    for index, point in enumerate(points):
        for column in point.columns:
            points_at[column] = (*points_at.get(column, ()), index)
            if point.settings.direction == "high":
                upper[column] = min(upper[column], point.nearest)
            else:
                lower[column] = max(lower[column], point.nearest)
    return Program(layout, points, points_at, lower, upper)


def _points_of(rule: Rule, layout: Layout) -> Iterator[Point]:
    settings = cast(LimitSettings, rule.settings)
    setpoints = settings.limits
    if not setpoints:
        return
    columns: dict[Component, list[int]] = {}
    for quantity in settings.quantities:
        for column in layout.indices(quantity).tolist():
            columns.setdefault(_about(layout.columns[column].component), []).append(column)
    for component, found in columns.items():
        yield Point(
            rule=rule,
            settings=settings,
            component=component,
            columns=tuple(found),
            setpoints=setpoints,
            on_delay_s={p: settings.delay_s(p) for p in setpoints},
        )


def _about(component: Component) -> Component:
    return component if component.sensor is None else component.parent_module
