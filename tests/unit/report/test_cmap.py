"""The character maps of fonts, built by hand where no font shows the case."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylopdf_fonts_ko import sans_path

from batteryd.report.cmap import characters_in

UNICODE_FULL, UNICODE_BASIC, MAC_ROMAN = (3, 10), (3, 1), (1, 0)


def font(*subtables: tuple[tuple[int, int], bytes]) -> bytes:
    """Return an OpenType file that has nothing but a character map."""
    head = struct.pack(">4s4H", b"OTTO", 1, 0, 0, 0) + struct.pack(">4sIII", b"cmap", 0, 28, 0)
    offset = 4 + 8 * len(subtables)
    records, bodies = b"", b""
    for (platform, encoding), body in subtables:
        records += struct.pack(">HHI", platform, encoding, offset + len(bodies))
        bodies += body
    return head + struct.pack(">HH", 0, len(subtables)) + records + bodies


def format_12(*groups: tuple[int, int, int]) -> bytes:
    return struct.pack(">HHIII", 12, 0, 16 + 12 * len(groups), 0, len(groups)) + b"".join(
        struct.pack(">III", *group) for group in groups
    )


def format_4(*segments: tuple[int, int, int]) -> bytes:
    """Return segments of (first, last, delta) without an offset."""
    count = len(segments)
    firsts, lasts, deltas = zip(*segments, strict=True)
    return (
        struct.pack(">7H", 4, 0, 0, 2 * count, 0, 0, 0)
        + struct.pack(f">{count}H", *lasts)
        + bytes(2)
        + struct.pack(f">{count}H", *firsts)
        + struct.pack(f">{count}H", *(delta & 0xFFFF for delta in deltas))
        + bytes(2 * count)
    )


def test_the_face_that_comes_with_the_package_has_what_names_are_made_of() -> None:
    found = characters_in(sans_path().read_bytes())

    hangul = range(0xAC00, 0xD7A4)
    assert found.issuperset(hangul)
    assert found.issuperset(map(ord, "Ångström – Köhler ≥ 40 °C Ω × kWh 大田 ①"))
    assert 0xE123 not in found


def test_groups_of_format_12_are_ranges_with_both_ends() -> None:
    assert characters_in(font((UNICODE_FULL, format_12((65, 67, 5), (0x1F525, 0x1F525, 9))))) == {
        65, 66, 67, 0x1F525,
    }  # fmt: skip


def test_a_character_without_a_glyph_does_not_count() -> None:
    # 65 + delta is glyph 0, which is the box.
    assert characters_in(font((UNICODE_BASIC, format_4((65, 67, -65), (0xFFFF, 0xFFFF, 1))))) == {
        66, 67,
    }  # fmt: skip
    assert characters_in(font((UNICODE_FULL, format_12((65, 67, 0))))) == {66, 67}


def test_a_map_that_is_not_for_unicode_says_nothing() -> None:
    assert characters_in(font((MAC_ROMAN, format_12((65, 67, 5))))) == frozenset()


@pytest.mark.parametrize("damaged", [b"", b"not a font", b"ttcf", b"OTTO"])
def test_what_is_no_font_has_no_characters(damaged: bytes) -> None:
    assert characters_in(damaged) == frozenset()


@given(st.binary(max_size=400))
def test_no_bytes_make_it_fail(noise: bytes) -> None:
    characters_in(noise)
    characters_in(b"ttcf" + noise, index=3)


@given(st.sets(st.integers(1, 0xFFFE), min_size=1, max_size=40))
def test_both_formats_say_the_same_of_the_same_characters(points: set[int]) -> None:
    ordered = sorted(points)

    full = format_12(*((point, point, 7) for point in ordered))
    basic = format_4(*((point, point, 7 - point) for point in ordered), (0xFFFF, 0xFFFF, 1))

    assert characters_in(font((UNICODE_FULL, full))) == points
    assert characters_in(font((UNICODE_BASIC, basic))) == points
