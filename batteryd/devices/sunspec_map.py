"""Turns the models found on a device into a register profile like any other.

What a file says of other devices, a SunSpec device says of itself: its models become points with
addresses, so the same decoder, request planning and reader serve both.

Strings and modules carry an index. The standard does not say whether it starts at 0; a device that
has an index 0 counts from there, and so do the places of its extremes.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from batteryd.devices.dates import DAYS_SINCE_2000
from batteryd.devices.modbus_profile import (
    Block,
    ModbusNameplate,
    ModbusPoint,
    ModbusProfile,
    NameplateText,
    ScaleRegister,
)
from batteryd.devices.plan import REGISTER_COUNT_MAX
from batteryd.devices.sunspec_models import (
    BANK,
    BATTERY,
    COMMON,
    MODELS,
    MODULE,
    STRING,
    SunspecModel,
    SunspecPoint,
)
from batteryd.devices.sunspec_profile import SunspecProfile
from batteryd.devices.sunspec_types import TYPES
from batteryd.devices.sunspec_walk import HEADER_LENGTH, FoundModel

_UNKNOWN = 0xFFFF
_REGISTER_BITS = 16
_NUMBER_MAX = 9999  # what a component can carry

# Which of a model's first points counts its groups, and what a group is.
_GROUP_COUNTER = {BANK: 0, STRING: 1, MODULE: 2}
_GROUP_LETTER = {BANK: "s", STRING: "m", MODULE: "c"}

# The texts of model 1: offset from its ID and length, in registers.
_COMMON_TEXTS = {
    "manufacturer": ("Mn", 2, 16),
    "model": ("Md", 18, 16),
    "firmware": ("Vr", 42, 8),
    "serial": ("SN", 50, 16),
}
_WARRANTY_DATE = 24  # 802.WarrDt


Spot = tuple[int, str]  # a point by its address and quantity


def profile_of(
    found: Sequence[FoundModel], *, profile: SunspecProfile, lacking: Collection[Spot] = ()
) -> ModbusProfile:
    """Return the register profile of one device.

    Args:
        found: its models.
        profile: how to ask it.
        lacking: what it turned out not to implement; another model may say the same.
    """
    models = [model for model in _first_of_each(found) if model.model_id in MODELS]
    points: dict[tuple[str, str], ModbusPoint] = {}
    for point in _points(models):  # the more detailed model comes later
        said = (point.component, point.quantity)
        if said not in points or (point.address, point.quantity) not in lacking:
            points[said] = point
    return ModbusProfile(
        name=profile.name,
        title=profile.title,
        protocol="modbus",
        poll_interval_s=profile.poll_interval_s,
        current_positive_while=profile.current_positive_while,
        register_count_max=profile.register_count_max,
        gap_max=REGISTER_COUNT_MAX,  # a model has no holes
        blocks=tuple(
            Block(address=model.address, count=HEADER_LENGTH + model.length) for model in models
        ),
        nameplate=_nameplate(found),
        date_formats=(DAYS_SINCE_2000,),
        points=tuple(points.values()),
    )


@dataclass(frozen=True, slots=True)
class _Numbering:
    """What to add to the device's indices to count from 1."""

    string: int
    module: int

    @classmethod
    def of(cls, models: Sequence[FoundModel]) -> "_Numbering":
        """Return the numbering that the indices of strings and modules show."""
        strings = {m.counters[0] for m in models if m.model_id in (STRING, MODULE) and m.counters}
        modules = {m.counters[1] for m in models if m.model_id == MODULE and len(m.counters) > 1}
        return cls(string=int(0 in strings), module=int(0 in modules))

    def shift(self, level: str) -> int:
        """Return what to add to the number of a string, module or cell; cells have no index."""
        return {"string": self.string, "module": self.module}.get(level, 0)


def _first_of_each(found: Sequence[FoundModel]) -> Iterator[FoundModel]:
    """Yield models by ID; of bank models, of which a battery has one, the first."""
    seen: set[int] = set()
    for model in sorted(found, key=lambda model: model.model_id):
        if model.model_id not in seen or model.model_id in (STRING, MODULE):
            yield model
        seen.add(model.model_id)


