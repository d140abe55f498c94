"""Changed rules tried on a site's own past."""

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from batteryd.cli.frame import instant
from batteryd.cli.main import main
from batteryd.domain.work import WorkState
from batteryd.store.ledger import Ledger
from batteryd.store.records import WORK_ORDERS
from tests.builders import NOON_S, make_snapshot
from tests.configured import SHIPPED, configured
from tests.journals import open_journal
from tests.looks import make_order
from tests.unit.test_cli_rules import INVENTORY

T1 = "s1/m02/t1:temperature_c"

Replay = Callable[..., int]


@pytest.fixture
def replay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Replay:
    """`batteryd replay --journal rack-1` on an hour in which one module rose to 44 °C."""
    state = configured(tmp_path, INVENTORY, monkeypatch)
    journal = open_journal(state / "journal.db")
    with closing(journal.file):
        journal.append(
            [
                make_snapshot(at_s=NOON_S + 10 * n, values={T1: 44.0 if 100 < n < 200 else 24.0})
                for n in range(360)
            ]
        )

    def command(*words: str, from_s: float = NOON_S, to_s: float = NOON_S + 3600) -> int:
        span = ("--from", instant(from_s), "--to", instant(to_s))
        config = ("-c", str(tmp_path / "batteryd.toml"))
        return main(["replay", "--journal", "rack-1", *span, *config, *words])

    return command


def other_rules(tmp_path: Path, setpoint: str) -> str:
    """Write rules whose LFP module temperature is another, and return where."""
    text = (SHIPPED / "rules.toml").read_text(encoding="utf-8")
    changed = text.replace("{ medium = 45.0, critical = 55.0 }", setpoint, 1)
    assert changed != text
    (tmp_path / "trial.toml").write_text(changed, encoding="utf-8")
    return str(tmp_path / "trial.toml")


def test_changed_rules_say_what_they_would_have_raised(
    replay: Replay, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = other_rules(tmp_path, "{ medium = 42.0, critical = 55.0 }")

    assert replay("--rules", rules) == 0

    said = capsys.readouterr().out
    assert "360 polls" in said
    assert "1 would have been raised" in said
    assert "rack-1/s1/m02/module_temperature" in said


def test_programs_read_one_line_a_comparison(
    replay: Replay, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = other_rules(tmp_path, "{ medium = 42.0, critical = 55.0 }")

    assert replay("--rules", rules, "--json") == 0

    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (new,) = (row for row in rows if row["outcome"] == "new")
    assert new["configured"] is None
    assert new["changed"]["key"].endswith("/s1/m02/module_temperature")
    assert new["changed"]["priority"] == "critical"  # 20 K above its peers is added to the limit
    assert new["changed"]["returned_at"] is not None


def test_without_other_rules_the_configured_ones_are_led_past_it(
    replay: Replay, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay("--json") == 0

    rules = {json.loads(line)["rule"] for line in capsys.readouterr().out.splitlines()}
    assert "module_temperature" not in rules  # LFP: 45 °C


def test_it_says_what_rules_knew_at_the_beginning(
    replay: Replay, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = other_rules(tmp_path, "{ medium = 42.0, critical = 55.0 }")

    assert replay("--rules", rules) == 0
    nothing = capsys.readouterr().out
    assert replay(from_s=NOON_S + 1800) == 0
    half_an_hour = capsys.readouterr().out
    assert replay("--json") == 0
    for_programs = capsys.readouterr()

    assert "the journal has nothing before it: rules that learn know nothing" in nothing
    assert "rules learned from the 30 min before it" in half_an_hour
    assert "people worked" not in half_an_hour
    assert half_an_hour.splitlines()[-1].endswith("in 180 polls")
    assert "the journal has nothing before it" in for_programs.err
    assert all(line.startswith("{") for line in for_programs.out.splitlines())


def test_work_that_was_going_on_tightens_the_limits_as_it_did(
    replay: Replay, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay("--json") == 0
    before = capsys.readouterr().out
    started = make_order(state=WorkState.STARTED, started_at_s=NOON_S, batteries=("rack-1",))
    closed = replace(started, state=WorkState.CLOSED, closed_at_s=NOON_S + 1800)
    with closing(Ledger(tmp_path / "state" / "ledger.db")) as ledger:
        for order, at_s in ((started, NOON_S), (closed, NOON_S + 1800)):
            with ledger.transaction(at_s) as tx:
                tx.records.put(WORK_ORDERS, order.work_order_id, order, actor="Kim", action="put")

    assert replay() == 0

    said = capsys.readouterr().out
    assert "people worked there for 30 min of it" in said
    assert "module_temperature" not in before
    assert "44.0 °C, above 40.0 °C (module temperature, medium limit" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--journal", "rack-2"), "rack-1"),
        (("--from", "2025-11-25T14:00:00Z"), "later than"),
        (("--from", "2025-11-20T12:00:00Z", "--to", "2025-11-21T12:00:00Z"), "they begin 2025-11"),
        (("--rules", "nosuch.toml"), "nosuch.toml"),
        (("recording.csv",), "either a recording or --journal"),
    ],
)
def test_what_cannot_be_replayed_is_a_usage_error(
    replay: Replay, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert replay(*words) == 2
    assert said in capsys.readouterr().err


def test_rules_for_a_battery_that_is_not_there_are_refused(
    replay: Replay, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = other_rules(tmp_path, "{ medium = 42.0, critical = 55.0 }")
    with Path(rules).open("a", encoding="utf-8") as file:
        file.write("[rule.module_temperature.battery.rack-99]\nenabled = false\n")

    assert replay("--rules", rules) == 2
    assert "rack-99" in capsys.readouterr().err
