"""SunSpec batteries for tests, written by the standard's own encoder (pysunspec2)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sunspec2.device

from batteryd.errors import DeviceRejected
from simulators.modbus_pdu import Block, Image

MARKER = [0x5375, 0x6E53]
END = [0xFFFF, 0]

COMMON = {
    "ID": 1, "Mn": "Hanbit Energy", "Md": "HB-RACK 17", "Vr": "2.4.1", "SN": "HB17-000412", "DA": 1,
}  # fmt: skip

BATTERY = {
    "ID": 802, "AHRtg": 2400, "AHRtg_SF": -1, "WHRtg": 19200, "WHRtg_SF": 1,
    "SoC": 834, "SoC_SF": -1, "SoH": 97, "SoH_SF": 0, "NCyc": 70000, "ChaSt": 4, "State": 3,
    "Evt1": 0, "V": 8721, "V_SF": -1, "CellVMax": 3671, "CellVMaxStr": 2, "CellVMaxMod": 1,
    "CellVMin": 3652, "CellVMinStr": 1, "CellVMinMod": 2, "CellVAvg": 3660, "CellV_SF": -3,
    "A": 123, "A_SF": -1, "W": 10733, "W_SF": 0,
}  # fmt: skip


def bank(**said: Any) -> dict[str, Any]:
    """Return two strings, the second not connected and with its door open."""
    return {
        "ID": 803, "NStr": 2, "NStrCon": 1, "ModTmpMax": 261, "ModTmpMaxStr": 2, "ModTmpMaxMod": 1,
        "ModTmpMin": -29, "ModTmpAvg": 245, "CellV_SF": -3, "ModTmp_SF": -1, "A_SF": -1,
        "SoC_SF": -1, "SoH_SF": 0,
        "string": [
            {"StrNMod": 2, "StrSt": 3, "StrSoC": 834, "StrSoH": 97, "StrA": 123,
             "StrCellVMax": 3668, "StrCellVMaxMod": 2, "StrModTmpMax": 255, "StrEvt1": 1 << 0},
            {"StrNMod": 2, "StrSt": 1, "StrSoC": 830, "StrA": 0, "StrCellVMax": 3671,
             "StrModTmpMax": 261, "StrEvt1": 1 << 23 | 1 << 25},
        ],
    } | said  # fmt: skip


def string(index: int, **said: Any) -> dict[str, Any]:
    """Return a string of two modules."""
    return {
        "ID": 804, "Idx": index, "NMod": 2, "St": 3, "SoC": 833, "V": 8702, "A": 121,
        "CellVMax": 3668, "SoC_SF": -1, "V_SF": -1, "A_SF": -1, "CellV_SF": -3, "ModTmp_SF": -1,
        "lithium_ion_string_module": [
            {"ModNCell": 2, "ModCellVMax": 3668, "ModCellVMaxCell": 2, "ModCellTmpMax": 255},
            {"ModNCell": 2, "ModCellVMax": 3666, "ModCellTmpMax": 249},
        ],
    } | said  # fmt: skip


def module(string_index: int, index: int, **said: Any) -> dict[str, Any]:
    """Return a module of two cells."""
    return {
        "ID": 805, "StrIdx": string_index, "ModIdx": index, "NCell": 2, "V": 5124, "V_SF": -2,
        "CellVMax": 3667, "CellVMaxCell": 1, "CellTmpMax": 254, "CellV_SF": -3, "Tmp_SF": -1,
        "lithium-ion-module-cell": [
            {"CellV": 3667, "CellTmp": 254}, {"CellV": 3655, "CellTmp": -5},
        ],
    } | said  # fmt: skip


def encoded(values: Mapping[str, Any]) -> list[int]:
    """Return a model's registers."""
    packed = sunspec2.device.Model(values["ID"], data=dict(values)).get_mb()
    return [int(word) for word in np.frombuffer(packed, dtype=">u2")]


def registers(models: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the registers of a whole map, from the marker to the end."""
    return MARKER + [word for values in models for word in encoded(values)] + END


class SunspecLink:
    """A device in memory that answers its map and nothing else; counts what it was asked."""

    def __init__(self, words: Sequence[int], *, base: int = 40000) -> None:
        self.asked: list[tuple[int, int]] = []
        self.show(words, base=base)

    def show(self, words: Sequence[int], *, base: int = 40000) -> None:
        """Become another device."""
        self._image = Image({3: (Block(base, np.array(words, dtype=np.uint16)),)})

    async def read(self, *, unit: int, function: int, start: int, count: int) -> Sequence[int]:
        """Answer as the simulator does."""
        assert (unit, function) == (1, 3)
        self.asked.append((start, count))
        words = self._image.read(function, start, count)
        if words is None:
            raise DeviceRejected("illegal data address", code=2)
        return [int(word) for word in words]

    async def read_identification(self, *, unit: int) -> Mapping[int, bytes]:
        """Have no identification."""
        return {}

    async def close(self) -> None:
        """Have nothing to release."""
