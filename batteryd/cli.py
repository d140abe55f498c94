"""The command line. Errors become exit codes, and one line that says what to do.

0 fine; 1 the answer is no; 2 usage or configuration; 3 unreachable; 4 no profile matches.

A command is a function that takes its arguments and returns an exit code; `COMMANDS` is all there
is. Heavy imports stand inside the functions: `batteryd --help` must not wait for pymodbus.
"""

import argparse
import asyncio
import getpass
import json
import logging
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import batteryd
from batteryd.clock import SystemClock
from batteryd.errors import BatterydError, ConfigError, LinkError, ProfileError

if TYPE_CHECKING:
    from batteryd.app.signals import Signals
    from batteryd.domain.alarm import Alarm
    from batteryd.settings.load import Configuration

OK, NO, USAGE, UNREACHABLE, NO_PROFILE = 0, 1, 2, 3, 4
STATUS_TIMEOUT_S = 5.0

# The first kind that fits; the last fits every error of ours.
EXIT_CODES: tuple[tuple[type[BatterydError], int], ...] = (
    (ConfigError, USAGE),
    (ProfileError, NO_PROFILE),
    (LinkError, UNREACHABLE),
    (BatterydError, NO),
)

Run = Callable[[argparse.Namespace], int]


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.run is None:
        parser.print_help()
        return USAGE
    run: Run = arguments.run
    try:
        return run(arguments)
    except BatterydError as error:
        code = next(code for kind, code in EXIT_CODES if isinstance(error, kind))
        return _complain(error, code)
    except (KeyboardInterrupt, BrokenPipeError):
        return OK


def run_daemon(arguments: argparse.Namespace) -> int:
    """Watch until SIGTERM; SIGHUP reads inventory, rules, routes and profiles again."""
    from batteryd.app import daemon
    from batteryd.systemd import ServiceManager

    configuration = _configuration(arguments)
    _log_to_stderr(configuration.settings.daemon.log_level)

    async def live() -> None:
        await daemon.run(
            configuration,
            clock=SystemClock(),
            signals=_handled_signals(),
            load=lambda: _configuration(arguments),
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
    ).play(_handled_signals)


def check_config(arguments: argparse.Namespace) -> int:
    """List every mistake in every file of the configuration."""
    configuration = _configuration(arguments)
    inventory = configuration.inventory
    print(
        f"no mistake found: {len(inventory.assets)} polled assets, "
        f"{len(inventory.batteries)} batteries in the register, "
        f"{len(configuration.profiles)} profiles"
    )
    return OK


def status(arguments: argparse.Namespace) -> int:
    """Say how the running daemon is."""
    import httpx

    web = _configuration(arguments).settings.web
    url = f"http://{web.host}:{web.port}/api/status"
    try:
        state = httpx.get(url, timeout=STATUS_TIMEOUT_S, trust_env=False).raise_for_status().json()
    except httpx.HTTPError as error:
        return _complain(
            f"no answer from the daemon at {url} ({type(error).__name__})", UNREACHABLE
        )
    if arguments.json:
        print(json.dumps(state, indent=2))
        return NO if state["trouble"] else OK
    polls, snapshots = state["polls"], state["snapshots"]
    print(f"batteryd {state['version']}, since {_instant(state['started_at_s'])}")
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
        print(f"  {asset['asset_id']:<24} {age:>12}  {asset['failure'] or ''}")
    for line in state["trouble"]:
        print(f"TROUBLE: {line}")
    return NO if state["trouble"] else OK


def probe(arguments: argparse.Namespace) -> int:
    """Read one device once and show what it says, in our words and units."""
    from batteryd.devices.address import parse_address
    from batteryd.devices.probe import probe as ask
    from batteryd.settings.collect import Collector
    from batteryd.settings.files import Files
    from batteryd.settings.profiles import read_profiles

    try:
        address = parse_address(arguments.target)
    except ValueError as error:
        return _complain(error, USAGE)
    collector = Collector()
    folder = arguments.config.parent / "profiles"
    found = read_profiles(folder, files=Files(), collector=collector)
    profiles = {name: profile for name, profile in found.items() if profile is not None}
    if arguments.profile is not None and arguments.profile not in profiles:
        known = ", ".join(sorted(profiles))
        return _complain(f"no profile {arguments.profile}; there are {known}", USAGE)
    answer = asyncio.run(
        ask(
            address,
            profiles,
            profile_name=arguments.profile,
            timeout_s=arguments.timeout,
            clock=SystemClock(),
        )
    )
    print(json.dumps(answer.as_json(), indent=2) if arguments.json else answer.as_text())
    return OK


