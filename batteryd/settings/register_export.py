"""Writes the register as a CSV again: as it was imported, cell by cell, where nothing has changed.

The file that was imported last is the pattern: its columns, its lines and their order, its byte
order mark and line ends. A cell that still means what the register says keeps its spelling, another
is written anew. Batteries that the file does not have follow at its end, in columns of their own
where they need them; those that are no longer in the register are left out. So what is imported and
exported again is the same file to the byte, and otherwise comparing the two shows what has changed.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import chain, repeat

from batteryd.domain.register import RegisterEntry
from batteryd.settings.collect import Collector
from batteryd.settings.files import SourceFile
from batteryd.settings.located import InventoryRows
from batteryd.settings.register_csv import (
    COLUMNS,
    FIRST_COLUMNS,
    Register,
    RegisterLine,
    parse_register,
    write_register,
)
from batteryd.settings.register_rows import rows_of_register
from batteryd.warranty.register_columns import cell_of

Entries = Mapping[str, RegisterEntry]  # by asset id
Anew = Mapping[str, Collection[str]]  # the columns to be written anew, by asset id


def export_register(entries: Entries, *, imported: SourceFile | None) -> bytes:
    """Return the register as a CSV.

    Args:
        entries: what the register says.
        imported: the file to write it like; None: nobody ever imported one.

    Raises:
        ConfigError: `imported` is no register.
    """
    if imported is None:
        return _written(Register(FIRST_COLUMNS, ()), entries, said={})
    pattern = parse_register(imported)
    said = _entries_in(pattern, file=imported, known=entries)
    if said.keys() == entries.keys() and not _anew(entries, said=said):
        return imported.content  # to the byte, also where a cell was quoted that need not be
    return _written(pattern, entries, said=said)


def _entries_in(pattern: Register, *, file: SourceFile, known: Entries) -> Entries:
    """Return what the file says; names of places are read as the ids that the register has."""
    batteries = [entry.battery for entry in known.values()]
    ids = {
        "room": frozenset(b.room_id for b in batteries),
        "ups": frozenset(b.ups_id for b in batteries if b.ups_id is not None),
        "dc_bus": frozenset(b.dc_bus_id for b in batteries if b.dc_bus_id is not None),
    }
    rows = rows_of_register(
        pattern, file=file, listed=InventoryRows(ids=ids), collector=Collector()
    )
    sites = dict(_named(pattern, "site"))
    return {
        item.row.asset_id: RegisterEntry(
            battery=item.row.built(),
            effective_on=date.min,
            source=file.name,
            source_sha256="",  # what the file means is compared, and nothing else
            entered_by="",
            site_id=sites[item.row.asset_id],
        )
        for item in rows.batteries
    }


def _anew(entries: Entries, *, said: Entries) -> Anew:
    found = {name: _columns_anew(entry, said.get(name)) for name, entry in entries.items()}
    return {name: columns for name, columns in found.items() if columns}


def _columns_anew(entry: RegisterEntry, said: RegisterEntry | None) -> Collection[str]:
    if said is None:
        return COLUMNS
    if said.battery == entry.battery and said.site_id == entry.site_id:
        return ()
    return frozenset(c for c in COLUMNS if cell_of(said, c) != cell_of(entry, c))


def _written(pattern: Register, entries: Entries, *, said: Entries) -> bytes:
    anew = _anew(entries, said=said)
    more = (column for column in COLUMNS if column not in pattern.columns)
    needed = tuple(c for c in more if any(cell_of(entries[n], c) for n in anew if c in anew[n]))
    widened = replace(pattern, header=(*pattern.header, *needed))
    return write_register(replace(widened, lines=tuple(_lines(widened, entries, anew=anew))))


def _lines(pattern: Register, entries: Entries, *, anew: Anew) -> Iterator[RegisterLine]:
    columns, at = pattern.columns, pattern.columns.index("asset_id")

    def cells(old: tuple[str, ...], asset_id: str) -> tuple[str, ...]:
        entry, new = entries[asset_id], anew.get(asset_id, ())
        beside = zip(columns, chain(old, repeat("")), strict=False)
        return tuple(cell_of(entry, column) if column in new else cell for column, cell in beside)

    left = dict.fromkeys(entries)
    for line in pattern.lines:
        if line.is_empty:
            yield line
        elif (asset_id := line.cells[at].strip()) in left:
            del left[asset_id]
            yield RegisterLine(line.number, cells(line.cells, asset_id))
    for number, asset_id in enumerate(left, start=len(pattern.lines) + 2):
        yield RegisterLine(number, cells((), asset_id))


def _named(pattern: Register, column: str) -> Iterator[tuple[str, str]]:
    """Yield asset id and cell of every line."""
    at, found = pattern.columns.index("asset_id"), pattern.columns.index(column)
    for line in pattern.lines:
        if not line.is_empty:
            yield line.cells[at].strip(), line.cells[found].strip()
