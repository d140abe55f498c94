"""The demo: a scenario on real sockets, the real daemon watching it, and somebody to be told.

Nothing is faked between the devices and the message. The daemon reads simulated racks over Modbus
TCP and simulated UPSs over SNMP, from a configuration folder written for it, and sends its messages
to a small receiver on loopback, which stands for the people on call. All of it lives in the
scenario's time, `speedup` times as fast as real. The files are in a temporary folder, or in one
that is named: every other command finds the configuration there, and at the speed of life
(`speedup` 1) it lives in the same time.
"""

import asyncio
import json
import math
import os
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from batteryd.app import daemon
from batteryd.app.signals import Signals
from batteryd.clock import ScaledClock, SystemClock
from batteryd.devices.modbus_profile import ModbusProfile
from batteryd.devices.profile import parse_profile
from batteryd.domain.alarm import Alarm, AlarmEvent, Change
from batteryd.errors import ConfigError
from batteryd.rules.found import added_by
from batteryd.settings.collect import Collector
from batteryd.settings.load import Configuration, load_configuration
from batteryd.settings.paths import packaged_config_dir
from batteryd.systemd import ServiceManager
from simulators.demo_options import Options
from simulators.inventory import Reading, inventory_toml
from simulators.receiver import Receiver
from simulators.room import SimulatedRoom
from simulators.scenario import find_scenario
from simulators.scenario_model import Scenario
from simulators.snmp_agent import COMMUNITY

CREDENTIAL = "simulated"
_SILENCE_AT_WORK = re.compile(r"(?m)^\[rule\.silence\.work\]\n(?:(?!\[).*\n?)*")
_MARKS = {"critical": "31;1", "high": "31", "medium": "33", "low": "36"}


class Demo:
    """One run of the demo."""

    def __init__(
        self,
        *,
        scenario: str,
        speedup: float | None,
        duration_s: float | None,
        port: int,
        folder: Path | None = None,
    ) -> None:
        """Check what was asked for; without a `folder` nothing is kept.

        Raises:
            ConfigError: with every mistake in what was asked for, the scenario's own among them.
        """
        collector = Collector()
        collector.add(*Options(speedup, duration_s, port, folder).mistakes())
        found = collector.attempt(lambda: find_scenario(scenario))
        if found is None or collector.mistakes:
            raise ConfigError(collector.mistakes)
        self._folder = folder
        self._scenario = found
        self._speedup = speedup or found.scenario.speedup
        self._duration_s = duration_s
        self._port = port
        self._zone = ZoneInfo(self._scenario.site[0].time_zone)

    def play(self, signals_of: Callable[[], Signals]) -> int:
        """Play to the end, or until interrupted; return the exit code."""
        if self._folder is not None:
            asyncio.run(self._play(self._folder.resolve(), signals_of))
            return 0
        folder = Path(tempfile.mkdtemp(prefix="batteryd-demo."))
        try:
            asyncio.run(self._play(folder, signals_of))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return 0

    async def _play(self, folder: Path, signals_of: Callable[[], Signals]) -> None:
        start_s = self._scenario.start_s(now_s=SystemClock().now_s())
        clock = ScaledClock(start_s=start_s, rate=self._speedup)
        room = SimulatedRoom(self._scenario, profile=_rack_profile(), clock=clock)
        signals = signals_of()
        receiver = Receiver(self._say_message)
        self._say_title()
        await room.start()
        await receiver.start()
        try:
            self._write_configuration(folder, room=room, receiver_url=receiver.url)
            end = asyncio.create_task(self._end(signals))
            await daemon.run(
                _load(folder),
                clock=clock,
                signals=signals,
                load=lambda: _load(folder),
                manager=ServiceManager({}),
                listener=self._say_alarm,
                when_ready=self._say_page,
            )
            end.cancel()
        finally:
            await receiver.stop()
            await room.stop()
        print(f"The demo is over: {receiver.count} messages arrived.", flush=True)

    async def _end(self, signals: Signals) -> None:
        if self._duration_s is not None:
            await SystemClock().sleep(self._duration_s)
            signals.stop.set()

    def _write_configuration(self, folder: Path, *, room: SimulatedRoom, receiver_url: str) -> None:
        packaged = packaged_config_dir()
        rules = (packaged / "rules.toml").read_text(encoding="utf-8")
        patient = patient_rules(rules, self._scenario, speedup=self._speedup)
        (folder / "rules.toml").write_text(patient, encoding="utf-8")
        shutil.copytree(packaged / "profiles", folder / "profiles")
        reading = Reading(room.addresses, credential=CREDENTIAL)
        inventory = inventory_toml(self._scenario, reading, start_s=room.start_s)
        (folder / "inventory.toml").write_text(inventory, encoding="utf-8")
        (folder / "notify.toml").write_text(_NOTIFY.format(url=receiver_url), encoding="utf-8")
        community = folder / "community"
        community.touch(mode=0o600)
        community.write_text(COMMUNITY, encoding="utf-8")
        settings = _SETTINGS.format(state=folder / "state", port=self._port)
        (folder / "batteryd.toml").write_text(settings, encoding="utf-8")

    def _say_title(self) -> None:
        title = self._scenario.scenario.title
        print(f"{title} ({self._speedup:g} times as fast as life, all telemetry made up)")

    def _say_page(self, url: str | None) -> None:
        print(f"page:  {url}", flush=True)
        if self._folder is not None:
            print(f"files: {self._folder / 'batteryd.toml'}", flush=True)
        if self._duration_s is None:
            print("stop:  Ctrl-C", flush=True)

    def _say_alarm(self, alarm: Alarm, event: AlarmEvent) -> None:
        print(f"{self._time(event.at_s)}  {told(alarm, event)}", flush=True)

    def _say_message(self, message: dict[str, Any]) -> None:
        subject = message.get("subject") or message.get("why") or ""
        print(f"{self._time(float(message['at_s']))}  message   {subject}", flush=True)

    def _time(self, at_s: float) -> str:
        return datetime.fromtimestamp(at_s, UTC).astimezone(self._zone).strftime("%H:%M:%S")


