"""What every device profile says, whatever protocol its device speaks.

A profile is device knowledge as data: one TOML file a device family, no secret and no address in
it, so that it can be shared. A *point* is one row of the device's own documentation: where the
value stands, what it is called there (`source`), which quantity of ours it is, and how its raw
number becomes ours: value = raw x scale + offset.

One row often stands for hundreds of values. Its `component` is then a template such as
`s{string}/m{module}/c{cell}`: every level in braces is counted from 1 up to what the battery's
geometry says (the register's counts first, then the profile's defaults).
"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from batteryd.domain.component import Component, parse_component
from batteryd.domain.inventory import Chemistry, Geometry
from batteryd.domain.nameplate import Nameplate
from batteryd.domain.quantity import QUANTITIES, Quantity

LEVELS = ("string", "module", "cell", "sensor")  # from the outside in
AUTO = "auto"  # in an inventory: the profile that fits
_SIGNED = frozenset({"current_a", "power_w"})
_LEVEL = re.compile(r"\{(\w+)\}")


def levels_of(template: str) -> tuple[str, ...]:
    """Return the levels that a component template counts through, as written."""
    return tuple(_LEVEL.findall(template))


def component_at(template: str, numbers: Mapping[str, int]) -> Component:
    """Fill a component template with numbers counted from 1."""
    return parse_component(template.format_map(numbers))


def counts_of(geometry: Geometry) -> dict[str, int | None]:
    """Return how often each level repeats within the level above it; None where nobody said."""
    return {
        "string": geometry.string_count,
        "module": geometry.module_count_per_string,
        "cell": geometry.cell_count_per_module,
        "sensor": geometry.temperature_sensor_count_per_module,
    }


def _known_quantity(name: str) -> str:
    if name not in QUANTITIES:
        raise ValueError(f"a quantity of batteryd/domain/quantity.py: {', '.join(QUANTITIES)}")
    return name


def _component_template(text: str) -> str:
    unknown = [level for level in levels_of(text) if level not in LEVELS]
    try:
        parse_component(_LEVEL.sub("1", text))
    except ValueError:
        unknown.append(text)
    if unknown:
        raise ValueError("a component such as -, s1, s{string}/m{module}/c{cell} or m{module}/t1")
    return text


def _not_zero(scale: float) -> float:
    if scale == 0:
        raise ValueError("a number other than 0")
    return scale


def _not_reserved(name: str) -> str:
    if name == AUTO:
        raise ValueError(f"another name, as {AUTO} stands for whatever fits a device")
    return name


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"a regular expression ({error})") from None
    return text


QuantityName = Annotated[str, AfterValidator(_known_quantity)]
ComponentTemplate = Annotated[str, AfterValidator(_component_template)]
Scale = Annotated[float, Field(allow_inf_nan=False), AfterValidator(_not_zero)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1, le=9999)]


class ProfileModel(BaseModel):
    """Strict about keys: a misspelt key would otherwise silently leave its default in force."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Plausible(ProfileModel):
    """What this device can show; narrower than what the quantity allows."""

    min: Finite | None = None
    max: Finite | None = None


class Limits(ProfileModel):
    """The maker's limits for one quantity, by alarm priority; rules use them before their own."""

    low: Finite | None = None
    medium: Finite | None = None
    high: Finite | None = None
    critical: Finite | None = None

    @model_validator(mode="after")
    def _run_one_way(self) -> Self:
        given = [v for v in (self.low, self.medium, self.high, self.critical) if v is not None]
        if not given or given not in (sorted(given), sorted(given, reverse=True)):
            raise ValueError("at least one of low, medium, high, critical; all rising or falling")
        return self


class Match(ProfileModel):
    """How a device of this family is recognised by what it says of itself."""

    manufacturer: Pattern | None = None
    model: Pattern | None = None

    @property
    def has_patterns(self) -> bool:
        """Whether the nameplate decides."""
        return self.manufacturer is not None or self.model is not None

    def fits(self, nameplate: Nameplate) -> bool:
        """Whether every pattern given here is found in the nameplate."""
        asked = ((self.manufacturer, nameplate.manufacturer), (self.model, nameplate.model))
        return all(
            pattern is None or re.search(pattern, said or "") is not None for pattern, said in asked
        )


