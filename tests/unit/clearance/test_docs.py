"""The manual of clearance knows every code, every key of the case file, and the matrix."""

import re
from pathlib import Path

import pytest

from batteryd.clearance.case_file import CaseFile
from batteryd.clearance.case_rows import (
    AcceptanceTable,
    AlarmTable,
    AttestationTable,
    BatteryTable,
    CaseTable,
    FindingTable,
    OrderTable,
    ServiceTable,
)
from batteryd.clearance.matrix import MATRIX
from batteryd.domain.clearance import HoldCode
from batteryd.domain.work import WorkKind

MANUAL = (Path(__file__).parents[3] / "docs" / "clearance.md").read_text(encoding="utf-8")

ROW_OF: dict[str, type[CaseTable]] = {
    "`[work_order]`": OrderTable,
    "`[[battery]]`": BatteryTable,
    "`[[finding]]`": FindingTable,
    "`[[alarm]]`": AlarmTable,
    "`[[attestation]]`": AttestationTable,
    "`[[risk_acceptance]]`": AcceptanceTable,
    "`[[service]]`": ServiceTable,
}


@pytest.mark.parametrize("code", list(HoldCode))
def test_every_code_has_its_paragraph(code: HoldCode) -> None:
    assert f"### {code}: " in MANUAL


def test_every_table_of_a_case_is_in_the_manual() -> None:
    tables = {name.strip("`[]") for name in ROW_OF} | {"as_of"}

    assert tables == set(CaseFile.model_fields)


@pytest.mark.parametrize("name", ROW_OF)
def test_every_key_of_a_case_is_in_the_manual_and_what_is_required_is_bold(name: str) -> None:
    (row,) = (line for line in MANUAL.splitlines() if line.startswith(f"| {name} |"))

    for key, field in ROW_OF[name].model_fields.items():
        assert f"`{key}`" in row
        assert (f"**`{key}`" in row) >= field.is_required()


@pytest.mark.parametrize("kind", list(WorkKind))
def test_the_table_of_the_manual_is_the_matrix(kind: WorkKind) -> None:
    (row,) = (
        line for line in MANUAL.splitlines()
        if re.match(rf"\| [a-z, ]*\b{kind}\b.*\|", line) and line.count("|") == 11
    )  # fmt: skip

    for code, cell in zip(HoldCode, row.strip("|").split("|")[1:], strict=True):
        warns, holds = code in MATRIX[kind].warns, code in MATRIX[kind].holds
        assert bool(cell.strip()) == (warns or holds)
        assert (cell.strip() == "w") == warns
