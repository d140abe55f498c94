"""The file of a recording: JSON with a line for each object or range.

    {"format": "batteryd-recording/1", "protocol": "snmp", "note": "...", "objects": [
      ["1.3.6.1.2.1.1.2.0", "oid", "1.3.6.1.4.1.59999.1"],
      ["1.3.6.1.4.1.59999.1.2.1.0", "int", 100]]}

    {"format": "batteryd-recording/1", "protocol": "modbus", "note": "...", "unit": 1,
     "registers": {"3": [[40000, [21365, 28243]]], "4": []}, "bits": {"1": [], "2": []},
     "identification": [[0, "text", "Maker"]]}

Reading a file names everything that is wrong with it. Writing gives the same text for the same
recording, so two of the same device can be compared line by line.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import isfinite
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from batteryd.devices.link import SnmpValue
from batteryd.devices.recording import (
    ModbusRecording,
    Range,
    Recording,
    SnmpRecording,
    agent_order,
    is_oid,
)
from batteryd.devices.snmp_profile import Oid
from batteryd.errors import ConfigError
from batteryd.mistakes import mistakes_of

FORMAT = "batteryd-recording/1"
ADDRESS_MAX = 0xFFFF
REGISTER_FUNCTIONS = (3, 4)
BIT_FUNCTIONS = (1, 2)

Kind = Literal["int", "float", "text", "hex", "oid", "address", "null"]
Ranges = tuple[tuple[int, tuple[int, ...]], ...]


def parse_recording(content: bytes, *, file: str) -> Recording:
    """Read a recording.

    Raises:
        ConfigError: with every mistake that was found, not only the first.
    """
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ConfigError.one(file, "", "", f"a recording in JSON ({error})") from None
    protocol = data.get("protocol") if isinstance(data, dict) else None
    kind = _FILES.get(protocol) if isinstance(protocol, str) else None
    if kind is None:
        shown = "" if protocol is None else repr(protocol)
        raise ConfigError.one(file, "protocol", shown, f"one of {', '.join(_FILES)}")
    try:
        return kind.model_validate(data).recording
    except ValidationError as error:
        raise ConfigError(mistakes_of(error, model=kind, file=file)) from None


def recording_text(recording: Recording) -> str:
    """Return the file of a recording."""
    body = (
        _snmp_body(recording) if isinstance(recording, SnmpRecording) else _modbus_body(recording)
    )
    rows = [f' "format": {_json(FORMAT)}', f' "note": {_json(recording.note)}', *body]
    return "{\n" + ",\n".join(rows) + "\n}\n"


def _snmp_body(recording: SnmpRecording) -> Iterator[str]:
    oids = sorted(recording.objects, key=agent_order)
    yield ' "protocol": "snmp"'
    yield f' "objects": {_lines([oid, *_written(recording.objects[oid])] for oid in oids)}'


def _modbus_body(recording: ModbusRecording) -> Iterator[str]:
    yield ' "protocol": "modbus"'
    yield f' "unit": {recording.unit}'
    for key, functions in (("registers", REGISTER_FUNCTIONS), ("bits", BIT_FUNCTIONS)):
        parts = (f"{_json(str(f))}: {_lines(recording.ranges.get(f, ()))}" for f in functions)
        yield f" {_json(key)}: {{{', '.join(parts)}}}"
    if recording.identification:
        objects = sorted(recording.identification.items())
        yield f' "identification": {_lines([number, *_written(text)] for number, text in objects)}'


def _lines(rows: Iterable[Sequence[object]]) -> str:
    written = [f"  {_json(row)}" for row in rows]
    return "[\n" + ",\n".join(written) + "\n ]" if written else "[]"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _written(value: SnmpValue | None) -> tuple[str, int | float | str | None]:
    """Return a value's kind and content as a file has them."""
    match value:
        case None:
            return "null", None
        case int():
            return "int", value
        case float():  # JSON has no word for a number that is none
            return ("float", value) if isfinite(value) else ("null", None)
        case str():
            return ("oid" if is_oid(value) else "address"), value
        case bytes():
            return _octets(value)


def _octets(value: bytes) -> tuple[str, str]:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return "hex", value.hex()
    return ("text", text) if text.isprintable() else ("hex", value.hex())


def _of(content: object, kind: type[Any] | tuple[type[Any], ...], allowed: str) -> Any:
    if not isinstance(content, kind) or isinstance(content, bool):
        raise ValueError(f"{allowed} after the kind of value")  # noqa: TRY004  for pydantic
    return content


