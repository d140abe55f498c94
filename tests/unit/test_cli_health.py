"""The health of a battery on the command line: what is kept, and what the journal shows again."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from batteryd.cli.main import main
from batteryd.domain.snapshot import Snapshot
from batteryd.store.health import HEALTH_FILE, HealthStore
from batteryd.store.ledger import Ledger
from tests.builders import NOON_S
from tests.configured import configured
from tests.journals import open_journal
from tests.worn_racks import WornRack, deep, resistance_point

INVENTORY = """
[[site]]
site_id = "daejeon"
time_zone = "Asia/Seoul"
[[room]]
room_id = "room-5b"
site_id = "daejeon"
[[battery]]
asset_id = "rack-1"
room_id = "room-5b"
chemistry = "NMC"
capacity_ah = 67.0
address = "modbus://127.0.0.1/1"
profile = "soltaro-rack"
"""
FROM = "2025-11-25T11:00+00:00"

Run = Callable[..., int]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = configured(tmp_path, INVENTORY, monkeypatch)
    Ledger(folder / "ledger.db").close()
    return folder


@pytest.fixture
def run(state: Path) -> Run:
    return lambda *words: main(["health", *words, "-c", str(state.parent / "batteryd.toml")])


def journal(state: Path, *snapshots: Snapshot) -> None:
    opened = open_journal(state / "journal.db")
    opened.append(snapshots)
    opened.file.close()


def test_what_was_measured_is_said_with_what_is_still_missing(
    state: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(HealthStore.open(state / HEALTH_FILE)) as store:
        store.put("rack-1", [resistance_point(0.82, 1.31, at_s=NOON_S)])

    assert run("rack-1") == 0

    said = capsys.readouterr().out
    assert "Resistance of 2 cells of s1 at 25 °C, from 1 discharge since 2025-11-25" in said
    assert "Forecast withheld: 0 capacity points of 4" in said
    assert "State of health by the BMS (its own estimate): not reported" in said
    assert "Not measured: it has not been read yet" in said


def test_of_a_battery_without_points_it_says_what_they_take(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("rack-1") == 0

    assert "Resistance: not measured yet. It takes a discharge" in capsys.readouterr().out


def test_the_past_is_measured_again_from_the_journal_and_kept_only_where_that_is_wanted(
    state: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    journal(state, *deep(WornRack()))

    assert run("rack-1", "--from", FROM, "--to", "2025-11-26T11:00+00:00") == 0
    assert "Capacity of s1: 60." in capsys.readouterr().out
    assert run("rack-1") == 0
    assert "Capacity of s1: not measured" in capsys.readouterr().out

    assert run("rack-1", "--from", FROM, "--keep") == 0
    with closing(HealthStore.open(state / HEALTH_FILE)) as store:
        assert len(store.of("rack-1").capacity) == 1


def test_programs_read_json(state: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    journal(state, *deep(WornRack()))

    assert run("rack-1", "--from", FROM, "--json") == 0

    said = json.loads(capsys.readouterr().out)
    (capacity,) = said["capacity"]
    assert capacity["points"][0]["ended_by"] == "rest"
    assert capacity["forecast"]["withheld"][0] == "1 capacity point of 4"
    assert len(said["resistance"][0]["cells"]) == 20


def test_a_battery_that_nobody_knows_is_a_usage_error(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("rack-9") == 2
    assert "rack-1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "named"),
    [(("--keep",), "--keep"), (("--to", FROM), "--to"), (("--keep", "--to", FROM), "--keep")],
)
def test_what_belongs_to_a_stretch_of_the_journal_is_refused_without_its_beginning(
    run: Run, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], named: str
) -> None:
    assert run("rack-1", *words) == 2

    assert f"{named} together with --from only" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "2100-01-01T00:00Z"), "--from = 2100-01-01T00:00:00Z: an instant that is past"),
        (
            ("--from", "2026-01-02T00:00Z", "--to", "2026-01-01T00:00Z"),
            "--to = 2026-01-01T00:00:00Z: later than 2026-01-02T00:00:00Z",
        ),
    ],
)
def test_a_stretch_that_cannot_be_is_refused(
    run: Run, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert run("rack-1", *words) == 2
    assert said in capsys.readouterr().err
