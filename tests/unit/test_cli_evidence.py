"""The evidence of a battery: all that concerns it, nothing else, in an archive that verifies."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from batteryd.cli.main import main
from batteryd.clock import SystemClock
from batteryd.domain.alarm import AlarmKey
from batteryd.domain.component import Component, Scope
from batteryd.domain.work import Finding
from batteryd.report.paper_words import utc
from batteryd.report.verification import Signature
from batteryd.report.verify import verify
from batteryd.store.audit import AuditEntry
from batteryd.store.ledger import Ledger
from batteryd.store.records import ATTESTATIONS, CLEARANCES, FINDINGS, WORK_ORDERS
from batteryd.store.signing import SigningKey, key_path
from tests.builders import make_alarm, make_key, make_snapshot
from tests.journals import open_journal
from tests.papers import HOLD, HOUR_S, ORDER, permit_view, text_of

PACKAGED = Path(__file__).parents[2] / "config"
BEGIN_S = SystemClock().now_s() - 10 * HOUR_S

Say = Callable[..., tuple[int, str, str]]
MOVE = replace(ORDER, batteries=("rack-a1",), work_order_id="WO-7")
OTHER_MOVE = replace(ORDER, batteries=("rack-a2",), work_order_id="WO-8")


def finding(finding_id: str, asset_id: str) -> Finding:
    return Finding(finding_id, asset_id, date(2024, 6, 27), "박지원", "온도 편차, rising on charge")


@pytest.fixture
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger and a journal that know two batteries, and have the same to say of both."""
    monkeypatch.setenv("BATTERYD_DAEMON__STATE_DIR", str(tmp_path))
    SigningKey.load_or_create(key_path(tmp_path))
    ledger = Ledger(tmp_path / "ledger.db")
    with ledger.transaction(BEGIN_S) as tx:
        put = tx.records.put
        for number, order in enumerate((MOVE, OTHER_MOVE), start=1):
            (asset_id,), order_id = order.batteries, order.work_order_id
            alarm = make_alarm(make_key(asset_id=asset_id))
            tx.record(alarm, action="raised", reason="raised", actor="batteryd", at_s=BEGIN_S)
            put(
                FINDINGS,
                f"F-{number}",
                finding(f"F-{number}", asset_id),
                actor="kim",
                action="opened",
            )
            put(WORK_ORDERS, order_id, order, actor="kim", action="opened")
            put(
                CLEARANCES, order_id, replace(HOLD, work_order_id=order_id), actor="kim", action="x"
            )
            put(
                ATTESTATIONS,
                f"{order_id}/1",
                permit_view().attestations[0],
                actor="kim",
                action="x",
            )
    ledger.close()
    journal = open_journal(tmp_path / "journal.db")
    for hour in range(10):
        at_s = BEGIN_S + hour * HOUR_S
        journal.append([make_snapshot(asset_id, at_s=at_s) for asset_id in ("rack-a1", "rack-a2")])
    journal.file.close()
    return tmp_path


@pytest.fixture
def packed(state_dir: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Path]:
    """Pack the evidence of rack-a1."""

    def run(name: str = "evidence.zip", *words: str) -> Path:
        file = state_dir / name
        config = str(PACKAGED / "batteryd.toml")
        assert main(["report", "evidence", "rack-a1", "-o", str(file), *words, "-c", config]) == 0
        capsys.readouterr()
        return file

    return run


def rows(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(name).decode())))


def test_the_archive_verifies_with_the_public_key_alone(
    packed: Callable[..., Path], state_dir: Path
) -> None:
    found = verify(packed(), key=SigningKey.load(key_path(state_dir)).public)

    assert found.differences == ()
    assert {checked.signature for checked in found.manifests} == {Signature.VALID}


def test_an_archive_in_which_one_file_was_changed_does_not(
    packed: Callable[..., Path], tmp_path: Path
) -> None:
    forged = tmp_path / "forged.zip"
    with zipfile.ZipFile(packed()) as archive, zipfile.ZipFile(forged, "w") as other:
        for name in archive.namelist():
            content = archive.read(name)
            other.writestr(
                name, content.replace(b"46.2", b"26.2") if name == "alarms.csv" else content
            )

    (difference,) = verify(forged, key=None).differences

    assert difference.file == "alarms.csv"


