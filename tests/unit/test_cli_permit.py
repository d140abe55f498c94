"""Commands that put a work order on paper, on the example configuration."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from batteryd.cli.main import main
from batteryd.clock import SystemClock
from batteryd.domain.work import WorkKind, WorkOrder, WorkState
from batteryd.report.verification import Signature
from batteryd.report.verify import verify
from batteryd.store.disk import DiskReserve
from batteryd.store.journal import Journal
from batteryd.store.journal_file import open_journal_file
from batteryd.store.ledger import Ledger
from batteryd.store.records import ATTESTATIONS, CLEARANCES, WORK_ORDERS
from batteryd.store.signing import SigningKey, key_path
from tests.builders import make_snapshot
from tests.papers import GO, HOLD, HOUR_S, ORDER, permit_view, text_of

PACKAGED = Path(__file__).parents[2] / "config"

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state of an installation whose daemon has been started once."""
    monkeypatch.setenv("BATTERYD_DAEMON__STATE_DIR", str(tmp_path))
    SigningKey.load_or_create(key_path(tmp_path))
    Ledger(tmp_path / "ledger.db").close()
    shutil.copytree(PACKAGED, tmp_path / "config")
    inventory = tmp_path / "config" / "inventory.toml"
    text = inventory.read_text(encoding="utf-8")
    for number in (1, 2):  # in the example they stand in the register only
        name = f'asset_id = "rack-a{number}"'
        polled = f'address = "modbus://192.0.2.31/{number}"\nprofile = "lithium-rack"'
        text = text.replace(name, f"{name}\n{polled}")
    inventory.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def say(state_dir: Path, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run a command; return its code, output and complaint."""

    def run(*words: str) -> tuple[int, str, str]:
        code = main([*words, "-c", str(state_dir / "config" / "batteryd.toml")])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def record_inspection(state_dir: Path) -> WorkOrder:
    """Record an inspection of rack-a1 that was held, attested, checked again, and cleared."""
    now_s = SystemClock().now_s()
    order = replace(
        ORDER,
        kind=WorkKind.INSPECT,
        batteries=("rack-a1",),
        starts_at_s=now_s - HOUR_S,
        ends_at_s=now_s + HOUR_S,
        cleared_at_s=now_s - 5,
        cleared_until_s=now_s + HOUR_S,
    )
    planned = replace(order, state=WorkState.PLANNED, cleared_at_s=None, cleared_until_s=None)
    given = replace(GO, as_of_s=now_s - 5, valid_until_s=now_s + HOUR_S)
    briefing = replace(permit_view().attestations[0], at_s=now_s - 600)
    ledger = Ledger(state_dir / "ledger.db")
    with ledger.transaction(now_s - 5) as tx:
        put = tx.records.put
        put(WORK_ORDERS, "WO-7", planned, actor="김민준", action="opened")
        put(CLEARANCES, "WO-7", replace(HOLD, as_of_s=now_s - 900), actor="kim", action="checked")
        put(ATTESTATIONS, "WO-7/1", briefing, actor="김민준", action="attested")
        put(CLEARANCES, "WO-7", given, actor="kim", action="checked")
        put(WORK_ORDERS, "WO-7", order, actor="kim", action="cleared")
    ledger.close()
    return order


def record_readings(state_dir: Path, *asset_ids: str) -> None:
    """Let devices have answered one second ago."""
    file = open_journal_file(state_dir / "journal.db")
    at_s = SystemClock().now_s() - 1
    journal = Journal(file, reserve=DiskReserve(state_dir, size_bytes=0))
    journal.append([make_snapshot(asset_id, at_s=at_s) for asset_id in asset_ids])
    file.close()


def test_a_permit_that_the_checks_confirm_clears(say: Say, state_dir: Path) -> None:
    record_inspection(state_dir)
    record_readings(state_dir, "rack-a1", "rack-a2")
    file = state_dir / "permit.pdf"

    code, out, _ = say("work", "permit", "WO-7", "-o", str(file), "--url", "https://ops.example/7")

    text = text_of(file.read_bytes())
    assert (code, out) == (0, f"{file}: WO-7 cleared\n")
    assert "GO CLEARED TO START" in text
    assert "https://ops.example/7" in text
    assert "rack-a2 A2 on bus-a 80 %" in text
    assert "PW-04 isolation of every rack on the DC bus not asked for this kind of work" in text


def test_a_go_on_record_is_no_permission_where_nothing_is_read_any_more(
    say: Say, state_dir: Path
) -> None:
    record_inspection(state_dir)
    file = state_dir / "permit.pdf"

    code, out, _ = say("work", "permit", "WO-7", "-o", str(file))

    text = text_of(file.read_bytes())
    assert code == 1
    assert "the checks at the time of printing say HOLD" in out
    assert "NOT CLEARED – DO NOT START" in text
    assert "PW-05" in text
    assert "http://127.0.0.1:8470/work/WO-7" in text


def test_printing_a_permit_records_nothing(say: Say, state_dir: Path) -> None:
    record_inspection(state_dir)
    ledger = Ledger(state_dir / "ledger.db")
    before = ledger.audit()

    say("work", "permit", "WO-7", "-o", str(state_dir / "permit.pdf"))

    assert ledger.audit() == before
    ledger.close()


@pytest.mark.parametrize("form", ["pdf", "json"])
def test_a_clearance_report_verifies_with_its_manifest(
    say: Say, state_dir: Path, form: str
) -> None:
    record_inspection(state_dir)
    file = state_dir / f"report.{form}"

    code, _, _ = say("work", "report", "WO-7", "--format", form, "-o", str(file))

    found = verify(file, key=SigningKey.load(key_path(state_dir)).public)
    assert code == 0
    assert found.differences == ()
    assert {checked.signature for checked in found.manifests} == {Signature.VALID}


def test_a_clearance_report_has_every_entry_of_its_order(say: Say, state_dir: Path) -> None:
    record_inspection(state_dir)
    file = state_dir / "report.json"

    say("work", "report", "WO-7", "--format", "json", "-o", str(file))

    found = json.loads(file.read_text(encoding="utf-8"))
    assert [(e["kind"], e["action"], e["actor"]) for e in found["entries"]] == [
        ("work order", "opened", "김민준"),
        ("decision", "checked", "kim"),
        ("attestation", "attested", "김민준"),
        ("decision", "checked", "kim"),
        ("work order", "cleared", "kim"),
    ]


@pytest.mark.parametrize("command", ["permit", "report"])
def test_an_order_that_does_not_exist_is_a_usage_error(
    say: Say, state_dir: Path, command: str
) -> None:
    code, _, complaint = say("work", command, "WO-99", "-o", str(state_dir / "x.pdf"))

    assert code == 2
    assert "WO-99" in complaint
    assert not (state_dir / "x.pdf").exists()


def test_a_file_that_cannot_be_written_is_named(say: Say, state_dir: Path) -> None:
    record_inspection(state_dir)
    file = state_dir / "no" / "such" / "folder.pdf"

    code, _, complaint = say("work", "permit", "WO-7", "-o", str(file))

    assert code == 2
    assert "No such file or directory" in complaint
