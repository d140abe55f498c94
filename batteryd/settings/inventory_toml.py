"""Reads `inventory.toml`: lists of tables named site, room, dc_bus, ups, battery, service.

Every table is checked by itself, so that one mistake never hides another. The one other key,
`register`, names a CSV file beside this one that holds the batteries.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError

from batteryd.errors import Mistake
from batteryd.mistakes import mistakes_of, unknown_text, value_text
from batteryd.settings.collect import Collector
from batteryd.settings.files import SourceFile
from batteryd.settings.inventory_rows import (
    BatteryRow,
    DcBusRow,
    RoomRow,
    Row,
    ServiceRow,
    SiteRow,
    UpsRow,
)
from batteryd.settings.located import InventoryRows, Located, Place

ID_FIELDS = MappingProxyType(
    {
        "site": "site_id",
        "room": "room_id",
        "dc_bus": "dc_bus_id",
        "ups": "ups_id",
        "battery": "asset_id",
        "service": "name",
    }
)
REGISTER = "register"

Tables = list[tuple[int, dict[str, Any]]]  # numbered from 1, as written
ThisRow = TypeVar("ThisRow", bound=Row)


def rows_of_toml(
    data: Mapping[str, Any], *, file: SourceFile, collector: Collector
) -> InventoryRows:
    """Return every row that can be read; mistakes go to the collector."""
    known = (*ID_FIELDS, REGISTER)
    for key in data.keys() - set(known):
        collector.add(Mistake(file.name, key, "", unknown_text("key", key, known=known)))
    tables = {kind: _tables(data, kind, file=file, collector=collector) for kind in ID_FIELDS}

    def rows(kind: str, model: type[ThisRow]) -> tuple[Located[ThisRow], ...]:
        places = ((Place(file.name, f"{kind}.{n}"), table) for n, table in tables[kind])
        read = (_row(table, model=model, place=p, collector=collector) for p, table in places)
        return tuple(row for row in read if row is not None)

    return InventoryRows(
        sites=rows("site", SiteRow),
        rooms=rows("room", RoomRow),
        dc_buses=rows("dc_bus", DcBusRow),
        ups=rows("ups", UpsRow),
        batteries=rows("battery", BatteryRow),
        services=rows("service", ServiceRow),
        ids={kind: _ids(tables[kind], ID_FIELDS[kind]) for kind in ID_FIELDS},
    )


def register_path(
    data: Mapping[str, Any], *, file: SourceFile, collector: Collector
) -> Path | None:
    """Return where the register is that this inventory takes its batteries from, if any."""
    name = data.get(REGISTER)
    if name is None:
        return None
    if not isinstance(name, str) or not name:
        allowed = "the name of a CSV file"
        collector.add(Mistake(file.name, REGISTER, value_text(name), allowed))
        return None
    if data.get("battery"):
        allowed = "either register or [[battery]] tables, not both"
        collector.add(Mistake(file.name, REGISTER, value_text(name), allowed))
    return file.path.parent / name


def _tables(
    data: Mapping[str, Any], kind: str, *, file: SourceFile, collector: Collector
) -> Tables:
    value = data.get(kind, [])
    if isinstance(value, list) and all(isinstance(table, dict) for table in value):
        return list(enumerate(value, start=1))
    collector.add(Mistake(file.name, kind, value_text(value), f"tables, each headed [[{kind}]]"))
    return []


def _row(
    table: Mapping[str, Any], *, model: type[ThisRow], place: Place, collector: Collector
) -> Located[ThisRow] | None:
    try:
        return Located(model.model_validate(table), place)
    except ValidationError as error:
        collector.add(*mistakes_of(error, model=model, file=place.file, key=place.row))
        return None


def _ids(tables: Tables, id_field: str) -> frozenset[str]:
    written = (table.get(id_field) for _, table in tables)
    return frozenset(name for name in written if isinstance(name, str))