def test_the_alarm_of_its_room_is_there_from_when_the_battery_said_it(
    packed: Callable[..., Path], state_dir: Path
) -> None:
    key = AlarmKey("daejeon", "rack-a2", Component(1), "room_warming")
    ledger = Ledger(state_dir / "ledger.db")
    found: list[dict[str, object]] = []
    for asset_id in ("rack-a2", "rack-a1"):
        found.append({"rule": key.rule, "component": "s1", "asset_id": asset_id})
        alarm = make_alarm(key, scope=Scope.ROOM, why=asset_id, evidence={"found": list(found)})
        with ledger.transaction(BEGIN_S) as tx:
            tx.record(alarm, action="raised", reason="raised", actor="batteryd", at_s=BEGIN_S)
    ledger.close()

    file = packed()
    with zipfile.ZipFile(file) as archive:
        alarms = rows(archive, "alarms.csv")
        chain = [json.loads(line) for line in archive.read("audit.jsonl").splitlines()]

    of_room = [row for row in alarms if row["rule"] == "room_warming"]
    assert [row["why"] for row in of_room] == ["rack-a1"]
    assert str(key) in {entry["subject"] for entry in chain}
    assert verify(file, key=SigningKey.load(key_path(state_dir)).public).differences == ()


def test_everything_that_concerns_the_battery_is_there_and_nothing_of_the_other(
    packed: Callable[..., Path],
) -> None:
    with zipfile.ZipFile(packed()) as archive:
        findings = json.loads(archive.read("findings.json"))
        work = json.loads(archive.read("work.json"))
        alarms = rows(archive, "alarms.csv")
        everything = b"".join(archive.read(n) for n in archive.namelist() if n != "cover.pdf")

    assert [f["value"]["text"] for f in findings] == ["온도 편차, rising on charge"]
    assert [order["work_order"] for order in work] == ["WO-7"]
    assert [entry["kind"] for entry in work[0]["entries"]] == [
        "work order", "decision", "attestation",
    ]  # fmt: skip
    assert [(row["action"], row["value"], row["setpoint"]) for row in alarms] == [
        ("raised", "46.2", "40.0")
    ]
    assert b"rack-a2" not in everything
    assert b"WO-8" not in everything


def test_the_entries_of_the_chain_still_fit_their_hashes(packed: Callable[..., Path]) -> None:
    with zipfile.ZipFile(packed()) as archive:
        lines = archive.read("audit.jsonl").decode().splitlines()
        head = json.loads(archive.read("audit-head.json"))

    entries = [AuditEntry(**json.loads(line)) for line in lines]
    assert [entry.action for entry in entries] == ["raised", "opened", "opened", "x", "x"]
    assert all(entry.hash == entry.expected_hash() for entry in entries)
    assert head["seq"] == 10


def test_trends_are_tables_and_pictures(packed: Callable[..., Path]) -> None:
    with zipfile.ZipFile(packed()) as archive:
        temperatures = rows(archive, "trends/temperature_c.csv")
        picture = archive.read("trends/temperature_c.svg")

    assert len(temperatures) == 10 * 6  # hours x sensors
    assert {row["mean"] for row in temperatures} == {"24.5"}
    assert picture.startswith(b"<svg")


def test_trends_can_begin_later(packed: Callable[..., Path]) -> None:
    since = utc(BEGIN_S + 5 * HOUR_S - 60)
    with zipfile.ZipFile(packed("later.zip", "--since", since)) as archive:
        header = json.loads(archive.read("manifest.json"))["header"]
        charges = rows(archive, "trends/soc_pct.csv")

    assert header["since"] == since
    assert len(charges) == 5


def test_the_cover_names_every_file_with_its_digest(packed: Callable[..., Path]) -> None:
    with zipfile.ZipFile(packed()) as archive:
        cover = text_of(archive.read("cover.pdf"))
        names = archive.namelist()

    assert names == sorted(names)
    for name in set(names) - {"cover.pdf"}:
        assert name in cover or name.startswith("manifest.json"), name
    assert "Example data centre, Battery room 1" in cover


def test_a_battery_that_nobody_knows_is_a_usage_error(
    state_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(PACKAGED / "batteryd.toml")

    code = main(["report", "evidence", "rack-z", "-o", str(state_dir / "x.zip"), "-c", config])

    assert code == 2
    assert "did you mean rack-a" in capsys.readouterr().err


def test_without_a_key_the_archive_says_that_it_is_not_signed(
    state_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key_path(state_dir).unlink()
    file, config = state_dir / "x.zip", str(PACKAGED / "batteryd.toml")

    code = main(["report", "evidence", "rack-a1", "-o", str(file), "-c", config])

    assert code == 0
    assert "not signed" in capsys.readouterr().err
    assert verify(file, key=None).unsigned == ("manifest.json",)
