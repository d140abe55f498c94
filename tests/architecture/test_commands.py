"""Every command explains itself, and a newcomer finds it."""

from pathlib import Path

import pytest

from batteryd.cli.frame import Command
from batteryd.cli.main import COMMANDS, main

ROOT = Path(__file__).parents[2]
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


def test_without_a_command_the_help_is_shown_and_the_exit_code_is_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 2
    assert "check-config" in capsys.readouterr().out
