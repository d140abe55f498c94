"""Alarms on the command line: the shelf, what may not go there, and all there is about one."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from batteryd.cli.frame import instant
from batteryd.cli.main import main
from batteryd.clock import SystemClock
from batteryd.domain.alarm import Alarm, Condition, Priority, Suppression
from batteryd.domain.notification import NewNotification
from batteryd.store.ledger import Ledger
from tests.builders import make_alarm, make_snapshot
from tests.configured import configured
from tests.journals import open_journal

KEY = "daejeon/rack-1/s1/m02/module_temperature"
INVENTORY = """
[[site]]
site_id = "daejeon"
name = "Daejeon"
[[room]]
room_id = "room-5b"
site_id = "daejeon"
name = "Room 5B"
[[battery]]
asset_id = "rack-1"
room_id = "room-5b"
rack = "Rack 1"
"""

Run = Callable[..., int]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with one battery; the state directory, without a ledger."""
    return configured(tmp_path, INVENTORY, monkeypatch)


@pytest.fixture
def run(state: Path) -> Run:
    """The command `batteryd alarms ...` on that configuration."""

    def alarms(*words: str) -> int:
        return main(["alarms", *words, "-c", str(state.parent / "batteryd.toml")])

    return alarms


def store(state: Path, alarm: Alarm) -> None:
    ledger = Ledger(state / "ledger.db")
    with ledger.transaction(alarm.raised_at_s) as tx:
        tx.record(
            alarm,
            action="raised",
            reason="raised",
            actor="batteryd",
            at_s=alarm.raised_at_s,
            notifications=[NewNotification("on-call", KEY, {"why": alarm.why})],
        )
    ledger.close()


def stored(state: Path) -> Alarm:
    ledger = Ledger(state / "ledger.db")
    (alarm,) = ledger.alarms(open_only=False)
    ledger.close()
    return alarm


def notifications(state: Path) -> list[str]:
    ledger = Ledger(state / "ledger.db")
    told = [str(n.body["why"]) for n in ledger.notifications()]
    ledger.close()
    return told


def shelve(run: Run, *words: str) -> int:
    return run("shelve", KEY, "--by", "Kim", "--why", "sensor is being replaced", *words)


