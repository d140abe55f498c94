"""The warranty commands on a register and on a ledger: what is written, and the exit code."""

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest

from batteryd.cli.main import main
from batteryd.domain.work import Finding
from batteryd.registrar.imports import record_entries
from batteryd.store.ledger import Ledger
from batteryd.store.records import FINDINGS
from batteryd.store.signing import SigningKey, key_path
from batteryd.warranty.register_source import RegisterSource
from tests.builders import NOON_S, make_battery
from tests.journals import open_journal
from tests.registers import COLUMNS, line_of, write_register
from tests.unit.settings.places import lay_out

DAEJEON = {
    "asset_id": "rack-1",
    "site": "daejeon",
    "room": "room-5b",
    "installed_on": "2014-08-20",
    "commissioned_on": "2014-08-29",
    "delivered_on": "2014-08-07",
    "manufactured_on": "2013-11-02",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user whose keys are in a folder of the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state-home"))
    return tmp_path / "state-home"


@pytest.fixture
def register(tmp_path: Path) -> Path:
    return write_register(
        tmp_path / "register.csv",
        line_of(**DAEJEON),
        line_of(2, asset_id="rack-2", site="daejeon", warranty_ends_on="2026-03-31"),
        line_of(3, asset_id="rack-3", site="daejeon", warranty_basis=""),
    )


def report(*arguments: object) -> int:
    return main(["warranty", "report", *map(str, arguments)])


def rows_of(text: str) -> dict[str, dict[str, str]]:
    return {row["asset_id"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}


@pytest.mark.parametrize(
    ("as_of", "status", "days_left"),
    [
        ("2014-08-19", "unknown", "3653"),
        ("2014-08-20", "in_warranty", "3652"),
        ("2023-08-19", "in_warranty", "366"),
        ("2023-08-20", "expiring", "365"),
        ("2024-08-19", "expiring", "0"),
        ("2024-08-20", "expired", "-1"),
    ],
)
def test_a_register_is_reported_as_of_any_day(
    register: Path,
    as_of: str,
    status: str,
    days_left: str,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    assert report("--register", register, "--as-of", as_of, "--format", "csv") == 0

    row = rows_of(capfdbinary.readouterr().out.decode())["rack-1"]
    assert (row["warranty_last_day"], row["status"]) == ("2024-08-19", status)
    assert row["days_left"] == days_left


def test_every_cell_of_the_register_stands_in_the_report_as_it_was_written(
    register: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert report("--register", register, "--as-of", "2025-09-26") == 0

    found = rows_of(capfdbinary.readouterr().out.decode())
    written = rows_of(register.read_text(encoding="utf-8"))
    assert {name: {c: row[c] for c in COLUMNS} for name, row in found.items()} == written


def test_a_profile_without_an_address_is_kept_though_nothing_is_polled(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = write_register(tmp_path / "register.csv", line_of(1, address=""))

    assert report("--register", file, "--as-of", "2025-09-26") == 0

    (row,) = rows_of(capfdbinary.readouterr().out.decode()).values()
    assert (row["profile"], row["address"]) == ("lithium-rack", "")
    assert row["data_quality"] == "not_polled"


def test_a_row_that_contradicts_itself_is_told_and_not_refused(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = write_register(
        tmp_path / "register.csv",
        line_of(**DAEJEON | {"warranty_ends_on": "2025-08-31", "delivered_on": "2013-01-01"}),
    )

    assert report("--register", file, "--as-of", "2025-08-31") == 0

    row = rows_of(capfdbinary.readouterr().out.decode())["rack-1"]
    assert (row["warranty_last_day"], row["days_left"]) == ("2025-08-31", "0")
    assert "comes to 2024-08-19: the contract counts" in row["conflicts"]
    assert "delivered_on is 2013-01-01" in row["conflicts"]
    assert row["data_quality"] == "conflict"


def test_every_mistake_of_a_register_is_listed_with_row_column_and_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_register(
        tmp_path / "register.csv",
        line_of(1, installed_on="07/30/20:7"),
        line_of(2, capacity_ah="many", warranty_months="12.5"),
        *(line_of(number) for number in range(3, 2100)),
        line_of(2100, asset_id="rack-000003"),
    )
    output = tmp_path / "report.csv"

    assert report("--register", file, "--as-of", "2025-09-26", "-o", output) == 2

    said = capsys.readouterr().err
    for mistake in (
        'row 2, column installed_on = "07/30/20:7": a date as YYYY-MM-DD',
        'row 3, column capacity_ah = "many": a number',
        'row 3, column warranty_months = "12.5": a whole number',
        'row 2101, column asset_id = "rack-000003": a name of its own: row 4 has this one',
    ):
        assert f"{file}: {mistake}" in said
    assert len(said.splitlines()) == 4
    assert not output.exists()


def test_a_profile_that_nobody_has_is_no_mistake_of_a_register(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = write_register(tmp_path / "register.csv", line_of(profile="of-another-house"))

    assert report("--register", file, "--as-of", "2025-09-26") == 0
    assert b",of-another-house," in capfdbinary.readouterr().out


def test_a_file_has_no_history_and_says_so(
    register: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--register", register, "--as-of", "2025-09-26")

    assert report(*arguments, "--known-at", "2025-01-01T00:00Z") == 2
    assert "a file has no history" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["xlsx", "pdf"])
def test_what_is_no_text_goes_to_a_file_only(
    register: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report("--register", register, "--as-of", "2025-09-26", "--format", form) == 2
    assert "-o FILE is required" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_the_same_register_and_day_give_the_same_bytes(
    register: Path, tmp_path: Path, form: str
) -> None:
    files = [tmp_path / f"{name}.{form}" for name in ("first", "second")]
    for file in files:
        arguments = ("--register", register, "--as-of", "2025-09-26", "--format", form)
        assert report(*arguments, "-o", file) == 0

    first, second = (file.read_bytes() for file in files)
    assert first == second


def test_a_report_from_a_desk_is_signed_with_a_key_made_on_first_use(
    register: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--register", register, "--as-of", "2025-09-26", "-c", tmp_path / "none.toml")
    for name in ("first.csv", "second.csv"):
        assert report(*arguments, "-o", tmp_path / name) == 0

    said = capsys.readouterr()
    path = key_path(home / "batteryd")
    key_id = SigningKey.load(path).key_id
    assert said.err == f"batteryd: made the signing key {key_id} in {path}\n"
    assert f"second.csv.manifest.json: signed by key {key_id}" in said.out
    assert path.stat().st_mode & 0o777 == 0o600
    assert main(["report", "verify", str(tmp_path / "second.csv")]) == 0


def test_the_key_that_is_named_signs(register: Path, tmp_path: Path) -> None:
    key = SigningKey.load_or_create(tmp_path / "auditors.pem")
    output = tmp_path / "report.csv"

    assert report("--register", register, "--as-of", "2025-09-26", "-o", output,
                  "--key", tmp_path / "auditors.pem") == 0  # fmt: skip

    manifest = json.loads(output.with_name("report.csv.manifest.json").read_bytes())
    assert manifest["signer"]["key_id"] == key.key_id
    assert manifest["header"]["as_of"] == "2025-09-26"
    assert manifest["made"].keys() == {"at", "by", "clock"}


@pytest.mark.parametrize(("form", "begins"), [("xlsx", b"PK"), ("pdf", b"%PDF")])
def test_every_format_is_written_and_signed(
    register: Path, tmp_path: Path, form: str, begins: bytes
) -> None:
    output = tmp_path / f"report.{form}"
    arguments = ("--register", register, "--as-of", "2025-09-26", "--format", form)

    assert report(*arguments, "-o", output) == 0

    assert output.read_bytes().startswith(begins)
    assert main(["report", "verify", str(output)]) == 0


def test_the_list_shows_who_has_to_act_first(
    register: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["warranty", "list", "--register", str(register), "--as-of", "2025-09-26"]

    assert main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["2024-08-19", "2026-03-31", "unknown"]
    assert "403 days ago" in lines[0]
    assert "186 days left" in lines[1]

    assert main([*arguments, "--within", "186", "--json"]) == 0
    assert [row["asset_id"] for row in json.loads(capsys.readouterr().out)] == ["rack-2"]

    assert main([*arguments, "--status", "unknown", "--within", "10"]) == 0
    assert capsys.readouterr().out == "no battery\n"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration whose ledger has a battery with a corrected contract and an open finding."""
    file = lay_out(tmp_path / "etc")
    state = tmp_path / "state"
    state.mkdir()
    monkeypatch.setenv("BATTERYD_DAEMON__STATE_DIR", str(state))
    ledger = Ledger(state / "ledger.db")
    battery = make_battery("rack-1", room_id="daejeon:room-5b")
    source = RegisterSource({"rack-1": battery}, {"daejeon:room-5b": "daejeon"}, "r.csv", "ab" * 32)
    entries = source.entries(day=date(2014, 8, 20), entered_by="kim", approved_by="lee")
    with ledger.transaction(NOON_S) as tx:
        record_entries(tx, entries.values(), actor="kim")
        finding = Finding("F-1", "rack-1", date(2024, 6, 27), "lee", "temperatures deviate")
        tx.records.put(FINDINGS, "F-1", finding, actor="lee", action="opened")
    ledger.close()
    open_journal(state / "journal.db").file.close()
    return file


def test_without_a_file_the_ledger_is_asked(
    config: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert report("-c", config, "--as-of", "2025-09-26") == 0

    row = rows_of(capfdbinary.readouterr().out.decode())["rack-1"]
    assert (row["status"], row["site"], row["room"]) == ("expired", "daejeon", "room-5b")
    assert (row["findings_open"], row["findings"]) == ("1", "F-1")
    assert (row["entered_by"], row["approved_by"], row["register_seq"]) == ("kim", "lee", "1")
    assert row["effective_on"] == "2014-08-20"
    assert "never_observed" in row["data_quality"]


def test_before_anything_was_recorded_nothing_was_known(
    config: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    arguments = ("-c", config, "--as-of", "2025-09-26", "--known-at", "2025-09-26T00:00+09:00")

    assert report(*arguments) == 0
    assert rows_of(capfdbinary.readouterr().out.decode()) == {}


def test_the_key_of_the_installation_signs_where_there_is_one(config: Path, tmp_path: Path) -> None:
    key = SigningKey.load_or_create(key_path(tmp_path / "state"))
    output = tmp_path / "report.csv"

    assert report("-c", config, "--as-of", "2025-09-26", "-o", output) == 0

    public = tmp_path / "state" / "keys" / "signing-key.pub"
    assert main(["report", "verify", str(output), "--public-key", str(public)]) == 0
    manifest = json.loads(output.with_name("report.csv.manifest.json").read_bytes())
    assert manifest["signer"]["key_id"] == key.key_id
    assert manifest["header"]["ledger_head"]["seq"] == 2


def test_a_site_whose_daemon_never_ran_is_told_what_is_missing(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config.parents[1] / "state" / "ledger.db").unlink()

    assert report("-c", config) == 2
    assert "the daemon makes it when it first starts" in capsys.readouterr().err
