"""`report verify`: what it prints, and that it needs nothing but the files."""

import json
from pathlib import Path

import pytest

from batteryd.cli.main import main
from tests.issued_reports import TABLE, issue_table, make_signer

KEY_ID = make_signer().key.key_id


def verify(*arguments: object) -> int:
    return main(["report", "verify", *map(str, arguments)])


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return issue_table(tmp_path / "report.csv")


@pytest.fixture
def public_key(tmp_path: Path) -> Path:
    path = tmp_path / "auditors" / "key.pub"
    path.parent.mkdir()
    path.write_bytes(make_signer().key.pem)
    return path


def test_with_the_signers_key_it_says_who_signed(
    report: Path, public_key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(report, "--public-key", public_key) == 0

    said = capsys.readouterr().out
    assert said == f"verified: report.csv (report.csv.manifest.json, signed by key {KEY_ID})\n"


def test_with_the_key_beside_it_says_what_that_does_not_prove(
    report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(report) == 0

    said = capsys.readouterr().out
    assert KEY_ID in said
    assert "Compare its id" in said


def test_what_is_wrong_is_named_first_and_all_of_it(
    report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report.write_bytes(TABLE[:-4])
    report.with_name("report.csv.manifest.json.sig").write_text("AAAA")

    assert verify(report) == 1

    first, *rest = capsys.readouterr().err.splitlines()
    assert first == "batteryd: not verified"
    assert rest[0].startswith("report.csv.manifest.json: not what key")
    assert rest[1] == f"report.csv: {len(TABLE) - 4} bytes long, {len(TABLE)} were signed"


def test_programs_get_the_same_as_json(report: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(report, "--json") == 0
    good = json.loads(capsys.readouterr().out)
    report.unlink()
    assert verify(report, "--json") == 1
    bad = json.loads(capsys.readouterr().out)

    assert (good["verified"], good["key_source"]) == (True, "beside")
    assert good["manifests"][0]["signature"] == "valid"
    assert good["manifests"][0]["key_id"] == KEY_ID
    assert (bad["verified"], bad["differences"]) == (
        False,
        [{"file": "report.csv", "what": "missing"}],
    )


def test_a_report_that_nobody_signed_needs_to_be_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = issue_table(tmp_path / "report.csv", is_signed=False)

    assert verify(report) == 1
    assert "report.csv.manifest.json: not signed" in capsys.readouterr().err
    assert verify(report, "--allow-unsigned") == 0
    assert "not signed" in capsys.readouterr().out

    report.write_bytes(b"forged")
    assert verify(report, "--allow-unsigned") == 1


@pytest.mark.parametrize("content", [None, b"", b"no key"])
def test_a_key_that_cannot_be_read_is_a_mistake_of_the_caller(
    report: Path, tmp_path: Path, content: bytes | None
) -> None:
    key = tmp_path / "key.pub"
    if content is not None:
        key.write_bytes(content)

    assert verify(report, "--public-key", key) == 2


def test_where_nothing_is_there_is_nothing_to_verify(tmp_path: Path) -> None:
    assert verify(tmp_path / "nothing.csv") == 2
