"""Rules on the command line: what counts for a battery, what was learned of it, and its reset."""

import json
import tomllib
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from batteryd.cli.learned_words import SHOWN
from batteryd.cli.main import main
from batteryd.domain.inventory import Chemistry
from batteryd.rules.engine import Engine
from batteryd.rules.kind import Subject
from batteryd.rules.rulebook_file import parse_rulebook
from batteryd.store.learned import LEARNED_FILE, RESETS, Kept, LearnedStore
from batteryd.store.ledger import Ledger
from tests.builders import NOON_S, make_snapshot
from tests.configured import configured
from tests.journals import open_journal
from tests.racks import Rack
from tests.rulebooks import make_asset, shipped_rulebook

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
chemistry = "LFP"
address = "modbus://127.0.0.1/1"
profile = "soltaro-rack"
[[battery]]
asset_id = "rack-2"
room_id = "room-5b"
"""
LEARNED = Kept(
    asset_id="rack-1",
    family="detection",
    version=1,
    layout_id="0123456789abcdef",
    since_s=NOON_S - 3 * 86_400,
    kept_at_s=NOON_S,
    began_because="first seen",
    state={
        "version": 1,
        "layout_id": "0123456789abcdef",
        "s1.heat.offset": np.array([0.4, -1.2, np.nan, 0.1, 0.2, 0.3]),
        "s1.heat.calm_s": np.array([7200.0] * 6),
        "s1.heat.ring": np.array([24.1, 24.2]),
        "s1.rack_cooling.normal_k": np.array([np.nan]),
        "is_frozen": np.array([False, True]),
        "idle_s": 7200.0,
    },
)

Run = Callable[..., int]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration of two racks, one of which is polled; its state directory with a ledger."""
    folder = configured(tmp_path, INVENTORY, monkeypatch)
    Ledger(folder / "ledger.db").close()
    return folder


@pytest.fixture
def run(state: Path) -> Run:
    def command(*words: str) -> int:
        return main([*words, "-c", str(state.parent / "batteryd.toml")])

    return command


def keep(state: Path, *kept: Kept) -> None:
    with closing(LearnedStore.open(state / LEARNED_FILE)) as store:
        store.put(kept)


