"""Lines as a terminal shows them whole: broken between words, never inside of one.

What is piped or written to a file keeps one sentence a line, since programs count lines. Hangul and
the like are two characters wide, which `textwrap` does not know.
"""

import shutil
import sys
import unicodedata
from collections.abc import Iterator
from typing import TextIO


def tell(text: str, *, hang: int = 2, flat: int | None = None, to: TextIO | None = None) -> None:
    """Print lines; what does not fit a terminal goes on in the next line, `hang` characters in.

    Lines that are not indented themselves hang by `flat`, where that is given.
    """
    stream = sys.stdout if to is None else to
    if stream.isatty():
        columns = shutil.get_terminal_size().columns
        text = "\n".join(
            part
            for line in text.splitlines()
            for part in wrapped(
                line, columns=columns, hang=hang if flat is None or line.startswith(" ") else flat
            )
        )
    print(text, file=stream)


def wrapped(line: str, *, columns: int, hang: int) -> Iterator[str]:
    """Yield a line in parts of at most so many columns; a word that is longer stays whole."""
    begun, width = "", 0
    for word in _words(line):
        wide = _width(word)
        if begun.strip() and width + wide > columns:
            yield begun.rstrip()
            begun, width = " " * hang, hang
            word = word.lstrip()
            wide = _width(word)
        begun, width = begun + word, width + wide
    yield begun.rstrip()


def _words(line: str) -> Iterator[str]:
    """Yield words, each with the spaces before it; a number keeps its unit."""
    word = ""
    for letter in line:
        if letter == " " and word.strip() and not word[-1].isdigit():
            yield word
            word = ""
        word += letter
    yield word


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