def _text(content: object) -> bytes:
    text: str = _of(content, str, "a text")
    return text.encode()


def _hex(content: object) -> bytes:
    allowed = 'pairs of hex digits, such as "07e4",'
    try:
        return bytes.fromhex(_of(content, str, allowed))
    except ValueError:
        raise ValueError(f"{allowed} after the kind of value") from None


def _null(content: object) -> None:
    if content is not None:
        raise ValueError("null after the kind of value")


def _octets_of(kind: Literal["text", "hex"], content: object) -> bytes:
    return _text(content) if kind == "text" else _hex(content)


_READ: Mapping[Kind, Callable[[object], SnmpValue | None]] = MappingProxyType(
    {
        "int": lambda content: _of(content, int, "a whole number"),
        "float": lambda content: float(_of(content, (int, float), "a number")),
        "text": _text,
        "hex": _hex,
        "oid": lambda content: _of(content, str, "numbers with dots"),
        "address": lambda content: _of(content, str, "an IP address"),
        "null": _null,
    }
)


def _readable(row: tuple[Any, Kind, Any]) -> tuple[Any, Kind, Any]:
    _, kind, content = row
    _READ[kind](content)
    return row


def _in_range(row: tuple[int, tuple[int, ...]]) -> tuple[int, tuple[int, ...]]:
    start, values = row
    if not values or start + len(values) > ADDRESS_MAX + 1:
        raise ValueError(f"at least one value, and none behind address {ADDRESS_MAX}")
    return row


def _once(rows: tuple[tuple[Any, Kind, Any], ...]) -> tuple[tuple[Any, Kind, Any], ...]:
    counted = Counter(row[0] for row in rows)
    twice = [str(key) for key, count in counted.items() if count > 1]
    if twice:
        raise ValueError(f"each object once; several times: {', '.join(twice)}")
    return rows


def _apart(rows: Ranges) -> Ranges:
    ordered = [Range(*row) for row in sorted(rows)]
    twice = [str(after.start) for before, after in pairwise(ordered) if before.end > after.start]
    if twice:
        raise ValueError(f"each address once; several times: {', '.join(twice)}")
    return rows


Number = Annotated[int, Field(ge=0, le=ADDRESS_MAX, strict=True)]
Bit = Annotated[int, Field(ge=0, le=1, strict=True)]
Octet = Annotated[int, Field(ge=0, le=255, strict=True)]
Object = Annotated[tuple[Oid, Kind, Any], AfterValidator(_readable)]
Identity = Annotated[tuple[Octet, Literal["text", "hex"], Any], AfterValidator(_readable)]
Registers = Annotated[tuple[Number, tuple[Number, ...]], AfterValidator(_in_range)]
Bits = Annotated[tuple[Number, tuple[Bit, ...]], AfterValidator(_in_range)]
RegisterRanges = Annotated[tuple[Registers, ...], AfterValidator(_apart)]
BitRanges = Annotated[tuple[Bits, ...], AfterValidator(_apart)]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["batteryd-recording/1"]
    note: str = ""


class _SnmpFile(_File):
    protocol: Literal["snmp"]
    objects: Annotated[tuple[Object, ...], AfterValidator(_once)]

    @property
    def recording(self) -> Recording:
        rows = sorted(self.objects, key=lambda row: agent_order(row[0]))
        return SnmpRecording(
            {oid: _READ[kind](content) for oid, kind, content in rows}, note=self.note
        )


class _ModbusFile(_File):
    protocol: Literal["modbus"]
    unit: Octet
    registers: dict[Literal["3", "4"], RegisterRanges] = {}
    bits: dict[Literal["1", "2"], BitRanges] = {}
    identification: Annotated[tuple[Identity, ...], AfterValidator(_once)] = ()

    @property
    def recording(self) -> Recording:
        held = (*self.registers.items(), *self.bits.items())
        return ModbusRecording(
            self.unit,
            {
                int(function): tuple(Range(*row) for row in sorted(rows))
                for function, rows in held
                if rows
            },
            identification={
                number: _octets_of(kind, content) for number, kind, content in self.identification
            },
            note=self.note,
        )


_FILES: Mapping[str, type[_SnmpFile] | type[_ModbusFile]] = MappingProxyType(
    {"snmp": _SnmpFile, "modbus": _ModbusFile}
)
