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

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from batteryd.devices.dates import NAMED_FORMATS
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


def _name_oid(text: str) -> str:
    _oid(text.removesuffix(".*"))
    return text


def _date_format(text: str) -> str:
    has_year = any(year in text for year in _YEARS)
    if text not in NAMED_FORMATS and not (_FORMAT.fullmatch(text) and has_year):
        raise ValueError(
            f"{', '.join(NAMED_FORMATS)}, or a day made of %Y or %y, %m, %d, %b, such as %m/%d/%Y"
        )
    return text


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Oid = Annotated[str, AfterValidator(_oid)]
DateFormat = Annotated[str, AfterValidator(_date_format)]
Equals = Annotated[tuple[int | str, ...], Field(min_length=1)]
Level = Literal["string", "module", "cell", "sensor"]
TextBit = Annotated[int, Field(ge=0, le=255)]
NameOids = Annotated[tuple[Annotated[str, AfterValidator(_name_oid)], ...], Field(min_length=1)]


class When(ProfileModel):
    """A condition on another object: it has one of these values, or a value that is none of them.

    Values are numbers, texts or OIDs.
    """

    oid: Oid
    equals: Equals | None = None
    unlike: Equals | None = None

    @property
    def values(self) -> frozenset[int | str]:
        """What the object is compared with."""
        return frozenset(self.equals or self.unlike or ())

    def admits(self, said: int | float | str | None) -> bool:
        """Whether the condition holds; not for an object that the device does not have."""
        return said is not None and (said in self.values) == (self.equals is not None)

    @model_validator(mode="after")
    def _one_way_to_compare(self) -> Self:
        if (self.equals is None) == (self.unlike is None):
            raise ValueError("either equals or unlike")
        return self


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
    text_bits: Annotated[tuple[TextBit, ...], Field(min_length=1)] | None = (
        None  # a flag: any of these characters, counted from 0, of a text such as "0010" is 1
    )
    signed: bool = False  # an Unsigned32 that carries the 32 bits of a signed number
    index_base: Annotated[int, Field(ge=0, le=1)] = 1  # what the device counts its rows from
    number_by: Literal["index", "order"] = "index"  # order: rows are numbered as they come
    level_at: dict[Level, Annotated[int, Field(ge=-128, le=128)]] | None = (
        None  # which number of a row's index a level is, from 1 or from the end: -1
    )
    where: When | None = None  # only rows whose other column is so
    listed: Listed | None = None
    only_when: When | None = None  # otherwise the device does not have it
    contradicted_when: Contradiction | None = None

    @property
    def is_column(self) -> bool:
        """Whether which rows there are must be found out."""
        return self.listed is None and (bool(levels_of(self.component)) or self.where is not None)

    @model_validator(mode="after")
    def _levels_have_their_numbers(self) -> Self:
        if self.level_at is None:
            return self
        if self.level_at.keys() != set(levels_of(self.component)) or 0 in self.level_at.values():
            raise ValueError("level_at with the place (from 1, or from -1) of each level, no other")
        if self.number_by == "order":
            raise ValueError('no level_at beside number_by = "order"')
        return self

    @model_validator(mode="after")
    def _a_listed_row_is_a_flag(self) -> Self:
        if self.listed is None:
            return self
        is_scaled = (self.scale, self.offset) != (1, 0)
        if levels_of(self.component) or self.text or self.enumeration or is_scaled:
            raise ValueError("no levels, text, enumeration, scale or offset beside listed")
        if not QUANTITIES[self.quantity].is_flag:
            raise ValueError("a quantity that is 0 or 1 beside listed")
        return self

    @model_validator(mode="after")
    def _characters_are_a_flag(self) -> Self:
        if self.text_bits is None:
            return self
        if self.text or self.signed or self.listed or (self.scale, self.offset) != (1, 0):
            raise ValueError("no text, signed, listed, scale or offset beside text_bits")
        if not QUANTITIES[self.quantity].is_flag:
            raise ValueError("a quantity that is 0 or 1 beside text_bits")
        return self


class SnmpMatch(Match):
    """How an SNMP device is recognised. Patterns given beside must be found as well."""

    sys_object_id: tuple[Oid, ...] = ()  # the longest beginning of sysObjectID among profiles wins
    answers: tuple[Oid, ...] = ()  # objects of which the device must have one
    generic: bool = False  # asked last: other devices have these objects too


class SnmpNameplate(ProfileModel):
    """Where identity and dates stand: objects in turn, until one says something.

    An object that ends in `.*` is a column; the first of its rows that says something is meant.
    """

    manufacturer: NameOids | None = None
    model: NameOids | None = None
    serial: NameOids | None = None
    firmware: NameOids | None = None
    manufactured_on: NameOids | None = None
    last_replaced_on: NameOids | None = None
    replace_by: NameOids | None = None

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
    extends: Annotated[
        tuple[Text, ...], BeforeValidator(_listed), Field(validate_default=True)
    ] = ()  # names of profiles
    without: tuple[Text, ...] = ()  # sources of points that are not taken over from them

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
