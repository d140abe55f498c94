"""What a profile of a Modbus device says: registers, their types, and how they may be read.

A row of the register table becomes one value for every component that its template counts through:
the first one stands at `address`, and `stride` says how many registers further the next string,
module, cell or sensor stands. `blocks` are the ranges that the device answers; without them every
register may be asked for.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from batteryd.devices.plan import BIT_COUNT_MAX, BIT_FUNCTIONS, REGISTER_COUNT_MAX
from batteryd.devices.profile_base import (
    Match,
    PointBase,
    ProfileBase,
    ProfileModel,
    Scale,
    Text,
    levels_of,
)

ADDRESS_MAX = 0xFFFF
BITS_EXACT_MAX = 24  # what a float32 in the journal holds without loss

WORD_COUNTS = {
    "bit": 1, "bits": 1, "int16": 1, "uint16": 1, "int32": 2, "uint32": 2, "float32": 2,
    "int64": 4, "uint64": 4, "float64": 4,
}  # fmt: skip

Address = Annotated[int, Field(ge=0, le=ADDRESS_MAX)]
Function = Literal[1, 2, 3, 4]
Level = Literal["string", "module", "cell", "sensor"]
Stride = dict[Level, Annotated[int, Field(ge=1, le=ADDRESS_MAX)]]
Order = Literal["big", "little"]
PointType = Literal[
    "bit", "bits", "int16", "uint16", "int32", "uint32", "float32", "int64", "uint64", "float64"
]


class ScaleRegister(ProfileModel):
    """An int16 power of ten that the device keeps beside its values (SunSpec's `_SF`)."""

    address: Address
    stride: Stride = Field(default_factory=dict)  # only the levels that have a scale register each


class ModbusPoint(PointBase):
    """One row of the device's register table."""

    function: Function = 3
    address: Address
    stride: Stride = Field(default_factory=dict)
    type: PointType
    bit: Annotated[int, Field(ge=0, le=31)] = 0  # lowest bit, 0 = least significant
    bit_count: Annotated[int, Field(ge=1, le=BITS_EXACT_MAX)] = 16  # of type "bits"
    word_order: Order | None = None  # None: as the profile says
    byte_order: Order | None = None
    scale_register: ScaleRegister | None = None

    @property
    def word_count(self) -> int:
        """How many registers (or coils) one value takes."""
        if self.type == "bits" and self.bit + self.bit_count > 16:
            return 2
        return WORD_COUNTS[self.type]

    @property
    def bits_used(self) -> int:
        """How many bits of the registers a bit field takes; of a single bit, one."""
        return self.bit_count if self.type == "bits" else 1

    @model_validator(mode="after")
    def _can_be_decoded(self) -> Self:
        if set(self.stride) != set(levels_of(self.component)):
            raise ValueError("stride with exactly the levels that component counts through")
        if self.scale_register and not set(self.scale_register.stride) <= set(self.stride):
            raise ValueError("scale_register.stride with levels of stride only")
        if self.function in BIT_FUNCTIONS and (self.type != "bit" or self.bit != 0):
            raise ValueError(
                'type = "bit" and no bit number, as functions 1 and 2 read single bits'
            )
        if self.function in BIT_FUNCTIONS and self.scale_register:
            raise ValueError("no scale_register with functions 1 and 2")
        if self.type == "bit" and self.bit > 15:
            raise ValueError("bit from 0 to 15, as a register has sixteen")
        if self.type == "bits" and self.bit + self.bit_count > 32:
            raise ValueError("bit + bit_count up to 32")
        return self


class Block(ProfileModel):
    """A range that the device answers; no request crosses its ends."""

    function: Function = 3
    address: Address
    count: Annotated[int, Field(ge=1, le=ADDRESS_MAX + 1)]
    stride: Stride = Field(default_factory=dict)
    whole: bool = False  # answered as a whole only


class NameplateText(ProfileModel):
    """A text or a number by which a device tells who it is."""

    source: Text
    function: Literal[3, 4] = 3
    address: Address
    type: Literal["string", "uint16", "uint32"] = "string"
    length: Annotated[int, Field(ge=1, le=REGISTER_COUNT_MAX)] | None = None  # registers of a text
    scale: Scale = 1.0  # of a number, e.g. 0.01 for firmware 1.07 sent as 107

    @property
    def word_count(self) -> int:
        """How many registers it takes."""
        return self.length or WORD_COUNTS[self.type]

    @model_validator(mode="after")
    def _length_goes_with_text(self) -> Self:
        if (self.type == "string") != (self.length is not None):
            raise ValueError('length in registers for type = "string", and for no other')
        return self


class ModbusNameplate(ProfileModel):
    """Where identity and dates stand. Dates are read with the profile's `date_formats`."""

    identification: bool = False  # the device knows function 43/14
    manufacturer: NameplateText | None = None
    model: NameplateText | None = None
    serial: NameplateText | None = None
    firmware: NameplateText | None = None
    manufactured_on: NameplateText | None = None
    last_replaced_on: NameplateText | None = None
    replace_by: NameplateText | None = None
    warranty_ends_on: NameplateText | None = None

    @property
    def texts(self) -> dict[str, NameplateText]:
        """What stands in registers, by field."""
        rows = {
            "manufacturer": self.manufacturer,
            "model": self.model,
            "serial": self.serial,
            "firmware": self.firmware,
            "manufactured_on": self.manufactured_on,
            "last_replaced_on": self.last_replaced_on,
            "replace_by": self.replace_by,
            "warranty_ends_on": self.warranty_ends_on,
        }
        return {name: text for name, text in rows.items() if text is not None}


class RegisterSign(ProfileModel):
    """What a register of this family can show, for devices that have no name."""

    function: Literal[3, 4] = 3
    address: Address
    min: Annotated[int, Field(ge=0, le=0xFFFF)]  # both as the raw register
    max: Annotated[int, Field(ge=0, le=0xFFFF)]


class ModbusMatch(Match):
    """How a Modbus device is recognised: by its nameplate, by its registers, or by both."""

    registers: tuple[RegisterSign, ...] = ()


class ModbusProfile(ProfileBase):
    """A Modbus device family."""

    protocol: Literal["modbus"]
    word_order: Order = "big"  # most significant register first
    byte_order: Order = "big"  # most significant byte of a register first, as the standard says
    register_count_max: Annotated[int, Field(ge=1, le=REGISTER_COUNT_MAX)] = REGISTER_COUNT_MAX
    gap_max: Annotated[int, Field(ge=0, le=REGISTER_COUNT_MAX)] = 0  # unused registers read over
    request_pause_s: Annotated[float, Field(ge=0, le=10)] = 0.0
    sentinels_by_type: dict[PointType, tuple[int, ...]] = Field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    nameplate: ModbusNameplate = ModbusNameplate()
    match: ModbusMatch = ModbusMatch()
    points: tuple[ModbusPoint, ...]

    def sentinels_of(self, point: ModbusPoint) -> tuple[int, ...]:
        """Return a point's own sentinels, or those of its type where it says nothing."""
        if "sentinels" in point.model_fields_set:
            return point.sentinels
        return self.sentinels_by_type.get(point.type, ())

    @field_validator("blocks")
    @classmethod
    def _blocks_fit_requests(
        cls, blocks: tuple[Block, ...], info: ValidationInfo
    ) -> tuple[Block, ...]:
        register_count_max = info.data.get("register_count_max", REGISTER_COUNT_MAX)
        for block in blocks:
            limit = BIT_COUNT_MAX if block.function in BIT_FUNCTIONS else register_count_max
            if block.whole and block.count > limit:
                raise ValueError(f"whole blocks of at most {limit}, as one request reads them")
        return blocks
