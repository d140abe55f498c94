"""The register's text: what is read is written back to the byte, and garbage is only a mistake."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.errors import ConfigError
from batteryd.settings.collect import Collector
from batteryd.settings.files import SourceFile
from batteryd.settings.located import InventoryRows
from batteryd.settings.register_csv import COLUMNS, parse_register, write_register
from batteryd.settings.register_rows import rows_of_register

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12)
LINES = st.lists(st.lists(CELLS, min_size=len(COLUMNS), max_size=len(COLUMNS)), max_size=5)


def register_file(content: bytes) -> SourceFile:
    """Return a register as it would be read from the disk."""
    return SourceFile(Path("register.csv"), content)


def csv_bytes(lines: list[list[str]], *, line_end: str = "\n", mark: str = "") -> bytes:
    """Return lines as a spreadsheet writes them."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=line_end).writerows([list(COLUMNS), *lines])
    return (mark + text.getvalue()).encode()


@given(lines=LINES, line_end=st.sampled_from(["\n", "\r\n"]), mark=st.sampled_from(["", "\ufeff"]))
def test_a_register_is_written_back_to_the_byte(
    lines: list[list[str]], line_end: str, mark: str
) -> None:
    content = csv_bytes(lines, line_end=line_end, mark=mark)

    assert write_register(parse_register(register_file(content))) == content


def test_a_last_line_without_its_end_is_kept_like_that() -> None:
    content = "asset_id,site,room\nrack-1,대전,5층".encode()

    assert write_register(parse_register(register_file(content))) == content


def test_names_may_be_hangul_behind_a_byte_order_mark() -> None:
    content = "\ufeffasset_id,site,room\r\nrack-1,대전,5층 배터리실\r\n".encode()

    register = parse_register(register_file(content))

    assert register.columns == ("asset_id", "site", "room")
    assert register.lines[0].cells == ("rack-1", "대전", "5층 배터리실")
    assert register.lines[0].number == 2


def test_lines_that_a_spreadsheet_leaves_empty_are_no_batteries() -> None:
    content = b"asset_id,site,room\nrack-1,daejeon,room-5\n,,\n\n"
    file, collector = register_file(content), Collector()

    rows = rows_of_register(
        parse_register(file), file=file, listed=InventoryRows(), collector=collector
    )

    assert [b.row.asset_id for b in rows.batteries] == ["rack-1"]
    assert collector.mistakes == ()


def test_an_empty_file_lacks_every_column_that_is_required() -> None:
    with pytest.raises(ConfigError) as raised:
        parse_register(register_file(b""))

    assert [m.key for m in raised.value.mistakes] == [
        "row 1, column asset_id",
        "row 1, column site",
        "row 1, column room",
    ]


def read_and_collect(content: bytes) -> None:
    """Do with a register what loading does; only mistakes may come out."""
    file, collector = register_file(content), Collector()
    register = collector.attempt(lambda: parse_register(file))
    if register is not None:
        rows_of_register(register, file=file, listed=InventoryRows(), collector=collector)


@given(content=st.binary(max_size=200))
def test_bytes_that_are_no_register_are_a_mistake_and_nothing_else(content: bytes) -> None:
    read_and_collect(content)


@given(text=st.text(st.sampled_from('asset_id,site,room"\n\r대 \0\ufeff'), max_size=60))
def test_text_that_nearly_is_a_register_is_a_mistake_and_nothing_else(text: str) -> None:
    read_and_collect(("asset_id,site,room\n" + text).encode())


@given(lines=LINES)
def test_cells_of_any_content_are_rows_or_mistakes(lines: list[list[str]]) -> None:
    read_and_collect(csv_bytes(lines))