def replay(arguments: argparse.Namespace) -> int:
    """Lead a recording past the rules and print what they raise."""
    from batteryd.replay.run import event_as_json, replay_file
    from batteryd.rules.rulebook_file import parse_rulebook
    from batteryd.settings.files import Files, toml_of
    from batteryd.settings.paths import packaged_config_dir

    rules = Files().read(arguments.rules or packaged_config_dir() / "rules.toml")
    rulebook = parse_rulebook(toml_of(rules), file=rules.name)
    for event in replay_file(arguments.recording, battery=arguments.battery, rulebook=rulebook):
        row = event_as_json(event)
        if arguments.json:
            print(json.dumps(row, ensure_ascii=False))
        else:
            print(f"{row['at']}  {row['priority']:<8} {row['event']:<8} {row['why']}")
    return OK


def alarms_list(arguments: argparse.Namespace) -> int:
    """List open alarms, the most urgent first."""
    with _ledger(arguments) as ledger:
        alarms = sorted(ledger.alarms(), key=lambda a: (-a.is_active, -a.priority, -a.raised_at_s))
    if arguments.json:
        print(json.dumps([_alarm_row(a) for a in alarms], indent=2, ensure_ascii=False))
        return OK
    for alarm in alarms:
        print(f"{alarm.priority.text:<8} {alarm.condition.value:<23} {alarm.key}")
        print(f"         since {_instant(alarm.raised_at_s)}  {alarm.why}")
    if not alarms:
        print("no alarm is open")
    return OK


def alarms_ack(arguments: argparse.Namespace) -> int:
    """Say that somebody has seen an alarm."""
    from batteryd.rules.lifecycle import acknowledge

    now_s = SystemClock().now_s()
    with _ledger(arguments) as ledger, ledger.transaction(now_s) as tx:
        alarm = next((a for a in tx.alarms() if str(a.key) == arguments.key), None)
        if alarm is None:
            return _complain(f"no open alarm {arguments.key}; see batteryd alarms list", USAGE)
        transition = acknowledge(alarm, by=arguments.by, now_s=now_s)
        if transition.is_refused:
            return _complain(f"{arguments.key}: {transition.reason.value}", NO)
        tx.record(
            transition.alarm,
            action="acknowledged",
            reason=transition.reason.value,
            actor=arguments.by,
            at_s=now_s,
            comment=arguments.comment,
        )
    print(f"{arguments.key}: {transition.alarm.condition.value}, acknowledged by {arguments.by}")
    return OK


def audit_verify(arguments: argparse.Namespace) -> int:
    """Walk the audit chain and name the first entry that does not hold."""
    with _ledger(arguments) as ledger:
        broken = ledger.verify()
    if broken is not None:
        return _complain(f"the audit chain is broken: {broken}", NO)
    print("the audit chain holds")
    return OK


class Argument(NamedTuple):
    """One argument of a command, as argparse wants it."""

    flags: tuple[str, ...]
    options: dict[str, object]


class Command(NamedTuple):
    """A command: its words, what it does, its arguments."""

    words: tuple[str, ...]
    run: Run
    arguments: tuple[Argument, ...] = ()


def _argument(*flags: str, **options: object) -> Argument:
    return Argument(flags, options)


_CONFIG = _argument(
    "-c", "--config", type=Path, default=Path("/etc/batteryd/batteryd.toml"), metavar="FILE",
    help="batteryd.toml (default /etc/batteryd/batteryd.toml)",
)  # fmt: skip
_JSON = _argument("--json", action="store_true", help="print JSON")

