"""What the cells of a register mean: batteries, and the sites, rooms, UPSs and buses they name.

A cell is text. Where the column holds a number or a date it is read as one, in the only spellings
that cannot be mistaken (`2014-08-25`, `120`, `3.5`); anything else stays text, and the strict row
refuses it by name. An empty cell says nothing: unknown is not zero.

A register may come alone or with an `inventory.toml`. A kind of thing (site, room, UPS, DC bus)
that the TOML lists is only referred to by the register, by its id. A kind that the TOML leaves out
is made from the cells. Rooms, UPSs and buses are called by names that need only be unique within
their site, so their made ids carry the site's: `daejeon:battery room`. A TOML that lists such an id
is referred to by the name alone as well: a register that was used alone needs no change.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TypeVar

from pydantic import ValidationError

from batteryd.mistakes import allowed_text, unknown_text
from batteryd.settings.collect import Collector
from batteryd.settings.files import SourceFile
from batteryd.settings.inventory_rows import BatteryRow, DcBusRow, RoomRow, Row, SiteRow, UpsRow
from batteryd.settings.located import InventoryRows, Located, Place
from batteryd.settings.register_csv import Register

_COLUMN_OF_FIELD = MappingProxyType(
    {"site_id": "site", "room_id": "room", "ups_id": "ups", "dc_bus_id": "dc_bus"}
)
_FIELD_OF_COLUMN = MappingProxyType({column: name for name, column in _COLUMN_OF_FIELD.items()})

_NOT_EMPTY = "a cell that is not empty"

_WHOLE = re.compile(r"[+-]?[0-9]{1,15}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Cell = str | int | float | date
ThisRow = TypeVar("ThisRow", bound=Row)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line: its cells by column, empty ones left out, and the ids that are listed, by kind."""

    place: Place
    cells: Mapping[str, str]
    listed: Mapping[str, frozenset[str]]

    def id_of(self, kind: str) -> str | None:
        """Return the id of what this line names; None where it names none."""
        name, site = self.cells.get(kind), self.cells.get("site")
        if name is None or site is None or kind == "site":
            return name
        made, listed = f"{site}:{name}", self.listed.get(kind)
        return made if not listed or (made in listed and name not in listed) else name


def rows_of_register(
    register: Register, *, file: SourceFile, listed: InventoryRows, collector: Collector
) -> InventoryRows:
    """Return the register's batteries, with everything listed or made that they refer to."""
    made = frozenset(kind for kind in _FIELD_OF_COLUMN if not listed.ids.get(kind))
    entries = _entries(register, file=file, listed=listed.ids)
    _check_sites(entries, listed=listed, collector=collector)

    def rows(kind: str, model: type[ThisRow]) -> tuple[Located[ThisRow], ...]:
        if kind not in made:
            return ()
        first: dict[str, _Entry] = {}
        for entry in entries:
            name = entry.id_of(kind)
            if name is not None and "site" in entry.cells:
                first.setdefault(name, entry)
        read = (
            _row(_thing(e, kind, model), model=model, entry=e, collector=collector)
            for e in first.values()
        )
        return tuple(row for row in read if row is not None)

    batteries = (_battery(entry, collector=collector) for entry in entries)
    return InventoryRows(
        sites=listed.sites + rows("site", SiteRow),
        rooms=listed.rooms + rows("room", RoomRow),
        dc_buses=listed.dc_buses + rows("dc_bus", DcBusRow),
        ups=listed.ups + rows("ups", UpsRow),
        batteries=tuple(battery for battery in batteries if battery is not None),
        services=listed.services,
        ids={**listed.ids, **_written_ids(entries, made)},
    )


