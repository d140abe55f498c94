"""What an auditor types wrong, or from where it was not thought of."""

from pathlib import Path

import pytest

from batteryd.cli.main import main

REGISTER = """\
asset_id,site,room,warranty_ends_on
rack-1,daejeon,room-5b,2024-08-19
rack-2,daejeon,room-5b,2025-09-27
"""


@pytest.fixture
def register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A register in the folder where the auditor stands, and a home for a key of their own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "audit"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "register.csv").write_text(REGISTER, encoding="utf-8")
    return Path("register.csv")


def test_the_folder_where_one_stands_can_be_verified(
    register: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--register", str(register), "--as-of", "2025-09-26", "-o", "report.csv")
    assert main(["warranty", "report", *words]) == 0
    register.unlink()

    assert main(["report", "verify", "."]) == 0

    assert "verified: report.csv" in capsys.readouterr().out


def test_a_file_that_is_no_key_is_told_by_its_option(
    register: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--register", str(register), "-o", "report.csv", "--key", str(register))

    assert main(["warranty", "report", *words]) == 2

    said = "it holds no Ed25519 private key in PEM without a passphrase"
    assert said in capsys.readouterr().err
    assert not Path("report.csv").exists()


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_register_with_other_marks_than_commas_is_told_so_once(
    register: Path, mark: str, capsys: pytest.CaptureFixture[str]
) -> None:
    register.write_text(REGISTER.replace(",", mark), encoding="utf-8")

    assert main(["warranty", "list", "--register", str(register)]) == 2

    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith('batteryd: register.csv: row 1 = "asset_id')
    assert said.endswith(": columns with commas between them")


@pytest.mark.parametrize("days", ["-5", "soon", "1.5"])
def test_days_that_are_none_are_refused(
    register: Path, days: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["warranty", "list", "--register", str(register), "--within", days])

    assert ended.value.code == 2
    assert f"'{days}' is no number of days, 0 or more" in capsys.readouterr().err


def test_one_day_is_a_day(register: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["warranty", "list", "--register", str(register), "--as-of", "2025-09-26"]) == 0

    assert "1 day left " in capsys.readouterr().out
