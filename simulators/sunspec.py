"""A SunSpec battery for a Modbus server: models 1, 802, 803, 804 and 805, register by register.

Written after the standard's tables and sharing nothing with the daemon's, so that each checks the
other, and the standard's own client checks both. What is not set says "not implemented".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simulators.faults import Fault
from simulators.modbus_pdu import Block, Image

BASE = 40000
_MARKER = (0x5375, 0x6E53)
_END = (0xFFFF, 0)
_INT16, _UINT16 = 0x8000, 0xFFFF
_CLOSED = 0b11  # enabled, contactor closed
_OPEN = 0b01  # enabled

# Registers of type int16 and sunssf; all others say 0xFFFF when they are not there.
_SIGNED = {
    802: (44, 47, 49, *range(52, 64)),
    803: (4, 7, 10, 16, 18, 20, *range(22, 28)),
    804: (13, 20, 22, 24, 25, *range(38, 48)),
    805: (16, 18, 20, *range(38, 44)),
}


@dataclass(frozen=True, slots=True)
class SunspecModule:
    """One module: its cells in volts and °C."""

    cell_voltages_v: tuple[float, ...]
    cell_temperatures_c: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SunspecString:
    """One string of modules."""

    modules: tuple[SunspecModule, ...]
    current_a: float = 0.0  # as the device has it: positive while discharging
    soc_pct: float = 80.0
    contactor_closed: bool = True
    event_bits: int = 0


@dataclass(frozen=True, slots=True)
class SunspecBattery:
    """A bank. It is a unit of a `ModbusServer`."""

    strings: tuple[SunspecString, ...]
    manufacturer: str = "Simulated"
    model: str = "SS-17"
    serial: str = "SS17-0001"
    warranty_days: int = _UINT16 << 16 | _UINT16  # since 2000-01-01

    def image(self) -> Image:
        """Return the whole map."""
        words = [*_MARKER, *self._common(), *self._battery(), *self._bank()]
        for s, string in enumerate(self.strings, start=1):
            words += _string(s, string)
            for m, module in enumerate(string.modules, start=1):
                words += _module(s, m, module)
        return Image({3: (Block(BASE, np.array([*words, *_END], dtype=np.uint16)),)})

    def modbus_fault(self) -> Fault | None:
        """Answer as one should."""
        return None

    def _common(self) -> list[int]:
        texts = ((self.manufacturer, 16), (self.model, 16), ("", 8), ("1.0", 8), (self.serial, 16))
        return [1, 66, *(word for text, count in texts for word in _text(text, count)), 1, 0x8000]

    def _battery(self) -> list[int]:
        current_a = sum(string.current_a for string in self.strings)
        voltage_v = _voltage_v(self.strings[0].modules)
        cells = [v for string in self.strings for m in string.modules for v in m.cell_voltages_v]
        mean_soc = sum(string.soc_pct for string in self.strings) / len(self.strings)
        said = {
            2: 1000, 11: _fixed(mean_soc, 10), 16: 3 if current_a > 0 else 4, 22: 3,
            24: self.warranty_days >> 16, 25: self.warranty_days & 0xFFFF, 26: 0, 27: 0,
            34: _fixed(voltage_v, 10), 37: _fixed(max(cells), 1000), 40: _fixed(min(cells), 1000),
            44: _fixed(current_a, 10), 47: _fixed(voltage_v * current_a, 1),
            52: -1, 56: -1, 59: -1, 60: -3, 61: -1, 63: 0,
        }  # fmt: skip
        return _model(802, 64, said)

    def _bank(self) -> list[int]:
        temperatures_c = [
            t for string in self.strings for m in string.modules for t in m.cell_temperatures_c
        ]
        said = {
            2: len(self.strings), 3: sum(string.contactor_closed for string in self.strings),
            4: _fixed(max(temperatures_c), 10), 7: _fixed(min(temperatures_c), 10),
            22: -3, 23: -1, 24: -1, 25: 0, 26: -1, 27: -1,
        }  # fmt: skip
        groups = [word for string in self.strings for word in _string_group(string)]
        return _model(803, 28, said, groups)


def _string_group(string: SunspecString) -> list[int]:
    words = [_UINT16] * 32
    for signed in (6, 12, 14, 16):
        words[signed] = _INT16
    said = {
        0: len(string.modules), 1: 0, 2: _status(string), 4: _fixed(string.soc_pct, 10),
        6: _fixed(string.current_a, 10),
        20: string.event_bits >> 16, 21: string.event_bits & 0xFFFF,
    }  # fmt: skip
    return _set(words, said)


def _string(number: int, string: SunspecString) -> list[int]:
    said = {
        2: number, 3: len(string.modules), 4: 0, 5: _status(string), 8: _fixed(string.soc_pct, 10),
        13: _fixed(string.current_a, 10), 14: _fixed(_voltage_v(string.modules), 10),
        28: string.event_bits >> 16, 29: string.event_bits & 0xFFFF,
        38: -1, 41: -1, 42: -1, 43: -3, 44: -1,
    }  # fmt: skip
    groups: list[int] = []
    for module in string.modules:
        temperatures_c, voltages_v = module.cell_temperatures_c, module.cell_voltages_v
        words = [_UINT16] * 8 + [_INT16, _UINT16] * 4
        groups += _set(words, {
            0: len(voltages_v), 3: _fixed(max(voltages_v), 1000), 5: _fixed(min(voltages_v), 1000),
            8: _fixed(max(temperatures_c), 10), 10: _fixed(min(temperatures_c), 10),
        })  # fmt: skip
    return _model(804, 48, said, groups)


def _module(string: int, number: int, module: SunspecModule) -> list[int]:
    voltage_v = _voltage_v([module])
    said = {
        2: string, 3: number, 4: len(module.cell_voltages_v), 10: _fixed(voltage_v, 100),
        41: -2, 42: -3, 43: -1, **dict.fromkeys(range(22, 38), 0),
    }  # fmt: skip
    cells = zip(module.cell_voltages_v, module.cell_temperatures_c, strict=True)
    groups = [
        word
        for volts, celsius in cells
        for word in (_fixed(volts, 1000), _fixed(celsius, 10), 0, 0)
    ]
    return _model(805, 44, said, groups)


def _model(
    model_id: int, fixed: int, said: Mapping[int, int], groups: Sequence[int] = ()
) -> list[int]:
    words = [_INT16 if at in _SIGNED[model_id] else _UINT16 for at in range(fixed)]
    length = fixed - 2 + len(groups)
    return [*_set(words, {0: model_id, 1: length, **said}), *(w & 0xFFFF for w in groups)]


def _set(words: list[int], said: Mapping[int, int]) -> list[int]:
    for at, value in said.items():
        words[at] = value & 0xFFFF
    return words


def _status(string: SunspecString) -> int:
    return _CLOSED if string.contactor_closed else _OPEN


def _voltage_v(modules: Iterable[SunspecModule]) -> float:
    return sum(sum(module.cell_voltages_v) for module in modules)


def _fixed(value: float, factor: int) -> int:
    return round(value * factor)


def _text(text: str, count: int) -> list[int]:
    packed = text.encode("ascii")[: 2 * count].ljust(2 * count, b"\0")
    return [int(word) for word in np.frombuffer(packed, dtype=">u2")]