COMMANDS = (
    Command(("run",), run_daemon, (_CONFIG,)),
    Command(("demo",), demo, (
        _argument("--duration", type=float, metavar="S", help="end after so many real seconds"),
        _argument("--speedup", type=float, metavar="N", help="simulated per real seconds"),
        _argument("--scenario", default="tour", metavar="NAME",
                  help="tour, quiet, hot-module, silent-rack, daejeon, or a .toml file"),
        _argument("--port", type=int, default=8470, help="of the page; 0 takes a free one"),
    )),
    Command(("check-config",), check_config, (_CONFIG,)),
    Command(("status",), status, (_CONFIG, _JSON)),
    Command(("probe",), probe, (
        _argument("target", help="snmp://host[:161]?community=public&version=2c or modbus://host/UNIT"),
        _argument("--profile", metavar="NAME", help="read with this profile; default: recognise"),
        _argument("--timeout", type=float, default=2.0, metavar="S", help="for one answer"),
        _CONFIG, _JSON,
    )),
    Command(("replay",), replay, (
        _argument("recording", type=Path, help="a wide CSV, plain or .gz"),
        _argument("--battery", type=Path, metavar="FILE", help="a TOML that describes the battery"),
        _argument("--rules", type=Path, metavar="FILE", help="rules.toml; default: the packaged"),
        _JSON,
    )),
    Command(("alarms", "list"), alarms_list, (_CONFIG, _JSON)),
    Command(("alarms", "ack"), alarms_ack, (
        _argument("key", help="as alarms list shows it"),
        _argument("--by", default=getpass.getuser(), help="who has seen it (default: you)"),
        _argument("--comment", default="", help="what there is to say about it"),
        _CONFIG,
    )),
    Command(("audit", "verify"), audit_verify, (_CONFIG,)),
)  # fmt: skip

_GROUPS = {"alarms": "alarms: list, ack", "audit": "the audit chain: verify"}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="batteryd", description="Watches the lithium-ion batteries behind UPSs."
    )
    parser.add_argument("--version", action="version", version=f"batteryd {batteryd.__version__}")
    parser.set_defaults(run=None)
    top = parser.add_subparsers(title="commands", metavar="COMMAND")
    groups: dict[str, argparse._SubParsersAction[argparse.ArgumentParser]] = {}
    for command in COMMANDS:
        *group, word = command.words
        if group and group[0] not in groups:
            made = top.add_parser(group[0], help=_GROUPS[group[0]])
            groups[group[0]] = made.add_subparsers(
                title="commands", metavar="COMMAND", required=True
            )
        home = groups[group[0]] if group else top
        text = command.run.__doc__ or ""
        one = home.add_parser(word, help=text, description=text)
        for argument in command.arguments:
            one.add_argument(*argument.flags, **argument.options)  # type: ignore[arg-type]
        one.set_defaults(run=command.run)
    return parser


def _configuration(arguments: argparse.Namespace) -> "Configuration":
    from batteryd.settings.load import load_configuration

    return load_configuration(arguments.config, environ=os.environ)


def _ledger(arguments: argparse.Namespace):  # type: ignore[no-untyped-def]
    from contextlib import closing

    from batteryd.store.ledger import Ledger

    path = _configuration(arguments).settings.daemon.state_dir / "ledger.db"
    if not path.exists():
        raise ConfigError.one(path, "", "", "a ledger; the daemon makes it when it first starts")
    return closing(Ledger(path))


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


def _alarm_row(alarm: "Alarm") -> dict[str, object]:
    return {
        "key": str(alarm.key),
        "condition": alarm.condition.value,
        "suppression": alarm.suppression.value,
        "priority": alarm.priority.text,
        "scope": alarm.scope.value,
        "component": str(alarm.key.component),
        "raised_at": _instant(alarm.raised_at_s),
        "returned_at": None if alarm.returned_at_s is None else _instant(alarm.returned_at_s),
        "acknowledged_by": alarm.acknowledged_by,
        "value": alarm.value,
        "setpoint": alarm.setpoint,
        "why": alarm.why,
        "action": alarm.action,
    }


def _instant(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _complain(what: object, code: int) -> int:
    print(f"batteryd: {what}", file=sys.stderr)
    return code