def patient_rules(rules: str, scenario: Scenario, *, speedup: float) -> str:
    """Return rules that wait longer for an answer: sockets take real time at any speed-up.

    Work asks for no less patience here, as nobody's hands are on these batteries.
    """
    polls = max(3, math.ceil(1.5 * speedup / scenario.scenario.poll_interval_s))
    high_s = max(60.0, 3.0 * speedup)
    patience = "".join(
        f"\n[rule.silence.site.{json.dumps(site.site_id)}]\n"
        f"polls = {polls}\nafter_s = {{ medium = 0.0, high = {high_s} }}\n"
        for site in scenario.site
    )
    return _SILENCE_AT_WORK.sub("", rules) + patience


def told(alarm: Alarm, event: AlarmEvent) -> str:
    """Return what has happened in a line; what is added to an alarm is no alarm of its own."""
    if event.is_addition:
        return f"{_marked('added')}  {added_by(event.why)}"
    word = event.priority.text if event.change is Change.RAISED else "returned"
    return f"{_marked(word)}  {_sentence(alarm)}"


def _sentence(alarm: Alarm) -> str:
    # What is said of a warranty does not name its battery; most sentences do.
    about_warranty = alarm.quantity == "" and "warranty" in alarm.key.rule
    return f"{alarm.key.asset_id}: {alarm.why}" if about_warranty else alarm.why


def _marked(word: str) -> str:
    shown = f"{word:<8}"
    colour = _MARKS.get(word, "32")
    return f"\x1b[{colour}m{shown}\x1b[0m" if sys.stdout.isatty() else shown


def _load(folder: Path) -> Configuration:
    return load_configuration(folder / "batteryd.toml", environ={"PATH": os.defpath})


def _rack_profile() -> ModbusProfile:
    path = packaged_config_dir() / "profiles" / "lithium-rack.toml"
    profile = parse_profile(tomllib.loads(path.read_text(encoding="utf-8")), file=str(path))
    assert isinstance(profile, ModbusProfile)  # noqa: S101  a packaged file, held to it by tests
    return profile


_SETTINGS = """\
[daemon]
state_dir = "{state}"

[journal]
commit_interval_s = 0.25
reserve_gib = 0.1

[web]
port = {port}

[credentials.simulated]
version = "2c"
community_file = "community"
"""

_NOTIFY = """\
[channel.on-call]
kind = "webhook"
url = "{url}"

[channel.log]
kind = "log"

[[route]]
channels = ["on-call"]
"""