def test_an_alarm_is_shelved_with_who_why_and_until_when(
    state: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    store(state, make_alarm())
    now_s = SystemClock().now_s()

    code = shelve(run, "--for", "2h", "--json")

    alarm = stored(state)
    assert code == 0
    assert alarm.suppression is Suppression.SHELVED
    assert alarm.suppressed_until_s == pytest.approx(now_s + 7200, abs=60)
    assert json.loads(capsys.readouterr().out)["suppression"] == "shelved"
    ledger = Ledger(state / "ledger.db")
    event = ledger.events(alarm.key)[0]
    ledger.close()
    assert (event.action, event.actor) == ("shelved", "Kim")
    assert event.comment.startswith("sensor is being replaced (until 20")


def test_the_end_of_the_shelf_time_can_be_an_instant(state: Path, run: Run) -> None:
    store(state, make_alarm())
    until_s = (SystemClock().now_s() + 3600) // 60 * 60

    assert shelve(run, "--until", instant(until_s)) == 0
    assert stored(state).suppressed_until_s == until_s


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "one of --until and --for"),
        (("--for", "1h", "--until", "2099-01-01T00:00Z"), 2, "one of --until and --for"),
        (("--for", "8d"), 1, "7 days at most"),
        (("--for", "0h"), 1, "that instant is past"),
        (("--until", "2001-01-01T00:00Z"), 1, "that instant is past"),
    ],
)
def test_a_shelf_time_that_is_none_is_refused_and_changes_nothing(
    state: Path,
    run: Run,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    store(state, make_alarm())

    assert shelve(run, *words) == code
    assert said in capsys.readouterr().err
    assert stored(state) == make_alarm()


@pytest.mark.parametrize(
    "words",
    [
        ("shelve", KEY, "--why", "x", "--for", "1h"),
        ("shelve", KEY, "--by", "Kim", "--for", "1h"),
        ("shelve", KEY, "--by", " ", "--why", "x", "--for", "1h"),
        ("shelve", KEY, "--by", "Kim", "--why", "x", "--for", "1 week"),
        ("shelve", KEY, "--by", "Kim", "--why", "x", "--until", "2099-01-01T00:00"),
        ("unshelve", KEY),
    ],
)
def test_nobody_shelves_without_a_name_and_a_reason(
    state: Path, run: Run, words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*words)

    assert ended.value.code == 2


def test_what_protects_life_is_kept_from_nobody(
    state: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    critical = make_alarm(priority=Priority.CRITICAL)
    store(state, critical)

    assert shelve(run, "--for", "1h") == 1
    assert "protects life" in capsys.readouterr().err
    assert stored(state) == critical


def test_a_revoked_clearance_is_kept_from_nobody_either(state: Path, run: Run) -> None:
    key = make_alarm().key._replace(asset_id="WO-1", rule="clearance_revoked")
    store(state, make_alarm(key, priority=Priority.CRITICAL))

    code = run("shelve", str(key), "--by", "Kim", "--why", "noise", "--for", "1h")

    assert code == 1


def test_what_comes_off_the_shelf_while_active_is_told_at_that_moment(
    state: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    store(state, make_alarm())
    shelve(run, "--for", "2h")
    before = notifications(state)
    capsys.readouterr()

    code = run("unshelve", KEY, "--by", "Lee")

    assert code == 0
    assert "shelved" not in capsys.readouterr().out
    assert stored(state).suppression is Suppression.NONE
    assert len(notifications(state)) > len(before) == 1
    assert main(["audit", "verify", "-c", str(state.parent / "batteryd.toml")]) == 0


def test_what_is_normal_again_comes_off_the_shelf_in_silence(state: Path, run: Run) -> None:
    until_s = SystemClock().now_s() + 3600
    store(
        state,
        make_alarm(
            condition=Condition.NORMAL,
            suppression=Suppression.SHELVED,
            suppressed_until_s=until_s,
        ),
    )

    assert run("unshelve", KEY, "--by", "Lee") == 0
    assert len(notifications(state)) == 1


def test_what_is_not_on_the_shelf_cannot_come_off_it(
    state: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    store(state, make_alarm())

    assert run("unshelve", KEY, "--by", "Lee") == 1
    assert "not on the shelf" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("show", "nobody/knows/-/this"),
        ("unshelve", "nobody/knows/-/this", "--by", "Lee"),
        ("shelve", "nobody/knows/-/this", "--by", "Lee", "--why", "x", "--for", "1h"),
    ],
)
def test_an_alarm_that_is_not_there_is_a_usage_error(
    state: Path, run: Run, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    store(state, make_alarm())

    assert run(*words) == 2
    assert "batteryd alarms list" in capsys.readouterr().err


def test_an_alarm_is_shown_with_its_history_its_evidence_and_who_was_told(
    state: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    store(state, make_alarm(evidence={"column": "s1/m02/t1:temperature_c"}))
    run("ack", KEY, "--by", "Kim", "--comment", "on my way")
    capsys.readouterr()

    assert run("show", KEY, "--json") == 0

    shown = json.loads(capsys.readouterr().out)
    assert shown["key"] == KEY
    assert shown["condition"] == "acknowledged"
    assert shown["evidence"] == {"column": "s1/m02/t1:temperature_c"}
    assert [(e["action"], e["by"], e["comment"]) for e in shown["history"]] == [
        ("acknowledged", "Kim", "on my way"),
        ("raised", "batteryd", ""),
    ]
    (told,) = shown["notifications"]
    assert (told["channel"], told["state"], told["attempts"]) == ("on-call", "pending", 0)


def test_the_last_hours_of_an_alarms_place_are_drawn_against_its_peers(
    state: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    now_s = SystemClock().now_s()
    inventory = state.parent / "inventory.toml"
    polled = INVENTORY + 'address = "modbus://127.0.0.1/1"\nprofile = "lithium-rack"\n'
    inventory.write_text(polled)
    store(state, make_alarm(raised_at_s=now_s - 600, changed_at_s=now_s - 600))
    journal = open_journal(state / "journal.db")
    hot = {"s1/m02/t1:temperature_c": 46.2}
    journal.append([make_snapshot(at_s=now_s - 60 * n, values=hot) for n in range(60, 0, -1)])
    journal.file.close()

    assert run("show", KEY) == 0
    drawn = capsys.readouterr().out
    assert run("show", KEY, "--json") == 0
    picture = json.loads(capsys.readouterr().out)["picture"]

    assert "module 2 of Rack 1 against its 2 peers, °C" in drawn
    assert "● sensor 1 46.2" in drawn
    assert "│ raised " in drawn
    assert picture["lines"]["middle of its peers"][-1] == 24.5


def test_an_alarm_of_the_past_is_shown_in_words(
    state: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    alarm = make_alarm()
    store(state, replace(alarm, condition=Condition.NORMAL, returned_at_s=alarm.raised_at_s + 60))

    assert run("show", KEY) == 0

    said = capsys.readouterr().out
    assert "module 2 of rack 1: 46.2 °C, above 40.0 °C" in said
    assert "look at the rack before anybody works on it" in said
    assert "raised        batteryd" in said
    assert "on-call       pending, 0 attempts" in said


def test_an_acknowledgement_can_be_printed_as_json(
    state: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    store(state, make_alarm())

    assert run("ack", KEY, "--by", "Kim", "--json") == 0
    assert json.loads(capsys.readouterr().out)["acknowledged_by"] == "Kim"
