"""What a profile of an SNMP device says: objects of its MIBs and what they mean.

A point is a *scalar* (its OID names one instance) or a *column* of a table (its OID names all
rows). It is a column where its component counts through levels (`m{module}`), where it picks rows
(`where`), or where it looks for a row (`listed`).

Several points may be about the same quantity of the same component. They are alternatives, in the
order of trust: the first that has a good value wins. That is how a maker's own object stands before
the standard's, and how one profile reads two generations of a card.
"""

import re
from datetime import date
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from batteryd.devices.dates import DATE_AND_TIME
from batteryd.devices.profile_base import (
    Match,
    PointBase,
    ProfileBase,
    ProfileModel,
    Text,
    levels_of,
)
from batteryd.domain.quantity import QUANTITIES

_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]{0,9}))+")
_OID_PART_MAX = 2**32 - 1
_FORMAT = re.compile(r"([^%]|%[Yymdb])*")
_YEARS = ("%Y", "%y")


def _oid(text: str) -> str:
    if not _OID.fullmatch(text) or any(int(part) > _OID_PART_MAX for part in text.split(".")):
        raise ValueError("numbers with dots, such as 1.3.6.1.2.1.33.1.2.4.0")
    return text


def _date_format(text: str) -> str:
    has_year = any(year in text for year in _YEARS)
    if text != DATE_AND_TIME and not (_FORMAT.fullmatch(text) and has_year):
        raise ValueError(
            f"{DATE_AND_TIME}, or a day made of %Y or %y, %m, %d, %b, such as %m/%d/%Y"
        )
    return text


Oid = Annotated[str, AfterValidator(_oid)]
DateFormat = Annotated[str, AfterValidator(_date_format)]
Equals = Annotated[tuple[int | str, ...], Field(min_length=1)]
Oids = Annotated[tuple[Oid, ...], Field(min_length=1)]


class When(ProfileModel):
    """A condition on another object: it has one of these values, as a number, a text or an OID."""

    oid: Oid
    equals: Equals


class Contradiction(When):
    """Raw numbers that cannot be true while another object says what it says."""

    raw: Annotated[tuple[int, ...], Field(min_length=1)]


class Listed(ProfileModel):
    """A table whose rows come and go, such as that of the alarms present."""

    any_of: Equals  # 1 where a row of the column has one of these values, otherwise 0
    count: Oid  # the number of rows: while it is 0 the table is not read


class SnmpPoint(PointBase):
    """One object of the device's MIB."""

    oid: Oid
    text: bool = False  # the number comes as text, perhaps with a unit: "54.2 V"
    index_base: Annotated[int, Field(ge=0, le=1)] = 1  # what the device counts its rows from
    number_by: Literal["index", "order"] = "index"  # order: rows are numbered as they come
    where: When | None = None  # only rows whose other column has one of these values
    listed: Listed | None = None
    only_when: When | None = None  # otherwise the device does not have it
    contradicted_when: Contradiction | None = None

    @property
    def is_column(self) -> bool:
        """Whether which rows there are must be found out."""
        return bool(levels_of(self.component)) or self.where is not None

    @model_validator(mode="after")
    def _a_listed_row_is_a_flag(self) -> Self:
        if self.listed is None:
            return self
        if self.is_column or self.text or self.enumeration or (self.scale, self.offset) != (1, 0):
            raise ValueError("no levels, where, text, enumeration, scale or offset beside listed")
        if not QUANTITIES[self.quantity].is_flag:
            raise ValueError("a quantity that is 0 or 1 beside listed")
        return self


class SnmpMatch(Match):
    """How an SNMP device is recognised. Patterns given beside must be found as well."""

    sys_object_id: tuple[Oid, ...] = ()  # the longest beginning of sysObjectID among profiles wins
    answers: tuple[Oid, ...] = ()  # objects of which the device must have one
    generic: bool = False  # asked last: other devices have these objects too


class SnmpNameplate(ProfileModel):
    """Where identity and dates stand: objects in turn, until one says something."""

    manufacturer: Oids | None = None
    model: Oids | None = None
    serial: Oids | None = None
    firmware: Oids | None = None
    manufactured_on: Oids | None = None
    last_replaced_on: Oids | None = None
    replace_by: Oids | None = None

    @property
    def oids(self) -> dict[str, tuple[str, ...]]:
        """The objects of every field."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: oids or () for name, oids in fields.items()}


class SnmpProfile(ProfileBase):
    """An SNMP device family."""

    has_alternatives: ClassVar[bool] = True

    protocol: Literal["snmp"]
    match: SnmpMatch = SnmpMatch()
    nameplate: SnmpNameplate = SnmpNameplate()
    date_formats: tuple[DateFormat, ...] = ("%Y-%m-%d",)
    unset_dates: tuple[date, ...] = ()  # what the maker writes where nobody has set a date
    points: tuple[SnmpPoint, ...] = ()
    extends: Annotated[tuple[Text, ...], Field(validate_default=True)] = ()  # profiles' names

    @property
    def has_tables(self) -> bool:
        """Whether the device has to be asked which rows it has."""
        return any(point.is_column for point in self.points)

    @field_validator("extends")
    @classmethod
    def _reads_something(cls, extends: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not extends and info.data.get("points") == ():
            raise ValueError("a profile to take points from, where there are no points")
        return extends