def _entries(
    register: Register, *, file: SourceFile, listed: Mapping[str, frozenset[str]]
) -> tuple[_Entry, ...]:
    columns = register.columns
    return tuple(
        _Entry(
            Place(
                file.name,
                line.called or f"row {line.number}",
                "{row}, column {field}",
                _COLUMN_OF_FIELD,
            ),
            {c: cell.strip() for c, cell in zip(columns, line.cells, strict=True) if cell.strip()},
            listed,
        )
        for line in register.lines
        if not line.is_empty
    )


def _check_sites(entries: Iterable[_Entry], *, listed: InventoryRows, collector: Collector) -> None:
    """Hold what a line says of its site against its room: a battery has no site of its own."""
    sites = listed.ids.get("site", frozenset())
    site_of_room = {room.row.room_id: room.row.site_id for room in listed.rooms}
    for entry in entries:
        site, place = entry.cells.get("site"), entry.place
        expected = site_of_room.get(entry.id_of("room") or "")
        if site is None:
            collector.add(place.mistake("site_id", None, "a site: every battery stands somewhere"))
        elif sites and site not in sites:
            collector.add(place.mistake("site_id", site, unknown_text("site", site, known=sites)))
        elif expected is not None and site != expected:
            collector.add(place.mistake("site_id", site, f"{expected}, the site of its room"))


def _thing(entry: _Entry, kind: str, model: type[Row]) -> dict[str, object]:
    """Return the fields of what a line names, as far as the model of that kind has them."""
    fields = {
        _FIELD_OF_COLUMN[kind]: entry.id_of(kind),
        "site_id": entry.id_of("site"),
        "room_id": entry.id_of("room"),
        "name": entry.cells[kind],
    }
    return {key: value for key, value in fields.items() if key in model.model_fields and value}


def _battery(entry: _Entry, *, collector: Collector) -> Located[BatteryRow] | None:
    fields: dict[str, object] = {}
    for column, text in entry.cells.items():
        if column in _FIELD_OF_COLUMN:
            fields[_FIELD_OF_COLUMN[column]] = entry.id_of(column)
        else:
            fields[column] = _READ.get(column, str)(text)
    fields.pop("site_id", None)
    return _row(fields, model=BatteryRow, entry=entry, collector=collector)


def _row(
    fields: Mapping[str, object], *, model: type[ThisRow], entry: _Entry, collector: Collector
) -> Located[ThisRow] | None:
    try:
        return Located(model.model_validate(fields), entry.place)
    except ValidationError as error:
        for details in error.errors():
            name = str(details["loc"][0])
            written = entry.cells.get(_COLUMN_OF_FIELD.get(name, name))
            is_missing = details["type"] == "missing"
            allowed = _NOT_EMPTY if is_missing else allowed_text(details, model=model)
            collector.add(entry.place.mistake(name, written, allowed))
        return None


def _written_ids(entries: Sequence[_Entry], made: frozenset[str]) -> dict[str, frozenset[str]]:
    ids = {
        kind: frozenset(name for name in (e.id_of(kind) for e in entries) if name is not None)
        for kind in made
    }
    return ids | {"battery": frozenset(e.cells.get("asset_id", "") for e in entries)}


def _whole(text: str) -> Cell:
    return int(text) if _WHOLE.fullmatch(text) else text


def _number(text: str) -> Cell:
    return float(text) if _NUMBER.fullmatch(text) else text


def _date(text: str) -> Cell:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else text
    except ValueError:  # 2014-02-30
        return text


_READ: Mapping[str, Callable[[str], Cell]] = MappingProxyType(
    {
        "capacity_ah": _number,
        "energy_kwh": _number,
        "manufactured_on": _date,
        "delivered_on": _date,
        "installed_on": _date,
        "commissioned_on": _date,
        "warranty_months": _whole,
        "warranty_ends_on": _date,
        "service_life_years": _number,
        "warranty_extension_months": _whole,
        "temperature_c_max": _number,
        "temperature_hours_max": _number,
        "cycle_count_max": _whole,
        "energy_throughput_kwh_max": _number,
        "soh_pct_min": _number,
    }
)
