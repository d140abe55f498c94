"""Where in a battery a value belongs: `s1/m03/c07` is cell 7 of module 3 of string (rack) 1.

Numbers count from 1, as printed on the rack. `-` is the battery as a whole. A component names as
many levels as it has: a device without strings may name `m02` alone.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

_TEXT = re.compile(r"(?:s(\d{1,4}))?/?(?:m(\d{1,4}))?/?(?:(c|t)(\d{1,4}))?$")


class Scope(StrEnum):
    """What an alarm is about: the smallest thing that explains it."""

    CELL = "cell"
    SENSOR = "sensor"
    MODULE = "module"
    RACK = "rack"
    ROOM = "room"
    BATTERY = "battery"


@dataclass(frozen=True, slots=True)
class Component:
    """A place in a battery; every level that is None is not named."""

    string: int | None = None
    module: int | None = None
    cell: int | None = None
    sensor: int | None = None

    def __str__(self) -> str:
        parts = []
        if self.string is not None:
            parts.append(f"s{self.string}")
        if self.module is not None:
            parts.append(f"m{self.module:02d}")
        if self.cell is not None:
            parts.append(f"c{self.cell:02d}")
        if self.sensor is not None:
            parts.append(f"t{self.sensor}")
        return "/".join(parts) or "-"

    @property
    def scope(self) -> Scope:
        """Return the level that this component names."""
        if self.cell is not None:
            return Scope.CELL
        if self.sensor is not None:
            return Scope.SENSOR
        if self.module is not None:
            return Scope.MODULE
        return Scope.BATTERY if self.string is None else Scope.RACK

    @property
    def parent_module(self) -> "Component":
        """Return the module (or, without one, the string) that this component is in."""
        return Component(string=self.string, module=self.module)

    @property
    def sort_key(self) -> tuple[int, int, int, int]:
        """Return a key that puts the battery first and then walks string, module, cell, sensor."""
        return (self.string or 0, self.module or 0, self.cell or 0, self.sensor or 0)


WHOLE_BATTERY = Component()


@lru_cache(maxsize=65536)
def parse_component(text: str) -> Component:
    """Parse `s1/m03/c07`, `s1/m03/t2`, `s1`, `m02` or `-`.

    Raises:
        ValueError: the text names no component.
    """
    if text == "-":
        return WHOLE_BATTERY
    match = _TEXT.match(text)
    if not text or match is None:
        raise ValueError(f"{text!r} is no component such as s1/m03/c07, s1/m03/t2, s1 or -")
    string, module, kind, number = match.groups()
    return Component(
        string=int(string) if string else None,
        module=int(module) if module else None,
        cell=int(number) if kind == "c" else None,
        sensor=int(number) if kind == "t" else None,
    )