def test_what_was_learned_is_shown_with_its_age_and_how_far_it_has_come(
    state: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(state, LEARNED)

    assert run("rules", "show", "rack-1") == 0

    said = capsys.readouterr().out
    assert "learning since 2025-11-22T12:00:00Z, 3.0 d: first seen" in said
    assert "offset of each sensor (s1)" in said
    assert "5 of 6: -1.20 to 0.40 K" in said
    assert "calm" not in said
    assert "not known yet" in said
    assert "ring" not in said


def test_extremes_name_their_places_once_the_journal_knows_the_layout(
    state: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    snapshot = make_snapshot()
    keep(state, replace(LEARNED, layout_id=snapshot.layout.layout_id))
    journal = open_journal(state / "journal.db")
    journal.append([snapshot])
    journal.file.close()

    assert run("rules", "show", "rack-1") == 0

    assert "-1.20 at s1/m01/t2 to 0.40 at s1/m01/t1 K" in capsys.readouterr().out


def test_everything_that_is_shown_is_learned_under_that_name_and_of_those_places() -> None:
    rack = Rack(shape=(5, 2, 3))
    engine = Engine(shipped_rulebook(), [make_asset()])
    for snapshot in rack.snapshots(0.1):
        engine.evaluate(snapshot, snapshot.observed_at_s)
    (learned,) = engine.learned("rack-1").values()
    counts = {"sensors": 10, "cells": 15, "rack": 1}

    for end, shown in SHOWN.items():
        (name,) = [name for name in learned if name.endswith(f".{end}")]
        assert np.asarray(learned[name]).size == counts[shown.of], name
        if shown.backed_by:
            assert f"{name.rpartition('.')[0]}.{shown.backed_by}" in learned


def test_what_is_still_being_learned_is_not_known_yet(
    state: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    learned = {
        "s1.heat.offset": np.array([0.4, 0.9]),
        "s1.heat.calm_s": np.array([3600.0, 3540.0]),
        "s1.cell_leaking.baseline_v": np.array([0.002, 0.009]),
        "s1.cell_leaking.means": np.array([3.0, 2.0]),
        "s1.rack_cooling.normal_k": np.array([4.0]),
        "s1.rack_cooling.learned_s": np.array([1800.0]),
    }
    keep(state, replace(LEARNED, state=learned))

    assert run("rules", "show", "rack-1") == 0

    said = capsys.readouterr().out
    assert "1 of 2: 0.40 K" in said
    assert "1 of 2: 2.0 mV" in said
    assert said.endswith("rack above ambient (s1)                          not known yet\n")


def test_what_has_nothing_behind_it_is_not_known(
    state: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    learned = {
        "s1.loose_joint.learned_mohm": np.array([0.0, 0.12, 0.0]),
        "s1.loose_joint.discharges": np.array([0, 2, 0]),
    }
    keep(state, replace(LEARNED, state=learned))

    assert run("rules", "show", "rack-1") == 0

    said = capsys.readouterr().out
    assert "resistance of each cell against its peers (s1)   1 of 3: 0.120 mΩ" in said


def test_programs_read_every_number_and_null_for_what_is_not_known(
    state: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(state, LEARNED)

    assert run("rules", "show", "rack-1", "--json") == 0

    said = json.loads(capsys.readouterr().out)
    assert said["asset_id"] == "rack-1"
    assert said["reset"] is None
    (row,) = said["learned"]
    assert (row["rules"], row["since"]) == ("detection", "2025-11-22T12:00:00Z")
    assert row["learned"] == {
        "s1.heat.offset": [0.4, -1.2, None, 0.1, 0.2, 0.3],
        "s1.heat.calm_s": [7200.0] * 6,
        "s1.heat.ring": [24.1, 24.2],
        "s1.rack_cooling.normal_k": [None],
        "is_frozen": [False, True],
        "idle_s": 7200.0,
    }


def test_of_a_battery_that_was_never_read_nothing_has_been_learned(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("rules", "show", "rack-1") == 0
    assert "nothing has been learned of rack-1 yet" in capsys.readouterr().out


@pytest.mark.parametrize("asset_id", ["rack-2", "rack-99"])
@pytest.mark.parametrize("words", [("show",), ("reset", "--by", "Kim", "--why", "moved")])
def test_only_what_is_polled_has_learned_state(
    run: Run, capsys: pytest.CaptureFixture[str], asset_id: str, words: tuple[str, ...]
) -> None:
    assert run("rules", *words, asset_id) == 2
    assert "rack-1" in capsys.readouterr().err


def test_a_reset_names_its_person_is_audited_and_voids_what_was_learned(
    state: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(state, LEARNED)

    assert run("rules", "reset", "rack-1", "--by", "Kim", "--why", "sensors replaced") == 0
    assert run("rules", "show", "rack-1") == 0

    said = capsys.readouterr().out
    assert "by Kim: sensors replaced" in said
    assert "nothing has been learned of rack-1 yet" in said
    with closing(Ledger(state / "ledger.db")) as ledger:
        (reset,) = ledger.records.history(RESETS, "rack-1")
        assert ledger.verify() is None
    assert (reset.actor, reset.action, reset.value.why) == ("Kim", "reset", "sensors replaced")


def test_a_reset_without_a_reason_is_refused(run: Run) -> None:
    with pytest.raises(SystemExit) as ended:
        run("rules", "reset", "rack-1", "--by", "Kim", "--why", " ")

    assert ended.value.code == 2


def test_what_counts_for_a_battery_is_printed_as_rules_that_say_the_same(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check-config", "--effective", "rack-2") == 0

    printed = parse_rulebook(tomllib.loads(capsys.readouterr().out))
    subject = Subject("rack-2", "daejeon")
    assert [(r.name, r.settings) for r in printed.effective(subject)] == [
        (r.name, r.settings) for r in shipped_rulebook().effective(subject)
    ]


def test_a_rule_that_is_off_but_at_work_is_printed_whole(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (tmp_path / "rules.toml").open("a") as file:
        file.write("[rule.door_open.battery.rack-2]\nenabled = false\n")
        file.write("[rule.door_open.work]\nenabled = true\n")

    assert run("check-config", "--effective", "rack-2") == 0

    said = capsys.readouterr().out
    door = said.partition("[rule.door_open]\n")[2]
    assert door.splitlines()[1] == "# switched off"
    printed = parse_rulebook(tomllib.loads(said))
    subject = Subject("rack-2", "daejeon")
    assert "door_open" not in {r.name for r in printed.effective(subject)}
    at_work = {r.name for r in printed.effective(subject._replace(at_work=True))}
    assert "door_open" in at_work


def test_whose_word_counts_stands_behind_each_key(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check-config", "--effective", "rack-1") == 0

    said = capsys.readouterr().out
    voltage = said.partition("[rule.cell_voltage_low]")[2].partition("[rule.")[0]
    assert any(
        line.startswith("setpoint") and line.endswith(("# LFP", "in profile soltaro-rack"))
        for line in voltage.splitlines()
    ), voltage
    assert Chemistry.LFP in said


@pytest.mark.parametrize(
    ("battery", "line"),
    [
        ("rack-1", "# rack-1: LFP, profile soltaro-rack, site daejeon"),
        (
            "rack-2",
            "# rack-2: chemistry not known, no profile, site daejeon; it is not polled, so that "
            "only its warranty is watched",
        ),
    ],
)
def test_what_a_battery_is_stands_above_its_rules(
    run: Run, capsys: pytest.CaptureFixture[str], battery: str, line: str
) -> None:
    assert run("check-config", "--effective", battery) == 0

    assert capsys.readouterr().out.splitlines()[0] == line


def test_what_the_keys_do_not_say_is_remarked_above_them(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check-config", "--effective", "rack-2") == 0

    lines = capsys.readouterr().out.splitlines()
    work = lines.index("[rule.module_temperature.work]")
    assert lines[work + 1] == "# reached at medium 35, critical 45"
    assert "watches nothing" in lines[lines.index("[rule.cell_voltage_low]") + 2]


def test_the_effective_rules_of_an_unknown_battery_are_a_usage_error(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check-config", "--effective", "rack-9") == 2
    assert "rack-1" in capsys.readouterr().err