class GeometryDefaults(ProfileModel):
    """How a battery of this family is usually built."""

    string_count: Count | None = None
    module_count_per_string: Count | None = None
    cell_count_per_module: Count | None = None
    temperature_sensor_count_per_module: Count | None = None

    def under(self, said: Geometry) -> Geometry:
        """Return what the register says, completed with what is usual."""
        return Geometry(
            string_count=said.string_count or self.string_count,
            module_count_per_string=said.module_count_per_string or self.module_count_per_string,
            cell_count_per_module=said.cell_count_per_module or self.cell_count_per_module,
            temperature_sensor_count_per_module=said.temperature_sensor_count_per_module
            or self.temperature_sensor_count_per_module,
        )


ONE_OF_EACH = GeometryDefaults(
    string_count=1,
    module_count_per_string=1,
    cell_count_per_module=1,
    temperature_sensor_count_per_module=1,
)


class PointBase(ProfileModel):
    """One row of a device's documentation, as far as every protocol has it."""

    quantity: QuantityName
    source: Text  # the maker's own name of it
    component: ComponentTemplate = "-"
    scale: Scale = 1.0
    offset: Finite = 0.0
    sentinels: tuple[int, ...] = ()  # raw numbers that mean "unknown"
    plausible: Plausible = Plausible()
    enumeration: Annotated[dict[int, int], Field(min_length=1)] | None = (
        None  # raw -> ours; any other raw number is bad
    )
    optional: bool = False  # older hardware may not have it

    @property
    def plausible_range(self) -> tuple[float, float]:
        """The range in our unit outside which a value is bad."""
        vocabulary = QUANTITIES[self.quantity]
        low = vocabulary.plausible_min if self.plausible.min is None else self.plausible.min
        high = vocabulary.plausible_max if self.plausible.max is None else self.plausible.max
        return low, high

    @model_validator(mode="after")
    def _an_enumeration_is_not_scaled(self) -> Self:
        if self.enumeration is not None and (self.scale, self.offset) != (1, 0):
            raise ValueError("no scale and no offset beside enumeration")
        return self

    @model_validator(mode="after")
    def _range_is_within_the_vocabulary(self) -> Self:
        row: Quantity = QUANTITIES[self.quantity]
        low, high = self.plausible_range
        if not row.plausible_min <= low <= high <= row.plausible_max:
            raise ValueError(
                f"plausible.min <= plausible.max, both within "
                f"{row.plausible_min:g} to {row.plausible_max:g} {row.unit}".rstrip()
            )
        return self


class ProfileBase(ProfileModel):
    """A device family. Subclasses add a protocol's point table and how it is read."""

    has_alternatives: ClassVar[bool] = False  # several points for one value; the first good counts

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$"), AfterValidator(_not_reserved)]
    title: Text
    protocol: str
    poll_interval_s: Annotated[float, Field(ge=1, le=3600)]
    current_positive_while: Literal["charging", "discharging"] | None = None
    chemistry: Chemistry | None = None
    notes: str = ""
    tested_against: str = ""  # one line for people: what the profile was held against
    geometry: GeometryDefaults = GeometryDefaults()
    limits: dict[QuantityName, Limits] = {}
    match: Match = Match()
    date_formats: tuple[Text, ...] = ("%Y-%m-%d",)
    points: tuple[PointBase, ...]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything the profile says: what is compiled from it may be kept under it."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def current_sign(self) -> int:
        """Factor that makes current and power positive while charging."""
        return -1 if self.current_positive_while == "discharging" else 1

    @field_validator("points")
    @classmethod
    def _points_agree(
        cls, points: tuple[PointBase, ...], info: ValidationInfo
    ) -> tuple[PointBase, ...]:
        mistakes = _unsigned(points, info.data.get("current_positive_while"))
        if not cls.has_alternatives:
            mistakes = _repeated(points) + mistakes
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return points


def is_signed(quantity: str) -> bool:
    """Whether a quantity's sign depends on what the device calls positive."""
    return quantity in _SIGNED


def _repeated(points: Sequence[PointBase]) -> list[str]:
    counted = Counter((p.component, p.quantity) for p in points)
    return [f"one point only for {c}:{q}" for (c, q), count in counted.items() if count > 1]


def _unsigned(points: Sequence[PointBase], positive_while: str | None) -> list[str]:
    if positive_while is not None or not any(is_signed(p.quantity) for p in points):
        return []
    return ["current_positive_while = charging or discharging, as a point is current or power"]
