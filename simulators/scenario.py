"""A scenario: who stands in a made-up room, and a timetable of what happens there.

One TOML file, checked as strictly as a configuration: an unknown key, action, fault or target is a
mistake with its file, key, value and what is allowed, and all of them are found at once.
docs/simulators.md has an annotated example.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from batteryd.errors import ConfigError
from batteryd.mistakes import mistakes_of
from simulators.scenario_check import disagreements
from simulators.scenario_model import Scenario

SHIPPED = Path(__file__).parent / "scenarios"


def parse_scenario(data: Mapping[str, Any], *, file: str) -> Scenario:
    """Check a scenario as it was read from TOML.

    `[every_rack]` holds what all racks have in common; a rack's own keys win over it.

    Raises:
        ConfigError: with every mistake that was found.
    """
    try:
        scenario = Scenario.model_validate(_with_common_keys(data))
    except ValidationError as error:
        raise ConfigError(mistakes_of(error, model=Scenario, file=file)) from error
    mistakes = tuple(disagreements(scenario, file=file))
    if mistakes:
        raise ConfigError(mistakes)
    return scenario


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file.

    Raises:
        ConfigError: with every mistake that was found.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError.one(path, "", "", f"a file that can be read ({error})") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError.one(path, "", "", f"TOML ({error})") from error
    return parse_scenario(data, file=str(path))


def shipped_names() -> tuple[str, ...]:
    """Return the names of the scenarios that come with the simulators."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def find_scenario(name: str) -> Scenario:
    """Return a shipped scenario by its name, or any other by the path of its file.

    Raises:
        ConfigError: there is no such scenario, or it has mistakes.
    """
    if name in shipped_names():
        return load_scenario(SHIPPED / f"{name}.toml")
    if name.endswith(".toml"):
        return load_scenario(Path(name))
    allowed = f"one of {', '.join(shipped_names())}, or the path of a .toml file"
    raise ConfigError.one("command line", "scenario", name, allowed)


def _with_common_keys(data: Mapping[str, Any]) -> dict[str, Any]:
    common = data.get("every_rack", {})
    racks = data.get("rack")
    own = {key: value for key, value in data.items() if key != "every_rack"}
    if isinstance(common, dict) and isinstance(racks, list):
        own["rack"] = [common | rack if isinstance(rack, dict) else rack for rack in racks]
    return own