def _points(models: Sequence[FoundModel]) -> Iterator[ModbusPoint]:
    numbering = _Numbering.of(models)
    components = _components(models, numbering=numbering)
    for model, component in zip(models, components, strict=True):
        table = MODELS[model.model_id]
        for point in table.points:
            yield from _point(point, model, at=0, component=component, numbering=numbering)
        for number in range(1, _group_count(model, table) + 1):
            at = table.fixed_length + (number - 1) * table.group_length
            inner = _inside(component, f"{_GROUP_LETTER[model.model_id]}{number}")
            for point in table.group_points:
                yield from _point(point, model, at=at, component=inner, numbering=numbering)


def _components(models: Sequence[FoundModel], *, numbering: _Numbering) -> list[str]:
    """Return the component of each model; models whose index is no use count in their order."""
    places = [_place(model, numbering=numbering) for model in models]
    for model_id, letter in ((STRING, "s"), (MODULE, "m")):
        members = [i for i, model in enumerate(models) if model.model_id == model_id]
        chosen = [places[i] for i in members]
        if None in chosen or len(set(chosen)) != len(chosen):
            for order, i in enumerate(members, start=1):
                places[i] = f"{letter}{order}"
    return [place or "-" for place in places]


def _place(model: FoundModel, *, numbering: _Numbering) -> str | None:
    if model.model_id in (BATTERY, BANK):
        return "-"
    levels = (("s", numbering.string), ("m", numbering.module))[: 1 + (model.model_id == MODULE)]
    if len(model.counters) < len(levels):
        return None
    numbers = [raw + shift for raw, (_, shift) in zip(model.counters, levels, strict=False)]
    if any(number > _NUMBER_MAX for number in numbers):
        return None
    return "/".join(f"{letter}{n}" for (letter, _), n in zip(levels, numbers, strict=True))


def _inside(component: str, part: str) -> str:
    return part if component == "-" else f"{component}/{part}"


def _group_count(model: FoundModel, table: SunspecModel) -> int:
    """Return how many groups a model has: as many as it counts and its length holds."""
    counter = _GROUP_COUNTER.get(model.model_id)
    if counter is None:
        return 0
    held = max(0, HEADER_LENGTH + model.length - table.fixed_length) // table.group_length
    counted = model.counters[counter] if counter < len(model.counters) else _UNKNOWN
    return min(held, counted, _NUMBER_MAX)


def _point(
    point: SunspecPoint, model: FoundModel, *, at: int, component: str, numbering: _Numbering
) -> Iterator[ModbusPoint]:
    """Yield the point; nothing where the device's model is too short to have it."""
    kind = TYPES[point.type]
    address, not_implemented = model.address + at + point.offset, kind.not_implemented
    if point.type == "bitfield32" and point.bit + point.bit_count <= _REGISTER_BITS:
        # Low bits are decoded from the low register alone, and so is "not implemented".
        address, not_implemented = address + 1, (_UNKNOWN,)
    scale = model.address + (point.scale_offset or 0)
    found = ModbusPoint(
        address=address,
        type=kind.decoded_as,
        quantity=point.quantity,
        source=f"{model.model_id}.{point.name}",
        component=component,
        bit=point.bit,
        bit_count=point.bit_count,
        offset=numbering.shift(point.numbers) if point.numbers else 0,
        enumeration=dict(point.enumeration) if point.enumeration else None,
        sentinels=not_implemented,
        scale_register=None if point.scale_offset is None else ScaleRegister(address=scale),
    )
    if max(found.address + found.word_count, scale + 1) <= model.end:
        yield found


def _nameplate(found: Sequence[FoundModel]) -> ModbusNameplate:
    battery = next((model for model in found if model.model_id == BATTERY), None)
    texts = {
        field: NameplateText(source=f"1.{name}", address=common.address + offset, length=length)
        for common in _common(found)
        for field, (name, offset, length) in _COMMON_TEXTS.items()
        if common.address + offset + length <= common.end
    }
    if battery is not None and battery.address + _WARRANTY_DATE + 2 <= battery.end:
        texts["warranty_ends_on"] = NameplateText(
            source="802.WarrDt", address=battery.address + _WARRANTY_DATE, type="uint32"
        )
    return ModbusNameplate(**texts)


def _common(found: Sequence[FoundModel]) -> Sequence[FoundModel]:
    """Return the common model of the battery: the last in front of its first battery model."""
    commons: list[FoundModel] = []
    for model in found:
        if model.model_id in MODELS:
            break
        if model.model_id == COMMON:
            commons = [model]
    return commons
