"""The register's CSV as text: columns, cells, and the way back to the same bytes.

The register belongs to the people who keep it, often in a spreadsheet. Reading keeps every cell as
it was written, the order of the columns, a byte order mark and the kind of line end, so that a
register which is read and written again is the same file: a difference in it is a difference that
somebody made. (Cells are quoted where they must be and nowhere else, as spreadsheets do.)

What the cells mean is `register_rows`' business.
"""

import csv
import io
from dataclasses import dataclass

from batteryd.errors import ConfigError, Mistake
from batteryd.mistakes import unknown_text, value_text
from batteryd.settings.files import SourceFile

# The columns that every tool of a site may count on, in their order ...
FIRST_COLUMNS = (
    "asset_id", "site", "room", "ups", "dc_bus", "rack", "manufacturer", "model", "serial_number",
    "chemistry", "capacity_ah", "energy_kwh", "manufactured_on", "delivered_on", "installed_on",
    "commissioned_on", "warranty_basis", "warranty_months", "warranty_ends_on",
    "service_life_years", "document", "document_sha256", "profile", "address",
)  # fmt: skip
# ... and those that follow where they are needed.
COLUMNS = (
    *FIRST_COLUMNS,
    "warranty_extension_months", "extension_document", "temperature_c_max",
    "temperature_hours_max", "cycle_count_max", "energy_throughput_kwh_max", "soh_pct_min",
    "entered_by", "approved_by",
)  # fmt: skip
REQUIRED_COLUMNS = ("asset_id", "site", "room")

_MARK = "\ufeff"
_OTHER_MARKS = (";", "\t")  # what spreadsheets of some countries put in the place of commas


@dataclass(frozen=True, slots=True)
class RegisterLine:
    """One line of the register. `number` counts as a spreadsheet does: the header is row 1."""

    number: int
    cells: tuple[str, ...]
    called: str = ""  # what mistakes call a line that stands in no file; "": by its row

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands in it; spreadsheets leave such lines behind."""
        return not any(cell.strip() for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Register:
    """A register as it was read; columns are the header's cells without spaces around them."""

    header: tuple[str, ...]
    lines: tuple[RegisterLine, ...]
    has_mark: bool = False
    line_end: str = "\n"
    ends_with_line_end: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in the file's order."""
        return tuple(cell.strip() for cell in self.header)


def parse_register(file: SourceFile) -> Register:
    """Split a register into cells.

    Raises:
        ConfigError: it is no CSV in UTF-8, or its columns or the lengths of its lines are wrong;
            with every mistake that was found.
    """
    body = _body(file)
    header, *lines = _records(body, file=file) or [()]
    register = Register(
        header=header,
        lines=tuple(RegisterLine(n, cells) for n, cells in enumerate(lines, start=2)),
        has_mark=file.content.startswith(_MARK.encode()),
        line_end="\r\n" if body.partition(b"\n")[0].endswith(b"\r") else "\n",
        ends_with_line_end=body.endswith(b"\n"),
    )
    mistakes = (*_column_mistakes(register, file=file), *_length_mistakes(register, file=file))
    if mistakes:
        raise ConfigError(mistakes)
    return register


def write_register(register: Register) -> bytes:
    """Return the bytes that the register was read from."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=register.line_end)
    writer.writerow(register.header)
    writer.writerows(line.cells for line in register.lines)
    body = text.getvalue()
    if not register.ends_with_line_end:
        body = body.removesuffix(register.line_end)
    return ((_MARK if register.has_mark else "") + body).encode()


def _body(file: SourceFile) -> bytes:
    """Return the content without its mark, once it is known to be text."""
    try:
        file.content.decode("utf-8")
    except UnicodeDecodeError as error:
        row = file.content.count(b"\n", 0, error.start) + 1
        allowed = 'text in UTF-8; a spreadsheet calls it "CSV UTF-8"'
        raise ConfigError.one(file.path, f"row {row}", "", allowed) from None
    return file.content.removeprefix(_MARK.encode())


def _records(body: bytes, *, file: SourceFile) -> list[tuple[str, ...]]:
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(body), "utf-8", newline=""), strict=True)
    # Makers, models and dates repeat from line to line: kept once, a big register needs a quarter.
    once: dict[str, str] = {}
    records: list[tuple[str, ...]] = []
    try:
        records.extend(tuple([once.setdefault(cell, cell) for cell in cells]) for cells in reader)
    except csv.Error as error:
        row = f"row {len(records) + 1}"
        raise ConfigError.one(file.path, row, "", f"CSV with commas ({error})") from None
    return records


def _column_mistakes(register: Register, *, file: SourceFile) -> list[Mistake]:
    found = register.columns
    if len(found) == 1 and any(mark in found[0] for mark in _OTHER_MARKS):
        allowed = "columns with commas between them"
        return [Mistake(file.name, "row 1", value_text(found[0]), allowed)]
    mistakes = [
        Mistake(file.name, f"row 1, column {number}", value_text(name), _wrong(name))
        for number, name in enumerate(found, start=1)
        if name not in COLUMNS or name in found[: number - 1]
    ]
    mistakes += [
        Mistake(file.name, f"row 1, column {name}", "", "this column is required")
        for name in REQUIRED_COLUMNS
        if name not in found
    ]
    return mistakes


def _wrong(name: str) -> str:
    return "a column once" if name in COLUMNS else unknown_text("column", name, known=COLUMNS)


def _length_mistakes(register: Register, *, file: SourceFile) -> list[Mistake]:
    count = len(register.header)
    return [
        Mistake(
            file.name,
            f"row {line.number}",
            f"{len(line.cells)} cells",
            f"{count} cells, as many as columns",
        )
        for line in register.lines
        if len(line.cells) != count and not line.is_empty
    ]
