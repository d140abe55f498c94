"""Commands about the daemon: run it, play the demo, check its files, ask how it is."""

import argparse
import asyncio
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from batteryd.cli.frame import (
    CONFIG,
    JSON,
    NO,
    OK,
    UNREACHABLE,
    Command,
    argument,
    complain,
    configuration,
    instant,
    print_json,
)
from batteryd.clock import SystemClock
from batteryd.errors import ConfigError

if TYPE_CHECKING:
    from batteryd.app.signals import Signals
    from batteryd.settings.load import Configuration

STATUS_TIMEOUT_S = 5.0


def run_daemon(arguments: argparse.Namespace) -> int:
    """Watch until SIGTERM; SIGHUP reads inventory, rules, routes and profiles again."""
    from batteryd.app import daemon
    from batteryd.systemd import ServiceManager

    found = configuration(arguments)
    _log_to_stderr(found.settings.daemon.log_level)

    async def live() -> None:
        await daemon.run(
            found,
            clock=SystemClock(),
            signals=_handled_signals(),
            load=lambda: configuration(arguments),
            manager=ServiceManager(),
        )

    asyncio.run(live())
    return OK


def demo(arguments: argparse.Namespace) -> int:
    """Play a scenario on simulated devices, watched by the real daemon, with a page to look at."""
    from simulators.demo import Demo

    _log_to_stderr("error")
    return Demo(
        scenario=arguments.scenario,
        speedup=arguments.speedup,
        duration_s=arguments.duration,
        port=arguments.port,
        folder=arguments.folder,
    ).play(_handled_signals)


def check_config(arguments: argparse.Namespace) -> int:
    """List every mistake in every file of the configuration, or what counts for one battery."""
    found = configuration(arguments)
    inventory = found.inventory
    if arguments.effective is not None:
        return _print_effective(found, arguments.effective)
    print(
        f"no mistake found: {len(inventory.assets)} polled assets, "
        f"{len(inventory.batteries)} batteries in the register, "
        f"{len(found.profiles)} profiles"
    )
    return OK


def _print_effective(found: "Configuration", asset_id: str) -> int:
    from batteryd.cli.rule_words import effective_lines, subject_line
    from batteryd.mistakes import unknown_text
    from batteryd.rules.effective import effective_rules
    from batteryd.rules.kind import Subject

    inventory = found.inventory
    subjects = {
        **{subject.asset_id: subject for subject in Subject.unpolled_of(inventory)},
        **{asset.asset_id: Subject.of(asset) for asset in inventory.assets.values()},
    }
    if asset_id not in subjects:
        allowed = unknown_text("battery", asset_id, known=subjects)
        raise ConfigError.one("check-config", "--effective", asset_id, allowed)
    print(subject_line(subjects[asset_id], is_polled=asset_id in inventory.assets))
    for rule in effective_rules(found.rulebook, subjects[asset_id]):
        print("\n".join(effective_lines(rule)))
    return OK


def status(arguments: argparse.Namespace) -> int:
    """Say how the running daemon is."""
    import httpx

    web = configuration(arguments).settings.web
    url = f"http://{web.host}:{web.port}/api/status"
    try:
        state = httpx.get(url, timeout=STATUS_TIMEOUT_S, trust_env=False).raise_for_status().json()
    except httpx.HTTPError as error:
        return complain(f"no answer from the daemon at {url} ({type(error).__name__})", UNREACHABLE)
    if arguments.json:
        print_json(state)
        return NO if state["trouble"] else OK
    polls, snapshots = state["polls"], state["snapshots"]
    print(f"batteryd {state['version']}, since {instant(state['started_at_s'])}")
    print(
        f"polls {polls['polls']}, failed {polls['failed']}, missed {polls['missed']}, "
        f"lag p99 {polls['lag_p99_s'] * 1000:.0f} ms"
    )
    print(f"snapshots stored {snapshots['stored']}, not stored {snapshots['not_stored']}")
    if state["influx"] is not None:
        print(f"InfluxDB {state['influx']['lag_rows']} rows behind, "
              f"{state['influx']['trouble'] or 'no trouble'}")  # fmt: skip
    for asset in state["assets"]:
        age = "never read" if asset["age_s"] is None else f"{asset['age_s']:.0f} s old"
        print(f"  {asset['asset_id']:<24} {age:>12}  {asset['failure'] or ''}".rstrip())
    for line in state["trouble"]:
        print(f"TROUBLE: {line}")
    return NO if state["trouble"] else OK


def _handled_signals() -> "Signals":
    from batteryd.app.signals import handled_signals

    return handled_signals()


def _log_to_stderr(level: str) -> None:
    # Under systemd the journal knows the time already; a line begins with its priority.
    logging.basicConfig(
        stream=sys.stderr, level=level.upper(), format="%(levelname)s %(name)s: %(message)s"
    )
    for noisy in ("apscheduler", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLogger().level))


COMMANDS = (
    Command(("run",), run_daemon, (CONFIG,)),
    Command(("demo",), demo, (
        argument("--duration", type=float, metavar="S", help="end after so many real seconds"),
        argument("--speedup", type=float, metavar="N", help="simulated per real seconds, 1 to 600"),
        argument("--scenario", default="tour", metavar="NAME",
                 help="tour, relocation, daejeon, quiet, ... or a .toml file"),
        argument("--folder", type=Path, metavar="DIR",
                 help="where to keep configuration and state (default: nothing is kept)"),
        argument("--port", type=int, default=8470, metavar="N",
                 help="of the page; 0 takes a free one (default: 8470)"),
    )),
    Command(("check-config",), check_config, (
        CONFIG,
        argument("--effective", metavar="BATTERY",
                 help="print each rule as it counts for a battery, and whose word it is"),
    )),
    Command(("status",), status, (CONFIG, JSON)),
)  # fmt: skip
