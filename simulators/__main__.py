"""`python -m simulators`: runs a scenario alone, so that any batteryd can be pointed at it."""

import argparse
import asyncio
import sys
import tomllib
from pathlib import Path

from batteryd.app.signals import handled_signals
from batteryd.clock import Clock, ScaledClock, SystemClock
from batteryd.devices.modbus_profile import ModbusProfile
from batteryd.devices.profile import parse_profile
from batteryd.errors import ConfigError
from batteryd.settings.paths import packaged_config_dir
from simulators.inventory import Reading, inventory_toml
from simulators.room import SimulatedRoom
from simulators.scenario import find_scenario, shipped_names
from simulators.scenario_model import Scenario
from simulators.scenario_tables import SPEEDUP_MAX
from simulators.snmp_agent import COMMUNITY

_PROFILE = packaged_config_dir() / "profiles" / "lithium-rack.toml"


def main() -> int:
    """Run until interrupted; exit 2 where the scenario or the profile cannot be used."""
    arguments = _parser().parse_args()
    try:
        scenario = find_scenario(arguments.scenario)
        profile = _rack_profile(arguments.profile)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        asyncio.run(_run(scenario, profile, arguments))
    except OSError as error:  # an address that is not of this machine, a folder that is not there
        print(f"python -m simulators: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulators", description=__doc__)
    parser.add_argument(
        "--scenario", default="tour", help=f"{', '.join(shipped_names())}, or a .toml file"
    )
    parser.add_argument("--speedup", type=_speedup, help="simulated per real seconds, 1 to 600")
    parser.add_argument(
        "--inventory", type=Path, default=Path("simulated-inventory.toml"), help="the file to write"
    )
    parser.add_argument("--credential", help="name of the SNMP credential to write for the UPSs")
    parser.add_argument("--profile", type=Path, default=_PROFILE, help="the racks' register map")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    return parser


def _speedup(text: str) -> float:
    speedup = float(text)
    if not 1 <= speedup <= SPEEDUP_MAX:
        raise argparse.ArgumentTypeError(f"1 to {SPEEDUP_MAX:g}, not {text}")
    return speedup


def _rack_profile(path: Path) -> ModbusProfile:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError.one(
            path, "", "", f"a profile that can be read ({_said(error)})"
        ) from error
    profile = parse_profile(data, file=str(path))
    if not isinstance(profile, ModbusProfile):
        raise ConfigError.one(path, "protocol", profile.protocol, "modbus")
    return profile


def _said(error: Exception) -> object:
    return getattr(error, "strerror", None) or error


async def _run(scenario: Scenario, profile: ModbusProfile, arguments: argparse.Namespace) -> None:
    now_s = SystemClock().now_s()
    start_s = scenario.start_s(now_s=now_s)
    clock: Clock = ScaledClock(start_s=start_s, rate=arguments.speedup or scenario.scenario.speedup)
    room = SimulatedRoom(scenario, profile=profile, clock=clock, host=arguments.host)
    signals = handled_signals()
    await room.start()
    try:
        reading = Reading(room.addresses, credential=arguments.credential)
        written = inventory_toml(scenario, reading, start_s=room.start_s)
        arguments.inventory.write_text(written, encoding="utf-8")
        print(f"{scenario.scenario.title} ({clock.rate:g} times as fast as life)")
        for asset_id, address in room.addresses.items():
            print(f"  {asset_id:<12} {address}")
        print(f"inventory: {arguments.inventory}; SNMP community: {COMMUNITY}")
        await signals.stop.wait()
    finally:
        await room.stop()


if __name__ == "__main__":
    sys.exit(main())
