"""What a replay knows of the battery that was recorded: a small TOML file, and the columns.

The file describes the battery (`chemistry`, `capacity_ah` and how it is built); where it says
nothing, or there is none, the columns that were recorded show how many strings, modules, cells and
sensors there are at least.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from batteryd.domain.component import Component
from batteryd.domain.inventory import Asset, AssetKind, Chemistry, Geometry, Source
from batteryd.domain.snapshot import Layout
from batteryd.errors import ConfigError
from batteryd.mistakes import mistakes_of
from batteryd.settings.files import Files, toml_of

SITE_ID = ROOM_ID = "replay"

_Count = Annotated[int, Field(ge=1, le=9999)]


class Description(BaseModel):
    """What a file says of the battery; None where it says nothing."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    chemistry: Annotated[Chemistry | None, Field(strict=False)] = None
    capacity_ah: Annotated[float | None, Field(gt=0)] = None
    string_count: _Count | None = None
    module_count_per_string: _Count | None = None
    cell_count_per_module: _Count | None = None
    temperature_sensor_count_per_module: _Count | None = None


def described_in(file: Path | None) -> Description:
    """Read the file; without one nothing is said.

    Raises:
        ConfigError: with every mistake in it.
    """
    if file is None:
        return Description()
    source = Files().read(file)
    try:
        return Description.model_validate(toml_of(source))
    except ValidationError as error:
        raise ConfigError(mistakes_of(error, model=Description, file=source.name)) from None


def described_asset(
    asset_id: str, said: Description, *, layout: Layout, poll_interval_s: float
) -> Asset:
    """Return the asset that is described, and that the columns of a recording show."""
    return Asset(
        asset_id=asset_id,
        kind=AssetKind.BATTERY,
        site_id=SITE_ID,
        room_id=ROOM_ID,
        name=asset_id,
        source=Source(address="", profile="", poll_interval_s=poll_interval_s),
        chemistry=said.chemistry,
        capacity_ah=said.capacity_ah,
        geometry=_geometry(said, [column.component for column in layout.columns]),
    )


def _geometry(said: Description, recorded: Iterable[Component]) -> Geometry:
    recorded = list(recorded)

    def highest(number_of: Callable[[Component], int | None]) -> int | None:
        return max((number_of(c) or 0 for c in recorded), default=0) or None

    return Geometry(
        string_count=said.string_count or highest(lambda c: c.string),
        module_count_per_string=said.module_count_per_string or highest(lambda c: c.module),
        cell_count_per_module=said.cell_count_per_module or highest(lambda c: c.cell),
        temperature_sensor_count_per_module=(
            said.temperature_sensor_count_per_module or highest(lambda c: c.sensor)
        ),
    )
