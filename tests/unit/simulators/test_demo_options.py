"""What somebody may ask the demo for."""

import socket
from pathlib import Path

import pytest

from batteryd.cli.main import main


def said_of(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """Return what a demo that is refused says."""
    assert main(["demo", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    return err.removeprefix("batteryd: ").splitlines()


def test_all_that_is_wrong_is_said_before_anything_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    words = ("--speedup", "0", "--duration", "-2", "--port", "70000", "--folder", str(tmp_path))

    said = said_of(capsys, *words, "--scenario", "turo")

    assert said[:4] == [
        "demo: --speedup = 0: 1 to 600",
        "demo: --duration = -2: seconds, more than 0",
        "demo: --port = 70000: 0 to 65535",
        f"demo: --folder = {tmp_path}: a folder that is new or empty",
    ]
    assert said[4].startswith("command line: scenario = turo: one of daejeon, ")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_file_is_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("mine", encoding="utf-8")

    assert said_of(capsys, "--port", "0", "--folder", str(file)) == [
        f"demo: --folder = {file}: a folder that is new or empty"
    ]


def test_a_port_that_another_demo_has_is_told_with_the_way_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert said_of(capsys, "--port", str(port)) == [
            f"demo: --port = {port}: a free port of 127.0.0.1; 0 takes one"
        ]
