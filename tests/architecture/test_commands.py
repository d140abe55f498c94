"""Every command explains itself, and a newcomer finds it."""

import subprocess
import sys
from pathlib import Path

import pytest

from batteryd.cli.frame import Command
from batteryd.cli.main import commands, main

ROOT = Path(__file__).parents[2]
COMMANDS = commands()
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))


def words(command: Command) -> str:
    return " ".join(command.words)


@pytest.mark.parametrize("command", COMMANDS, ids=words)
def test_every_command_stands_in_the_manual(command: Command) -> None:
    asked = f"batteryd {words(command)}"

    assert any(asked in page.read_text(encoding="utf-8") for page in PAGES), asked


@pytest.mark.parametrize("command", COMMANDS, ids=words)
def test_every_command_and_argument_has_help(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command.words, "--help"])

    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert command.run.__doc__ is not None
    assert command.run.__doc__.split()[0] in said
    assert all(argument.options.get("help") for argument in command.arguments)


@pytest.mark.parametrize("word", sorted({command.words[0] for command in COMMANDS}))
def test_a_first_word_finds_all_of_its_commands(word: str) -> None:
    found = [command for command in commands(word) if command.words[0] == word]

    assert found == [command for command in COMMANDS if command.words[0] == word]


def test_a_command_waits_for_none_of_the_others(tmp_path: Path) -> None:
    ask = "import sys; from batteryd.cli.main import main; main(['replay', sys.argv[1]])"
    say = "print([name for name in sys.modules if name.startswith('batteryd.cli.')])"
    recording = tmp_path / "rack.csv"
    recording.write_text("time,-:soc_pct\n2026-03-01T09:00:00Z,80\n", encoding="utf-8")

    asked = [sys.executable, "-c", f"{ask}; {say}; print('asyncio' in sys.modules)", str(recording)]
    answer = subprocess.run(asked, capture_output=True, text=True, check=True)

    *_, loaded, has_asyncio = answer.stdout.splitlines()
    assert "batteryd.cli.replay" in loaded
    assert "batteryd.cli.alarms" not in loaded
    assert has_asyncio == "False"


def test_without_a_command_the_help_is_shown_and_the_exit_code_is_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 2
    assert "check-config" in capsys.readouterr().out
