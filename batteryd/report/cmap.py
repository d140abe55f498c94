"""Which characters a font can draw: the character map ("cmap") of an OpenType file.

Typst draws a box for a character that no font has, and says nothing about it. A name that somebody
signs for must not become a box unnoticed, so the fonts are asked before anything is printed. Only
the two forms of the table that fonts use for Unicode are read: format 4 (two bytes a character) and
format 12 (all of Unicode). Names are those of the OpenType specification, chapter cmap.
"""

import struct
from collections.abc import Iterator

_COLLECTION = b"ttcf"
_UNICODE_ENCODINGS = {(3, 1), (3, 10)}  # platform Windows: the basic plane, all of Unicode
_UNICODE_PLATFORM = 0
_POINT_MAX = 0x10FFFF


def characters_in(font: bytes, *, index: int = 0) -> frozenset[int]:
    """Return the code points that a font has a glyph for; `index` counts within a collection.

    A file that is no OpenType font, or a damaged one, has none.
    """
    try:
        return frozenset(
            point
            for subtable in _unicode_subtables(font, index=index)
            for point in _points_in(font, subtable)
        )
    except (struct.error, IndexError):
        return frozenset()


def _unicode_subtables(font: bytes, *, index: int) -> Iterator[int]:
    """Yield where the subtables for Unicode begin."""
    start = _u32(font, 12 + 4 * index) if font.startswith(_COLLECTION) else 0
    for record in range(start + 12, start + 12 + 16 * _u16(font, start + 4), 16):
        if font[record : record + 4] == b"cmap":
            cmap = _u32(font, record + 8)
            break
    else:
        return
    for number in range(_u16(font, cmap + 2)):
        platform, encoding, offset = struct.unpack_from(">HHI", font, cmap + 4 + 8 * number)
        if platform == _UNICODE_PLATFORM or (platform, encoding) in _UNICODE_ENCODINGS:
            yield cmap + offset


def _points_in(font: bytes, start: int) -> Iterator[int]:
    table_format = _u16(font, start)
    if table_format == 4:
        yield from _format_4(font, start)
    elif table_format == 12:
        yield from _format_12(font, start)


def _format_4(font: bytes, start: int) -> Iterator[int]:
    size = _u16(font, start + 6)  # twice the number of segments
    count = size // 2
    ends = struct.unpack_from(f">{count}H", font, start + 14)
    firsts = struct.unpack_from(f">{count}H", font, start + 16 + size)
    deltas = struct.unpack_from(f">{count}H", font, start + 16 + 2 * size)
    offsets_at = start + 16 + 3 * size
    for segment, (first, end, delta) in enumerate(zip(firsts, ends, deltas, strict=True)):
        here = offsets_at + 2 * segment
        offset = _u16(font, here)
        for point in range(first, end + 1):
            # The offset counts from the place where it stands; 0 means that the delta is all.
            glyph = _u16(font, here + offset + 2 * (point - first)) if offset else point
            if glyph and (glyph + delta) & 0xFFFF:
                yield point


def _format_12(font: bytes, start: int) -> Iterator[int]:
    for group in range(_u32(font, start + 12)):
        first, end, glyph = struct.unpack_from(">III", font, start + 16 + 12 * group)
        yield from range(first if glyph else first + 1, min(end, _POINT_MAX) + 1)


def _u16(font: bytes, at: int) -> int:
    return int.from_bytes(font[at : at + 2], "big")


def _u32(font: bytes, at: int) -> int:
    return int.from_bytes(font[at : at + 4], "big")
