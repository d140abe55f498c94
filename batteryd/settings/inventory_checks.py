"""What only shows when rows of the inventory are seen together: ids twice, and ids of nothing."""

from collections.abc import Hashable, Iterable, Iterator
from types import MappingProxyType

from batteryd.errors import Mistake
from batteryd.mistakes import unknown_text
from batteryd.settings.inventory_rows import BatteryRow, Row, ServiceRow
from batteryd.settings.located import InventoryRows, Located

# Which kind of thing a field refers to.
_REFERENCES = MappingProxyType(
    {"site_id": "site", "room_id": "room", "ups_id": "ups", "dc_bus_id": "dc_bus"}
)


def inventory_mistakes(rows: InventoryRows) -> Iterator[Mistake]:
    """Yield every id that stands twice and every reference to something that is not there."""
    yield from _repeated(rows.sites, "site_id")
    yield from _repeated(rows.rooms, "room_id")
    yield from _repeated(rows.dc_buses, "dc_bus_id")
    yield from _repeated((*rows.ups, *rows.batteries), "ups_id")  # both are assets, by one id
    yield from _repeated(rows.services, "name")
    yield from _unknown(rows.rooms, rows, own="room_id")
    yield from _unknown(rows.dc_buses, rows, own="dc_bus_id")
    yield from _unknown(rows.ups, rows, own="ups_id")
    yield from _unknown(rows.batteries, rows, own="asset_id")
    yield from _unknown(rows.services, rows, own="name")
    yield from _unreached(rows.services)
    yield from _over_before_it_began(rows.services)


def _repeated(located: Iterable[Located[Row]], own: str) -> Iterator[Mistake]:
    first: dict[Hashable, Located[Row]] = {}
    for item in located:
        field = "asset_id" if isinstance(item.row, BatteryRow) else own
        earlier = first.setdefault(_identity(item.row, field), item)
        if earlier is not item:
            allowed = f"a name of its own: {earlier.place.row} has this one"
            yield item.place.mistake(field, getattr(item.row, field), allowed)


def _identity(row: Row, field: str) -> Hashable:
    if isinstance(row, ServiceRow):
        # A service may be reached in two ways, and its grade may change on a day.
        return (row.name, row.ups_id, row.room_id, row.valid_from)
    return str(getattr(row, field))


def _unknown(
    located: Iterable[Located[Row]], rows: InventoryRows, *, own: str
) -> Iterator[Mistake]:
    for item in located:
        for field in _REFERENCES.keys() & type(item.row).model_fields.keys() - {own}:
            name, kind = getattr(item.row, field), _REFERENCES[field]
            known = rows.ids.get(kind, frozenset())
            if name is not None and name not in known:
                allowed = unknown_text(kind, name, known=sorted(known))
                yield item.place.mistake(field, name, allowed)


def _unreached(services: Iterable[Located[ServiceRow]]) -> Iterator[Mistake]:
    for item in services:
        if item.row.ups_id is None and item.row.room_id is None:
            yield item.place.mistake("ups_id", None, "ups_id or room_id: what it depends on")


def _over_before_it_began(services: Iterable[Located[ServiceRow]]) -> Iterator[Mistake]:
    for item in services:
        begins, ends = item.row.valid_from, item.row.valid_to
        if begins is not None and ends is not None and ends < begins:
            yield item.place.mistake("valid_to", ends, f"not before valid_from, {begins}")
