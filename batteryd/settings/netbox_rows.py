"""What NetBox's devices mean for a register: one line a device, one cell a path.

Each column is taken from a path into the device as the REST API gives it, with two things beside
it: `asset`, the device's asset of netbox-inventory, and `power_panel`, the panel that feeds its
rack, where there is only one. The first path that holds something counts; where a second one says
something else, that is told. A path can be put in the place of a column's own with
`--field COLUMN=PATH`.

NetBox's core knows nothing of batteries: what it has no field for is looked for in custom fields
called like the columns. What it says is checked like any other register, device by device.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

from batteryd.errors import ConfigError, Mistake
from batteryd.mistakes import unknown_text
from batteryd.settings.netbox import Json, NetBoxAnswer, at
from batteryd.settings.register_csv import COLUMNS, FIRST_COLUMNS, Register, RegisterLine
from batteryd.warranty.register_columns import number_text

Paths = Mapping[str, tuple[str, ...]]

POWER_PANEL = "power_panel"

# Slugs, because ids of an inventory look like them; names may be in any letters.
PATHS: Paths = MappingProxyType(
    {column: (f"custom_fields.{column}",) for column in COLUMNS}
    | {
        "asset_id": ("name",),
        "site": ("site.slug",),
        "room": ("location.slug",),
        "rack": ("rack.name",),
        "manufacturer": ("device_type.manufacturer.name",),
        "model": ("device_type.model",),
        "serial_number": ("serial", "asset.serial"),
        "warranty_ends_on": ("custom_fields.warranty_ends_on", "asset.warranty_end"),
    }
)


class NetBoxRegister(NamedTuple):
    """NetBox's devices as a register, and where NetBox disagrees with itself."""

    register: Register
    disagreements: tuple[str, ...]


def paths_with(fields: Iterable[str]) -> Paths:
    """Return the paths, those of `COLUMN=PATH` in the place of a column's own.

    Raises:
        ConfigError: with every field that is none.
    """
    given = [field.partition("=") for field in fields]
    mistakes = tuple(
        Mistake("--field", column, path, _wrong_field(column))
        for column, _, path in given
        if column not in COLUMNS or not path
    )
    if mistakes:
        raise ConfigError(mistakes)
    return {**PATHS, **{column: (path,) for column, _, path in given}}


def wants_panels(paths: Paths) -> bool:
    """Whether a column is taken from the power panel."""
    return any(path.partition(".")[0] == POWER_PANEL for those in paths.values() for path in those)


def register_of(answer: NetBoxAnswer, *, paths: Paths = PATHS) -> NetBoxRegister:
    """Return what NetBox says as a register."""
    devices = [_with_its_own(device, answer) for device in answer.devices]
    texts = [{column: _texts(device, paths[column]) for column in COLUMNS} for device in devices]
    cells = [{c: next(iter(found.values()), "") for c, found in row.items()} for row in texts]
    used = {column for row in cells for column, cell in row.items() if cell}
    header = FIRST_COLUMNS + tuple(c for c in COLUMNS if c in used and c not in FIRST_COLUMNS)
    lines = tuple(
        RegisterLine(number, tuple(row[column] for column in header), _called(device))
        for number, (row, device) in enumerate(zip(cells, devices, strict=True), start=2)
    )
    told = (
        f"{_called(device)}, {disagreement}"
        for row, device in zip(texts, devices, strict=True)
        for disagreement in _disagreements(row)
    )
    return NetBoxRegister(Register(header, lines), tuple(told))


def _with_its_own(device: Json, answer: NetBoxAnswer) -> Json:
    rack_id, device_id = at(device, "rack.id"), device.get("id")
    panels = answer.panels.get(rack_id, ()) if isinstance(rack_id, int) else ()
    panel = {"name": next(iter(panels))} if len(panels) == 1 else None
    asset = answer.assets.get(device_id) if isinstance(device_id, int) else None
    return {**device, "asset": asset, POWER_PANEL: panel}


def _called(device: Json) -> str:
    return f"device {device.get('id')} ({device.get('name')})"


def _texts(device: Json, paths: Iterable[str]) -> Mapping[str, str]:
    """Return what stands under each path that holds something."""
    found = ((path, _text(at(device, path))) for path in paths)
    return {path: text for path, text in found if text}


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int() | float():
            return number_text(float(value))
        case Mapping():  # a custom field that is an object of NetBox's
            return _text(value.get("name") or value.get("display"))
        case list():
            return ", ".join(_text(item) for item in value)
        case _:
            return str(value).strip()


def _disagreements(row: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for column, found in row.items():
        for (path, text), (other, another) in pairwise(found.items()):
            if text != another:
                yield f"column {column}: {path} says {text}, {other} {another}; {path} counts"


def _wrong_field(column: str) -> str:
    if column in COLUMNS:
        return "COLUMN=PATH, such as installed_on=custom_fields.installation_date"
    return unknown_text("column", column, known=COLUMNS)
