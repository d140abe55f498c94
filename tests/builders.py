"""Complete nouns with believable defaults: a test overrides what it is about, and nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from batteryd.domain.alarm import Alarm, AlarmKey, Condition, Priority, Suppression
from batteryd.domain.component import Component, Scope, parse_component
from batteryd.domain.inventory import (
    Battery,
    Chemistry,
    DcBus,
    Geometry,
    Inventory,
    Room,
    Service,
    Site,
    Source,
    Ups,
)
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Column, Layout, Snapshot, parse_column
from batteryd.domain.warranty import LifeDates, WarrantyBasis, WarrantyTerms

NOON_S = 1_764_072_000.0  # 2025-11-25T12:00:00Z

SMALL_RACK = Geometry(
    string_count=1,
    module_count_per_string=3,
    cell_count_per_module=2,
    temperature_sensor_count_per_module=2,
)


def make_layout(geometry: Geometry = SMALL_RACK) -> Layout:
    """Return the layout of a rack: whole-battery values, then temperatures, then cells."""
    modules = range(1, (geometry.module_count_per_string or 0) + 1)
    sensors = range(1, (geometry.temperature_sensor_count_per_module or 0) + 1)
    cells = range(1, (geometry.cell_count_per_module or 0) + 1)
    columns = [
        parse_column(f"-:{q}") for q in ("soc_pct", "voltage_v", "current_a", "contactor_closed")
    ]
    columns += [Column(Component(1, m, None, t), "temperature_c") for m in modules for t in sensors]
    columns += [Column(Component(1, m, c), "cell_voltage_v") for m in modules for c in cells]
    return Layout.of(columns)


_DEFAULTS = {
    "soc_pct": 80.0,
    "voltage_v": 54.6,
    "current_a": 0.4,
    "contactor_closed": 1.0,
    "temperature_c": 24.5,
    "cell_voltage_v": 3.652,
}


def make_snapshot(
    asset_id: str = "rack-1",
    *,
    at_s: float = NOON_S,
    values: Mapping[str, float | None] | None = None,
    geometry: Geometry = SMALL_RACK,
) -> Snapshot:
    """Return a snapshot; `values` maps `s1/m02/t1:temperature_c` to a number, or to None."""
    layout = make_layout(geometry)
    numbers = np.array([_DEFAULTS[c.quantity] for c in layout.columns])
    quality = np.zeros(len(layout), dtype=np.uint8)
    for text, value in (values or {}).items():
        at = layout.index[parse_column(text)]
        numbers[at] = np.nan if value is None else value
        quality[at] = Quality.MISSING if value is None else Quality.GOOD
    return Snapshot(asset_id, at_s, layout, numbers, quality)


def make_battery(asset_id: str = "rack-1", **changes: Any) -> Battery:
    """Return a battery of the Daejeon kind: installed in August 2014, ten years of warranty."""
    battery = Battery(
        asset_id=asset_id,
        room_id="room-5b",
        ups_id="ups-1",
        dc_bus_id="bus-1",
        rack="Rack 1",
        manufacturer="Example Cells",
        model="LR-17",
        serial_number="EC-0001",
        chemistry=Chemistry.NMC,
        capacity_ah=120.0,
        geometry=SMALL_RACK,
        dates=LifeDates(installed_on=date(2014, 8, 20)),
        warranty=WarrantyTerms(basis=WarrantyBasis.INSTALLED, months=120),
        source=Source(address="modbus://127.0.0.1:1502/1", profile="lithium-rack"),
    )
    return replace(battery, **changes)


def make_inventory(*batteries: Battery) -> Inventory:
    """Return one site with one room, one UPS with a card, one DC bus, two services."""
    return Inventory(
        sites={"daejeon": Site("daejeon", "Daejeon", "Asia/Seoul")},
        rooms={"room-5b": Room("room-5b", "daejeon", "Room 5B")},
        dc_buses={"bus-1": DcBus("bus-1", "room-5b", "Bus 1")},
        ups={
            "ups-1": Ups(
                "ups-1", "room-5b", "UPS 1", Source("snmp://127.0.0.1:1161", "ups-mib", "public")
            )
        },
        batteries={b.asset_id: b for b in (batteries or (make_battery(),))},
        services=(
            Service("mobile identity", 1, ups_id="ups-1"),
            Service("staff canteen", 4, room_id="room-5b"),
        ),
        revision="test",
    )


def make_key(component: str = "s1/m02", *, asset_id: str = "rack-1") -> AlarmKey:
    """Return the key of a temperature alarm."""
    return AlarmKey("daejeon", asset_id, parse_component(component), "module_temperature")


def make_alarm(key: AlarmKey | None = None, **changes: Any) -> Alarm:
    """Return an unacknowledged alarm about a hot module."""
    alarm = Alarm(
        key=key or make_key(),
        condition=Condition.UNACKNOWLEDGED,
        suppression=Suppression.NONE,
        priority=Priority.HIGH,
        scope=Scope.MODULE,
        raised_at_s=NOON_S - 60,
        changed_at_s=NOON_S - 60,
        quantity="temperature_c",
        value=46.2,
        setpoint=40.0,
        why="module 2 of rack 1: 46.2 °C, above 40.0 °C",
        action="look at the rack before anybody works on it",
    )
    return replace(alarm, **changes)
