"""How SunSpec writes numbers, and how it says that a point is not there.

From the SunSpec Device Information Model Specification: registers are big-endian, most significant
first, and every type has one value that means "not implemented". A scale factor (sunssf) is the
power of ten of other points; the decoder knows it as `scale_register`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from batteryd.devices.modbus_profile import PointType


@dataclass(frozen=True, slots=True)
class SunspecType:
    """One of the standard's types, as the register decoder knows it."""

    decoded_as: PointType
    not_implemented: tuple[int, ...]  # raw bits; a float's own way to say so is NaN


_SIGNED_16, _SIGNED_32, _SIGNED_64 = 0x8000, 0x8000_0000, 0x8000_0000_0000_0000
_ALL_16, _ALL_32, _ALL_64 = 0xFFFF, 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF

TYPES: Mapping[str, SunspecType] = MappingProxyType(
    {
        "int16": SunspecType("int16", (_SIGNED_16,)),
        "int32": SunspecType("int32", (_SIGNED_32,)),
        "int64": SunspecType("int64", (_SIGNED_64,)),
        "uint16": SunspecType("uint16", (_ALL_16,)),
        "uint32": SunspecType("uint32", (_ALL_32,)),
        "uint64": SunspecType("uint64", (_ALL_64,)),
        "enum16": SunspecType("uint16", (_ALL_16,)),
        "enum32": SunspecType("uint32", (_ALL_32,)),
        "bitfield16": SunspecType("bits", (_ALL_16,)),
        "bitfield32": SunspecType("bits", (_ALL_32,)),
        # A counter that never counted cannot be told from one that is not there.
        "acc16": SunspecType("uint16", (0,)),
        "acc32": SunspecType("uint32", (0,)),
        "acc64": SunspecType("uint64", (0,)),
        "float32": SunspecType("float32", ()),
        "float64": SunspecType("float64", ()),
    }
)
