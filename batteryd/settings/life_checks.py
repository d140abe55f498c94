"""Dates and terms of a battery that contradict each other.

What is merely unknown is no mistake: a battery without a warranty date is assessed as unknown. But
where two things are said and cannot both be true, nobody may choose one of them silently.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from batteryd.domain.person import same_person
from batteryd.errors import Mistake
from batteryd.settings.inventory_rows import BatteryRow
from batteryd.settings.located import Located
from batteryd.warranty.coverage import cover_of

# Contracts count their last day in ways of their own (the day itself, the day before, the end of
# the month), so months and last day may differ by as much as that and still agree.
_TOLERANCE_DAYS = 31

_IN_ORDER = ("manufactured_on", "delivered_on", "installed_on", "commissioned_on")


def life_mistakes(battery: Located[BatteryRow]) -> Iterator[Mistake]:
    """Yield every contradiction in the dates and terms of one battery."""
    yield from _out_of_order(battery)
    yield from _contradictory_end(battery)
    yield from _hours_above_nothing(battery)
    yield from _approved_alone(battery)


def _out_of_order(battery: Located[BatteryRow]) -> Iterator[Mistake]:
    known = [(f, day) for f in _IN_ORDER if (day := getattr(battery.row, f)) is not None]
    for (earlier, before), (field, day) in pairwise(known):
        if day < before:
            yield battery.place.mistake(field, day, f"not before {earlier}, {before}")


def _contradictory_end(battery: Located[BatteryRow]) -> Iterator[Mistake]:
    row = battery.row
    if row.warranty_ends_on is None:
        return
    counted = cover_of(replace(row.warranty, ends_on=None, extension_months=None), row.dates)
    if counted.last_day is None:
        return
    if abs((row.warranty_ends_on - counted.last_day).days) > _TOLERANCE_DAYS:
        allowed = f"about {counted.last_day}, which is {counted.reason}"
        yield battery.place.mistake("warranty_ends_on", row.warranty_ends_on, allowed)


def _hours_above_nothing(battery: Located[BatteryRow]) -> Iterator[Mistake]:
    row = battery.row
    if row.temperature_hours_max is not None and row.temperature_c_max is None:
        allowed = "temperature_c_max as well: hours above which temperature"
        yield battery.place.mistake("temperature_hours_max", row.temperature_hours_max, allowed)


def _approved_alone(battery: Located[BatteryRow]) -> Iterator[Mistake]:
    row = battery.row
    if row.entered_by and row.approved_by and same_person(row.entered_by, row.approved_by):
        allowed = "another person than entered it: two people"
        yield battery.place.mistake("approved_by", row.approved_by, allowed)
