"""Which type a document is set in: one face that comes with the package, and help where it lacks.

Noto Sans KR has Hangul, Latin, Greek, Cyrillic, kana and the common Hanja, and is pinned like every
other dependency. A document that needs no more than that has the same bytes on every machine. Only
for characters beyond it are the machine's own fonts asked, in the order of their names. What no
font has is named, and the document prints those names: Typst itself would draw boxes and be silent.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import typst
from pylopdf_fonts_ko import sans_path

from batteryd.report.cmap import characters_in

FACE = "Noto Sans KR"
_SYSTEM_FACES_READ_MAX = 300
_REGULAR_WEIGHT = 400
_UNDRAWN = ("Cc", "Cf", "Cs")  # half a surrogate pair is replaced before it is set
_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))  # of a variant of the character before


class Type(NamedTuple):
    """What to set a document in."""

    faces: tuple[str, ...]  # families, the first that has a character draws it
    fonts: typst.Fonts
    missing: tuple[str, ...]  # characters that will be boxes


def choose_type(text: Iterable[str]) -> Type:
    """Return the faces for all characters of a text, and those that none of them has."""
    lacking = {character for character in text if _is_drawn(character)} - _characters_of_face()
    if not lacking:
        return Type((FACE,), _own_fonts(), ())
    fonts = typst.Fonts(font_paths=[str(sans_path().parent)])
    faces = [FACE]
    for family, path, index in _system_faces(fonts):
        found = lacking & _characters(path, index=index)
        if found:
            faces.append(family)
            lacking -= found
        if not lacking:
            break
    return Type(tuple(faces), fonts, tuple(sorted(lacking)))


def _is_drawn(character: str) -> bool:
    """Tell whether a character needs a glyph: white space, control and selection do not."""
    category = unicodedata.category(character)
    return category[0] != "Z" and category not in _UNDRAWN and character not in _SELECTORS


@cache
def _characters_of_face() -> frozenset[str]:
    return _characters(sans_path(), index=0)


@cache
def _own_fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(sans_path().parent)],
    )


def _characters(path: Path, *, index: int) -> frozenset[str]:
    try:
        return frozenset(map(chr, characters_in(path.read_bytes(), index=index)))
    except OSError:  # a font that this user may not read draws nothing
        return frozenset()


def _system_faces(fonts: typst.Fonts) -> list[tuple[str, Path, int]]:
    """Return the upright regular faces of the machine, by name; at most a bounded number."""
    found = sorted(
        (font.family, font.path, font.index)
        for font in fonts.fonts()
        if font.path and font.style == "normal" and font.weight == _REGULAR_WEIGHT
    )
    return [(family, Path(path), index) for family, path, index in found[:_SYSTEM_FACES_READ_MAX]]
