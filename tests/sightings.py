"""Racks that are looked at for signs of work: their inventory and what a poll of one shows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from batteryd.domain.inventory import Inventory, Source
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Layout, Snapshot, failed_snapshot, parse_column
from tests.builders import NOON_S, make_battery, make_inventory

MODULES = (1, 2, 3)
LAYOUT = Layout.of(
    parse_column(text)
    for text in (
        "-:contactor_closed",
        "-:breaker_closed",
        "-:door_open",
        "-:current_a",
        *(f"s1/m{m:02d}/t1:temperature_c" for m in MODULES),
        *(f"s1/m{m:02d}/c{c:02d}:cell_voltage_v" for m in MODULES for c in (1, 2)),
    )
)
_USUAL = {
    "contactor_closed": 1.0,
    "breaker_closed": 1.0,
    "door_open": 0.0,
    "current_a": 12.4,
    "temperature_c": 24.5,
    "cell_voltage_v": 3.652,
}
OPEN = {"-:contactor_closed": 0.0}
PULLED = dict.fromkeys(str(c) for c in LAYOUT.columns if c.component.module == 2)


def rack_inventory(*names: str, gateway: bool = False, **changes: Any) -> Inventory:
    """Return racks of one room on one DC bus, each at an address of its own or behind one."""
    racks = []
    for number, name in enumerate(names, start=1):
        address = f"modbus://10.0.5.{100 if gateway else number}:502/{number}"
        rack = make_battery(
            name,
            rack=name.replace("rack-", "Rack "),
            source=Source(address=address, profile="lithium-rack"),
        )
        racks.append(replace(rack, **changes))
    return make_inventory(*racks)


def poll(
    name: str = "rack-1", *, at_s: float = 0.0, values: Mapping[str, float | None] | None = None
) -> Snapshot:
    """Return a good poll `at_s` seconds after noon; None stands for a value that is not there."""
    numbers = np.array([_USUAL[column.quantity] for column in LAYOUT.columns])
    quality = np.zeros(len(LAYOUT), dtype=np.uint8)
    for text, value in (values or {}).items():
        at = LAYOUT.index[parse_column(text)]
        numbers[at] = np.nan if value is None else value
        quality[at] = Quality.MISSING if value is None else Quality.GOOD
    return Snapshot(name, NOON_S + at_s, LAYOUT, numbers, quality)


def no_answer(
    name: str = "rack-1", *, at_s: float, failure: str = "timeout: no answer from 10.0.5.1:502"
) -> Snapshot:
    """Return a poll that failed."""
    return failed_snapshot(name, LAYOUT, at_s=NOON_S + at_s, failure=failure)
