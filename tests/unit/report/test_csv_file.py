"""The canonical CSV: exact cells, exact bytes."""

import csv
import io
import subprocess
import sys

import pytest

from batteryd.report.cells import cell_text
from batteryd.report.csv_file import write_csv
from batteryd.report.warranty import WarrantyReport
from batteryd.report.warranty_columns import COLUMNS
from tests.warranty_reports import make_case, make_report, small_room

DIGEST = """
import hashlib, io
from batteryd.report.csv_file import write_csv
from batteryd.report.json_file import write_json
from batteryd.report.xlsx_file import write_xlsx
from tests.warranty_reports import make_report
for write in (write_csv, write_json, write_xlsx):
    out = io.BytesIO()
    write(make_report(), out)
    print(hashlib.sha256(out.getvalue()).hexdigest())
"""


def written(report: WarrantyReport) -> bytes:
    out = io.BytesIO()
    write_csv(report, out)
    return out.getvalue()


def test_every_cell_reads_back_as_it_was() -> None:
    report = make_report()

    header, *lines = csv.reader(io.StringIO(written(report).decode(), newline=""), strict=True)

    assert header == [column.name for column in COLUMNS]
    assert lines == [[cell_text(cell) for cell in row] for row in report.rows]


def test_lines_end_with_a_line_feed_and_nothing_stands_before_the_header() -> None:
    content = written(make_report(make_case(rack="Rack 1", room="전산실")))

    assert content.startswith(b"asset_id,site,room,")
    assert b"\r" not in content
    assert content.endswith(b"\n")
    assert "전산실".encode() in content


@pytest.mark.parametrize(
    ("rack", "cell"),
    [
        ("Rack 1", b"Rack 1"),
        ("Rack, 1", b'"Rack, 1"'),
        ('Rack "1"', b'"Rack ""1"""'),
        ("Rack\n1", b'"Rack\n1"'),
        ("Rack\r1", b'"Rack\r1"'),
        ("=1+1", b"=1+1"),
        ("@home", b"@home"),
        (" Rack 1 ", b" Rack 1 "),
    ],
)
def test_a_cell_is_quoted_where_it_must_be_and_nowhere_else(rack: str, cell: bytes) -> None:
    assert b",bus-1," + cell + b",Example Cells," in written(make_report(make_case(rack=rack)))


def test_the_same_cases_in_any_order_give_the_same_bytes() -> None:
    cases = small_room()

    assert written(make_report(*cases)) == written(make_report(*reversed(cases)))


def test_another_process_with_another_hash_seed_gives_the_same_bytes() -> None:
    answers = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={"PYTHONHASHSEED": seed, "TZ": zone, "PATH": ""},
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in (("0", "UTC"), ("7", "Asia/Seoul"))
    }

    assert len(answers) == 1
