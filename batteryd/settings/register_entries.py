"""Reads a register on its own, for a report: no inventory, no profiles, no daemon.

A report shows what a register says, so it is less strict than a configuration. A profile that
nobody has here is no mistake, and a row that contradicts itself is told, not refused: an auditor
has to see it. What cannot be read (a date, a number, an id that is there twice) is refused, with
every mistake of the whole file.

A register of 100,000 batteries has to fit into memory beside its report, so its lines become
batteries a few at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from batteryd.domain.register import RegisterEntry
from batteryd.errors import ConfigError
from batteryd.settings.collect import Collector
from batteryd.settings.files import SourceFile
from batteryd.settings.inventory import NOTHING_LISTED
from batteryd.settings.inventory_rows import BatteryRow
from batteryd.settings.life_checks import life_mistakes
from batteryd.settings.located import Located, Place
from batteryd.settings.register_csv import Register, parse_register
from batteryd.settings.register_rows import rows_of_register

_LINES_AT_ONCE = 2000
_BARE = Place(file="", row="", key_template="{field}")


@dataclass(frozen=True, slots=True)
class WrittenEntry:
    """A battery as a line of a register has it, and where the line contradicts itself."""

    entry: RegisterEntry
    profile: str | None  # both as written; what is polled needs both
    address: str | None
    contradictions: tuple[str, ...]


class _Source(NamedTuple):
    """The file, hashed once."""

    name: str
    sha256: str


def read_entries(file: SourceFile) -> Iterator[WrittenEntry]:
    """Yield what each line says, in the file's order. A file has no history: it counts always.

    Raises:
        ConfigError: with every mistake in the file, once it was read to its end; what was yielded
            before is then of no use.
    """
    collector, first = Collector(), dict[str, Place]()
    source = _Source(file.path.name, file.sha256)
    for lines in _parts(parse_register(file)):
        rows = rows_of_register(lines, file=file, listed=NOTHING_LISTED, collector=collector)
        sites = {item.row.room_id: item.row.site_id for item in rows.rooms}
        for item in rows.batteries:
            earlier = first.setdefault(item.row.asset_id, item.place)
            if earlier is not item.place:
                allowed = f"a name of its own: {earlier.row} has this one"
                collector.add(item.place.mistake("asset_id", item.row.asset_id, allowed))
            if not collector.mistakes:
                yield _written(item.row, site_id=sites[item.row.room_id], source=source)
    if collector.mistakes:
        raise ConfigError(collector.mistakes)


def _parts(register: Register) -> Iterator[Register]:
    for begin in range(0, len(register.lines), _LINES_AT_ONCE):
        yield replace(register, lines=register.lines[begin : begin + _LINES_AT_ONCE])


def _written(row: BatteryRow, *, site_id: str, source: _Source) -> WrittenEntry:
    entry = RegisterEntry(
        battery=row.built(),
        effective_on=date.min,
        source=source.name,
        source_sha256=source.sha256,
        entered_by=row.entered_by or "",
        approved_by=row.approved_by,
        site_id=site_id,
    )
    return WrittenEntry(entry, row.profile, row.address, tuple(_contradictions(row)))


def _contradictions(row: BatteryRow) -> Iterator[str]:
    for mistake in life_mistakes(Located(row, _BARE)):
        # How contract and months differ is told by `warranty.conflicts`, to the day.
        if mistake.key != "warranty_ends_on":
            yield f"{mistake.key} is {mistake.value}, allowed is {mistake.allowed}"
