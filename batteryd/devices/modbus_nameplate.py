"""What registers and identification objects say of a device: texts, made fit to be shown.

Devices fill texts with zero bytes or blanks, and answer 0xFFFF where nobody entered anything.
Whatever is not clearly a text is nothing.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from batteryd.devices.modbus_profile import ModbusProfile, NameplateText

# Objects of function 43/14 (Modbus application protocol V1.1b3, 6.21), best first.
_OBJECTS = {"manufacturer": (0,), "model": (5, 4, 1), "firmware": (2,)}

_UNSET = 0xFFFF


def text_of(words: Sequence[int], *, wanted: NameplateText, profile: ModbusProfile) -> str | None:
    """Return what a nameplate register says, or None where it says nothing."""
    if len(words) != wanted.word_count or all(word == _UNSET for word in words):
        return None
    if wanted.type == "string":
        return clean(b"".join(word.to_bytes(2, profile.byte_order) for word in words))
    ordered = words if profile.word_order == "big" else words[::-1]
    number = int.from_bytes(b"".join(word.to_bytes(2, profile.byte_order) for word in ordered))
    return f"{Decimal(repr(wanted.scale)).normalize() * number:f}"  # 107 x 0.01 is 1.07


def identified(objects: Mapping[int, bytes]) -> dict[str, str | None]:
    """Return the texts that function 43/14 told, by our field's name."""
    return {
        name: next(filter(None, (clean(objects.get(number, b"")) for number in numbers)), None)
        for name, numbers in _OBJECTS.items()
    }


def clean(raw: bytes) -> str | None:
    """Return a text up to its first zero byte, without blanks around it; None if it is none."""
    try:
        text = raw.partition(b"\0")[0].decode().strip()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() and text else None
