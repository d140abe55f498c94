"""What a profile of an SNMP device says: objects of its MIB, and how its tables are read.

A point is one of three things:

    a scalar       one OID, asked for with GET.
    a table        the OID of a column; its rows are found by a walk, and a row's index gives the
                   numbers of the component: `m{module}` and row 3 are m03.
    a presence     a flag: whether any row of the column `oid` holds the OID `present`. That is how
                   UPS-MIB lists active alarms.

Several points may stand for the same value. The first that has a good number counts: a maker's own
object in tenths of a degree comes before the standard one in whole degrees, where it exists.
"""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from batteryd.devices.link import SnmpValue
from batteryd.devices.profile_base import Match, PointBase, ProfileBase, ProfileModel, levels_of, Text
from batteryd.domain.quantity import QUANTITIES

SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"  # by which an agent says what it is

_OID = re.compile(r"[0-2](\.(0|[1-9]\d{0,9}))+")
_PART_MAX = 0xFFFFFFFF


def is_below(oid: str, root: str) -> bool:
    """Whether an OID stands in the tree below another; a tree is not below itself."""
    return oid.startswith(f"{root}.")


def _numeric_oid(text: str) -> str:
    if not _OID.fullmatch(text) or any(int(part) > _PART_MAX for part in text.split(".")):
        raise ValueError("numbers joined by dots, such as 1.3.6.1.2.1.33.1.2.4.0")
    return text


Oid = Annotated[str, AfterValidator(_numeric_oid)]


class SnmpMatch(Match):
    """How an agent is recognised before its nameplate is read."""

    sys_object_ids: tuple[Oid, ...] = ()  # it says to be one of these, or something below one
    probe_oids: tuple[Oid, ...] = ()  # it has all of these

    @property
    def questions(self) -> tuple[str, ...]:
        """The OIDs to ask an agent for."""
        return (SYS_OBJECT_ID, *self.probe_oids)

    def recognises(self, answer: Mapping[str, SnmpValue]) -> bool:
        """Whether what an agent said to `questions` is what the profile asks for."""
        said = str(answer.get(SYS_OBJECT_ID, ""))
        is_known = any(said == known or is_below(said, known) for known in self.sys_object_ids)
        return (is_known or not self.sys_object_ids) and answer.keys() >= set(self.probe_oids)


class SnmpPoint(PointBase):
    """One object of the device's MIB."""

    oid: Oid  # of a scalar, with its instance (.0); of a table or presence, the column
    table: bool = False
    present: Oid | None = None
    text: bool = False  # the number is written as text
    row_count_max: Annotated[int, Field(ge=1, le=2000)] = 200  # of a walk

    @property
    def is_walked(self) -> bool:
        """Whether `oid` is a column and not one object."""
        return self.table or self.present is not None

    @model_validator(mode="after")
    def _table_has_levels(self) -> Self:
        if self.table != bool(levels_of(self.component)):
            raise ValueError("table = true with a level in braces in component, or neither")
        return self

    @model_validator(mode="after")
    def _presence_is_a_flag(self) -> Self:
        if self.present is None:
            return self
        if self.table or self.text or self.enumeration or (self.scale, self.offset) != (1, 0):
            raise ValueError("no table, text, enumeration, scale or offset beside present")
        if not QUANTITIES[self.quantity].is_flag:
            raise ValueError("a quantity that is 0 or 1 beside present")
        return self


class SnmpNameplate(ProfileModel):
    """Where identity and dates stand. Dates are read with the profile's `date_formats`."""

    manufacturer: Oid | None = None
    model: Oid | None = None
    serial: Oid | None = None
    firmware: Oid | None = None
    manufactured_on: Oid | None = None
    last_replaced_on: Oid | None = None
    replace_by: Oid | None = None
    date_sentinels: tuple[Text, ...] = ()  # texts that are no date, such as a factory default

    @property
    def oids(self) -> dict[str, str]:
        """What the device has, by field."""
        return self.model_dump(exclude_none=True, exclude={"date_sentinels"})


class SnmpProfile(ProfileBase):
    """An SNMP device family."""

    has_alternatives: ClassVar[bool] = True

    protocol: Literal["snmp"]
    match: SnmpMatch = SnmpMatch()
    nameplate: SnmpNameplate = SnmpNameplate()
    points: Annotated[tuple[SnmpPoint, ...], Field(min_length=1)]

    @cached_property
    def scalars(self) -> tuple[str, ...]:
        """What one GET asks for."""
        return tuple(dict.fromkeys(p.oid for p in self.points if not p.is_walked))

    @cached_property
    def columns(self) -> Mapping[str, int]:
        """What is walked, and how many rows at most."""
        found: dict[str, int] = {}
        for point in self.points:
            if point.is_walked:
                found[point.oid] = max(point.row_count_max, found.get(point.oid, 0))
        return found
