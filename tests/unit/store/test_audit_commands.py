"""`batteryd audit …`: what is printed, and the exit codes."""

import json
from pathlib import Path

import pytest

from batteryd.cli.main import main
from batteryd.store.ledger import Ledger
from batteryd.store.signing import SigningKey, key_path, load_public
from tests.audited import tamper, write_story

ROOT = Path(__file__).parents[3]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A configuration whose ledger has been signed twice, with an anchor file."""
    state, anchor = tmp_path / "state", tmp_path / "anchor.jsonl"
    state.mkdir()
    ledger = Ledger(state / "ledger.db")
    write_story(ledger, SigningKey.load_or_create(key_path(state)), anchor=anchor)
    ledger.close()
    monkeypatch.setenv("BATTERYD_DAEMON__STATE_DIR", str(state))
    monkeypatch.setenv("BATTERYD_AUDIT__ANCHOR_FILE", str(anchor))
    for name in ("rules.toml", "notify.toml"):
        (tmp_path / name).write_text((ROOT / "config" / name).read_text(encoding="utf-8"))
    (tmp_path / "inventory.toml").write_text("")
    (tmp_path / "batteryd.toml").write_text("")
    return str(tmp_path / "batteryd.toml")


@pytest.fixture
def state(config: str) -> Path:
    return Path(config).parent / "state"


Captured = pytest.CaptureFixture[str]


def test_a_chain_that_holds_is_described(config: str, state: Path, capsys: Captured) -> None:
    code = main(["audit", "verify", "-c", config])

    said = capsys.readouterr().out
    assert code == 0
    assert said.startswith("the audit chain holds: 8 entries, newest hash ")
    assert "last checkpoint at entry 7 of 2025-11-25T12:11:00.000000Z" in said
    assert f"signed by key {load_public(state / 'keys' / 'signing-key.pub').key_id}" in said
    assert said.endswith("anchored up to entry 7\n")


def test_the_first_entry_that_does_not_hold_is_named(
    config: str, state: Path, capsys: Captured
) -> None:
    tamper(state / "ledger.db", "UPDATE audit SET actor = 'me' WHERE seq = 3")

    assert main(["audit", "verify", "-c", config]) == 1
    assert capsys.readouterr().err == (
        "batteryd: the audit chain is broken: entry 3: its hash does not fit what it says\n"
    )


def test_the_configured_anchor_file_and_key_are_what_a_chain_is_held_against(
    config: str, state: Path, capsys: Captured
) -> None:
    for file in state.glob("ledger.db*"):
        file.unlink()
    forged = Ledger(state / "ledger.db")
    write_story(forged, SigningKey.load_or_create(state / "stranger.pem"))
    forged.close()

    assert main(["audit", "verify", "-c", config]) == 1
    said = capsys.readouterr().err
    assert "entry 4, anchor: the anchor file has another checkpoint of it" in said
    assert "does not vouch for key" in said


def test_a_copy_is_verified_without_a_configuration(
    config: str, state: Path, tmp_path: Path, capsys: Captured
) -> None:
    copy, key = tmp_path / "copy.db", tmp_path / "auditor.pub"
    copy.write_bytes((state / "ledger.db").read_bytes())
    key.write_bytes((state / "keys" / "signing-key.pub").read_bytes())

    assert main(["audit", "verify", "--ledger", str(copy)]) == 0
    assert "only --public-key can tell" in capsys.readouterr().out
    assert main(["audit", "verify", "--ledger", str(copy), "--public-key", str(key)]) == 0
    assert "only --public-key can tell" not in capsys.readouterr().out
    SigningKey.load_or_create(tmp_path / "other.pem")
    other = str(tmp_path / "other.pub")
    assert main(["audit", "verify", "--ledger", str(copy), "--public-key", other]) == 1


def test_an_export_is_verified_on_another_machine(
    config: str, state: Path, tmp_path: Path, capsys: Captured
) -> None:
    export, anchor = tmp_path / "ledger.jsonl", tmp_path / "anchor.jsonl"
    key = state / "keys" / "signing-key.pub"
    asked = ["audit", "verify", "--export", str(export), "--public-key", str(key)]

    assert main(["audit", "export", "-o", str(export), "-c", config]) == 0
    assert capsys.readouterr().out == f"{export}: 8 entries, 2 checkpoints\n"
    assert main([*asked, "--anchor", str(anchor)]) == 0
    assert "the audit chain holds: 8 entries" in capsys.readouterr().out
    export.write_text(export.read_text("utf-8").replace("김철수", "이철수"), "utf-8")
    assert main(asked) == 1
    assert "entry 3: its hash does not fit" in capsys.readouterr().err


def test_an_export_never_takes_the_place_of_its_ledger(
    config: str, state: Path, capsys: Captured
) -> None:
    assert main(["audit", "export", "-o", str(state / "ledger.db"), "-c", config]) == 2

    assert "not the ledger itself" in capsys.readouterr().err
    assert main(["audit", "verify", "-c", config]) == 0


def test_the_public_key_is_printed_as_auditors_need_it(
    config: str, state: Path, capsys: Captured
) -> None:
    key = load_public(state / "keys" / "signing-key.pub")

    assert main(["audit", "key", "-c", config]) == 0
    assert capsys.readouterr().out == f"key {key.key_id}\n{key.pem.decode()}"


def test_a_key_is_rotated_by_a_named_person(
    config: str, state: Path, tmp_path: Path, capsys: Captured
) -> None:
    old = load_public(state / "keys" / "signing-key.pub")

    assert main(["audit", "rotate-key", "--by", "Kim", "-c", config]) == 0

    new = load_public(state / "keys" / "signing-key.pub")
    assert capsys.readouterr().out == (
        f"key {old.key_id} is retired; key {new.key_id} signs from now on\n"
    )
    assert main(["audit", "verify", "-c", config]) == 0
    retired = state / "keys" / "retired" / f"{old.key_id}.pub"
    asked = ["audit", "verify", "--ledger", str(state / "ledger.db"), "--public-key"]
    assert main([*asked, str(retired)]) == 0
    last = json.loads((tmp_path / "anchor.jsonl").read_text().splitlines()[-1])
    assert (last["seq"], last["key_id"]) == (10, new.key_id)


@pytest.mark.parametrize(
    "asked",
    [
        ["audit", "verify", "--ledger", "a", "--export", "b"],
        ["audit", "verify", "--ledger", "nothing-here"],
        ["audit", "export", "--ledger", "nothing-here", "-o", "out"],
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(asked: list[str]) -> None:
    assert main(asked) == 2


def test_without_a_key_there_is_none_to_print(config: str, state: Path, capsys: Captured) -> None:
    (state / "keys" / "signing-key.pub").unlink()

    assert main(["audit", "key", "-c", config]) == 2
    assert "the daemon makes it" in capsys.readouterr().err


def test_a_ledger_that_was_never_signed_says_so(tmp_path: Path, capsys: Captured) -> None:
    Ledger(tmp_path / "new.db").close()

    assert main(["audit", "verify", "--ledger", str(tmp_path / "new.db")]) == 0
    assert capsys.readouterr().out.endswith("no checkpoint yet\n")
