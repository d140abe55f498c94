"""What `batteryd replay` says of wrong files and arguments: all of it at once."""

from pathlib import Path

import pytest

from batteryd.cli.main import main

T1 = "s1/m02/t1:temperature_c"


def said_of(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """Return what a replay that is refused says, line by line, without our name before it."""
    assert main(["replay", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err.removeprefix("batteryd: ").splitlines()


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A recording of two polls, and of nothing else."""
    path = tmp_path / "rack-7.csv"
    path.write_text(f"time,{T1}\n1772355600,24.5\n1772355610,24.5\n", encoding="utf-8")
    return path


def test_every_mistake_in_recording_battery_and_rules_is_named_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording, battery, rules = (tmp_path / n for n in ("rack-7.csv", "rack-7.toml", "rules.toml"))
    recording.write_text(f"time,{T1},{T1},soc\n", encoding="utf-8")
    battery.write_text('chemistry = "NCM"\ncapacity_ah = -78\nmodules = 17\n', encoding="utf-8")
    rules.write_text('[rule.silence]\nkind = "silense"\n', encoding="utf-8")

    said = said_of(capsys, str(recording), "--battery", str(battery), "--rules", str(rules))

    assert [line.partition(": ")[2].partition(":")[0] for line in said] == [
        "column 3 = s1/m02/t1",
        "column 4 = soc",
        'chemistry = "NCM"',
        "capacity_ah = -78",
        "modules = 17",
        'rule.silence.kind = "silense"',
    ]
    assert said[2] == f"{battery}: chemistry = \"NCM\": one of 'NMC', 'NCA', 'LMO', 'LFP' or 'LTO'"


def test_a_battery_and_a_recording_that_are_not_there_are_both_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording, battery = tmp_path / "rack-8.csv", tmp_path / "rack-8.toml"

    assert said_of(capsys, str(recording), "--battery", str(battery)) == [
        f"{recording}: a CSV file that can be read (No such file or directory)",
        f"{battery}: a file that can be read (No such file or directory)",
    ]


def test_every_time_that_cannot_be_read_is_named_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = tmp_path / "rack-7.csv"
    lines = ("1772355600,24.5", "01/03/2026 09:00,24.5", "", "1772355620,24.5", "soon,24.5")
    recording.write_text("\n".join([f"time,{T1}", *lines]), encoding="utf-8")

    said = said_of(capsys, str(recording))

    assert [line.split(": ")[1] for line in said] == ["line 3 = 01/03/2026 09:00", "line 6 = soon"]


def test_of_a_file_whose_times_are_all_wrong_the_first_twenty_are_enough(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = tmp_path / "rack-7.csv"
    recording.write_text("\n".join([f"time,{T1}", *["1/3/2026,24.5"] * 999]), encoding="utf-8")

    said = said_of(capsys, str(recording))

    assert len(said) == 20
    assert "line 21 = 1/3/2026" in said[-1]


def test_semicolons_are_answered_with_commas(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = tmp_path / "rack-7.csv"
    recording.write_text(f"time;{T1}\n1772355600;24.5\n", encoding="utf-8")

    (said,) = said_of(capsys, str(recording))

    assert f"column 1 = time;{T1}: a header whose first column is time" in said
    assert "with commas between" in said


def test_what_belongs_to_the_journal_is_refused_of_a_recording(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    span = ("--from", "2026-03-01T09:00Z", "--to", "2026-03-01T10:00Z")

    assert said_of(capsys, str(recording), *span) == [
        "a recording does not go with --from and --to"
    ]


def test_what_belongs_to_a_recording_is_refused_of_the_journal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    battery = str(tmp_path / "rack-7.toml")

    assert said_of(capsys, "--journal", "rack-7", "--battery", battery) == [
        "--journal does not go with --battery"
    ]


def test_a_stretch_that_ends_before_it_begins_is_refused_with_both_ends(
    capsys: pytest.CaptureFixture[str],
) -> None:
    span = ("--from", "2026-03-01T10:00Z", "--to", "2026-03-01T09:00Z")

    assert said_of(capsys, "--journal", "rack-7", *span) == [
        "replay: --to = 2026-03-01T09:00:00Z: later than 2026-03-01T10:00:00Z"
    ]
