"""Which rack a trace is of: how it is built, and how finely and how often it is read."""

import re
from dataclasses import dataclass

from batteryd.domain.inventory import Chemistry

_TEXT = re.compile(r"(\d+)x(\d+)x(\d+)@([\d.]+)(?::(NMC|LFP))?", re.IGNORECASE)
_COUNT_MAX = 100
_POLL_S_MAX = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRack:
    """A rack as its battery file would describe it, and what its BMS resolves."""

    module_count: int = 17
    cell_count: int = 14  # a module
    sensor_count: int = 2  # a module
    poll_s: float = 10.0
    chemistry: Chemistry = Chemistry.NMC
    capacity_ah: float = 67.0
    temperature_quantum_c: float = 0.1
    voltage_quantum_v: float = 0.001
    has_ambient: bool = True

    @property
    def name(self) -> str:
        """Return what `parse_rack` reads."""
        shape = f"{self.module_count}x{self.cell_count}x{self.sensor_count}"
        return f"{shape}@{self.poll_s:g}:{self.chemistry}"


def parse_rack(text: str) -> TraceRack:
    """Parse modules x cells x sensors @ seconds, such as `17x14x2@10` or `10x16x1@30:LFP`.

    Raises:
        ValueError: the text is no such rack.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no rack such as 17x14x2@10 or 10x16x1@30:LFP")
    modules, cells, sensors = (int(part) for part in match.groups()[:3])
    poll_s = float(match[4])
    if not all(1 <= count <= _COUNT_MAX for count in (modules, cells, sensors)):
        raise ValueError(f"{text!r}: every count is between 1 and {_COUNT_MAX}")
    if not 0 < poll_s <= _POLL_S_MAX:
        raise ValueError(f"{text!r}: a poll is every 0 to {_POLL_S_MAX:g} s")
    return TraceRack(
        module_count=modules,
        cell_count=cells,
        sensor_count=sensors,
        poll_s=poll_s,
        chemistry=Chemistry((match[5] or "NMC").upper()),
    )
