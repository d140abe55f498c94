"""Commands on files: exit codes and what is printed."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from batteryd.cli.main import main
from batteryd.domain.alarm import Change
from batteryd.replay.tally import Tally
from batteryd.store.ledger import Ledger
from tests.builders import NOON_S, make_alarm

PACKAGED = Path(__file__).parents[2] / "config" / "batteryd.toml"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration whose ledger has one open alarm."""
    state = tmp_path / "state"
    state.mkdir()
    monkeypatch.setenv("BATTERYD_DAEMON__STATE_DIR", str(state))
    ledger = Ledger(state / "ledger.db")
    with ledger.transaction(NOON_S) as tx:
        tx.record(make_alarm(), action="raised", reason="raised", actor="batteryd", at_s=NOON_S)
    ledger.close()
    file = tmp_path / "batteryd.toml"
    file.write_text("")
    (tmp_path / "inventory.toml").write_text("")
    for name in ("rules.toml", "notify.toml"):
        (tmp_path / name).write_text((PACKAGED.parent / name).read_text(encoding="utf-8"))
    return file


def test_open_alarms_are_listed_with_their_sentence(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["alarms", "list", "-c", str(config), "--json"])

    (row,) = json.loads(capsys.readouterr().out)
    assert code == 0
    assert row["key"] == "daejeon/rack-1/s1/m02/module_temperature"
    assert row["why"] == "module 2 of rack 1: 46.2 °C, above 40.0 °C"
    assert row["condition"] == "unacknowledged"


def test_a_sentence_from_a_while_ago_is_listed_with_when_it_was_said(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["alarms", "list", "-c", str(config)]) == 0

    said = capsys.readouterr().out
    assert "  at 2025-11-25T11:59:00Z: module 2 of rack 1: 46.2 °C, above 40.0 °C" in said


def test_an_acknowledgement_names_its_person_and_is_audited(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = "daejeon/rack-1/s1/m02/module_temperature"

    assert main(["alarms", "ack", key, "--by", "kim", "-c", str(config)]) == 0
    assert main(["alarms", "ack", key, "--by", "lee", "-c", str(config)]) == 1

    ledger = Ledger(config.parent / "state" / "ledger.db")
    (alarm,) = ledger.alarms()
    last = ledger.audit()[-1]
    ledger.close()
    assert alarm.acknowledged_by == "kim"
    assert (last.actor, last.action) == ("kim", "acknowledged")
    assert main(["audit", "verify", "-c", str(config)]) == 0
    assert "the audit chain holds" in capsys.readouterr().out


def test_acknowledging_what_is_not_there_is_a_usage_error(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["alarms", "ack", "nobody/knows/-/this", "-c", str(config)]) == 2
    assert "alarms list" in capsys.readouterr().err


def test_every_mistake_is_listed_and_the_exit_code_is_2(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text("[web]\nport = 99999\n[pole]\n")

    assert main(["check-config", "-c", str(config)]) == 2

    said = capsys.readouterr().err
    assert "web.port" in said
    assert "pole" in said


def test_status_of_a_daemon_that_is_not_there_is_exit_3(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text("[web]\nport = 9\n")

    assert main(["status", "-c", str(config)]) == 3
    assert "no answer from the daemon" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["", "http://x", "modbus://host", "snmp://host?colour=red"])
def test_a_target_that_is_no_address_is_exit_2(target: str) -> None:
    assert main(["probe", target]) == 2


def test_a_profile_that_is_not_there_names_those_that_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["probe", "modbus://127.0.0.1/1", "--profile", "nosuch"]) == 2
    assert "lithium-rack" in capsys.readouterr().err


def test_a_recording_is_replayed_as_json_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = tmp_path / "rack.csv"
    rows = [f"{1_700_000_000 + 10 * n},{52.5 if n > 3 else 24.0}" for n in range(10)]
    recording.write_text("time,s1/m03/t1:temperature_c\n" + "\n".join(rows) + "\n")

    assert main(["replay", str(recording), "--json"]) == 0

    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[0]["event"] == "raised"
    assert events[0]["priority"] == "critical"
    assert events[0]["component"].startswith("s1/m03")


@pytest.mark.parametrize(
    ("hot_c", "said"), [(24.0, "0 alarms in 40 polls\n"), (52.5, "1 alarm in 40 polls\n")]
)
def test_a_replay_ends_with_how_much_it_has_seen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], hot_c: float, said: str
) -> None:
    recording = tmp_path / "rack.csv"
    rows = [f"{1_700_000_000 + 10 * n},{hot_c if n > 3 else 24.0}" for n in range(40)]
    recording.write_text("time,s1/m03/t1:temperature_c\n" + "\n".join(rows) + "\n")

    assert main(["replay", str(recording)]) == 0

    assert capsys.readouterr().out.endswith(said)


def test_an_alarm_that_returned_and_came_back_is_counted_twice() -> None:
    raised = make_alarm().as_event(at_s=NOON_S)
    returned = replace(raised, change=Change.RETURNED)
    tally = Tally()

    list(tally.of_events([raised, raised, returned, raised]))

    assert str(tally) == "2 alarms in 0 polls"


def test_an_empty_recording_is_told_what_it_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.csv").write_text("")

    assert main(["replay", str(tmp_path / "empty.csv")]) == 2

    assert "a header whose first column is time" in capsys.readouterr().err
