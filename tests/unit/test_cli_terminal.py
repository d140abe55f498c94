"""Lines in a terminal, and where they are read by programs."""

import io
import os

import pytest

from batteryd.cli.terminal import tell, wrapped

SENTENCE = (
    "         since 2026-11-23T18:54:42Z  module 7 of Rack A2 is 20.9 K above its 16 peers, "
    "both sensors, no load, rising for 4 min"
)


@pytest.mark.parametrize("columns", [40, 80, 100, 140])
def test_a_sentence_is_broken_between_words_and_hangs_under_its_beginning(columns: int) -> None:
    lines = list(wrapped(SENTENCE, columns=columns, hang=9))

    assert all(len(line) <= columns for line in lines)
    assert all(line.startswith(" " * 9) and line[9] != " " for line in lines)
    assert " ".join(" ".join(lines).split()) == " ".join(SENTENCE.split())


def test_what_fits_is_left_as_it_is() -> None:
    row = "medium   acknowledged            north/B-R2/-/warranty"

    assert list(wrapped(row, columns=80, hang=9)) == [row]


def test_an_alarms_key_is_never_broken() -> None:
    key = "north/A-R2/s1/m07/module_temperature"

    assert list(wrapped(f"critical {key}", columns=20, hang=2)) == ["critical", f"  {key}"]


def test_a_number_is_never_parted_from_its_unit() -> None:
    assert list(wrapped("back after 98 min", columns=13, hang=0)) == ["back after", "98 min"]


def test_hangul_takes_two_columns_a_letter() -> None:
    lines = list(wrapped("대전 데이터센터 배터리실", columns=16, hang=0))

    assert lines == ["대전 데이터센터", "배터리실"]


def test_what_is_piped_stays_one_line_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    tell(SENTENCE, hang=9)

    assert capsys.readouterr().out == f"{SENTENCE}\n"


def test_a_terminal_gets_lines_of_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setitem(os.environ, "COLUMNS", "80")
    terminal = Terminal()

    tell(SENTENCE, hang=9, to=terminal)

    assert [len(line) <= 80 for line in terminal.getvalue().splitlines()] == [True, True]
