"""What people are told whose word about an alarm is not taken."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from batteryd.cli.main import main
from batteryd.domain.alarm import Condition
from batteryd.store.ledger import Ledger
from tests.builders import make_alarm
from tests.configured import configured
from tests.unit.test_cli_alarms import INVENTORY, KEY, store

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`batteryd alarms ...` on a ledger that has one alarm."""
    state = configured(tmp_path, INVENTORY, monkeypatch)
    store(state, make_alarm())
    return lambda *words: main(["alarms", *words, "-c", str(tmp_path / "batteryd.toml")])


def test_nobody_acknowledges_without_a_name(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run("ack", KEY, "--by", " ")

    assert ended.value.code == 2
    assert "argument --by: must not be blank" in capsys.readouterr().err
    with closing(Ledger(tmp_path / "state" / "ledger.db")) as ledger:
        assert [alarm.condition for alarm in ledger.alarms()] == [Condition.UNACKNOWLEDGED]


def test_a_second_acknowledgement_is_told_whose_was_the_first(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("ack", KEY, "--by", "Kim Minji") == 0
    capsys.readouterr()

    assert run("ack", KEY, "--by", "Lee Jun") == 1

    told = capsys.readouterr().err
    assert told == f"batteryd: {KEY}: it has been acknowledged already by Kim Minji\n"


def test_a_misspelt_key_is_answered_with_the_nearest(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("ack", KEY.replace("s1/m02", "s1/m2"), "--by", "Kim Minji") == 2

    assert capsys.readouterr().err.endswith(f"did you mean {KEY}?\n")
