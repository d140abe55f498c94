"""A site on disk for a real daemon: a simulated room's inventory and everything else it needs."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from batteryd.settings.paths import packaged_config_dir
from simulators.inventory import Reading, inventory_toml
from simulators.room import SimulatedRoom
from simulators.snmp_agent import COMMUNITY
from tests.wire.servers import free_port

ROOT = Path(__file__).parents[1]

SETTINGS = """
[daemon]
state_dir = "state"
[journal]
commit_interval_s = 0.1
reserve_gib = 0.1
[web]
port = {port}
[credentials.default]
version = "2c"
community_file = "community"
"""

# So close to the noise that alarms come and go with almost every poll.
NERVOUS_RULES = """
[rule.nervous]
kind = "limit"
quantities = ["temperature_c"]
direction = "high"
setpoint = { medium = 23.2, critical = 23.7 }
auto_acknowledge = true

[rule.silence]
kind = "silence"
polls = 3
after_s = { medium = 0.0, high = 60.0 }
"""


def notify_toml(url: str) -> str:
    """Return routes that tell one receiver everything."""
    return f'[channel.pager]\nkind = "webhook"\nurl = "{url}"\n\n[[route]]\nchannels = ["pager"]\n'


class DaemonSite:
    """A configuration folder, and the daemon that runs on it."""

    def __init__(self, folder: Path, room: SimulatedRoom, *, notify: str, rules: str = "") -> None:
        self.folder = folder
        self.port = free_port()
        self.state = folder / "state"
        packaged = packaged_config_dir()
        shutil.copytree(packaged / "profiles", folder / "profiles")
        inventory = inventory_toml(room.scenario, Reading(room.addresses), start_s=room.start_s)
        # Every second, as often as the settings allow: more happens in less time.
        inventory = inventory.replace("poll_interval_s = 10.0", "poll_interval_s = 1.0")
        self.write("inventory.toml", inventory)
        self.write("notify.toml", notify)
        self.write("rules.toml", rules or (packaged / "rules.toml").read_text())
        self.write("batteryd.toml", SETTINGS.format(port=self.port))
        self.write("community", COMMUNITY)
        (folder / "community").chmod(0o600)
        self.process: subprocess.Popen[bytes] | None = None

    def write(self, name: str, text: str) -> None:
        """Write one file of the configuration."""
        (self.folder / name).write_text(text, encoding="utf-8")

    def start(self, **environ: str) -> subprocess.Popen[bytes]:
        """Start `batteryd run` and wait for its page."""
        config = str(self.folder / "batteryd.toml")
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "batteryd", "run", "-c", config],
                cwd=ROOT, stderr=log, stdout=log,
                env={**os.environ, **environ},
            )  # fmt: skip
        wait_until(self.answers, timeout_s=30, what=self.log)
        return self.process

    def answers(self) -> bool:
        """Whether the page is there."""
        assert self.process is not None
        assert self.process.poll() is None, self.log()
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/api/status", timeout=2).is_success
        except httpx.HTTPError:
            return False

    def status(self) -> dict[str, object]:
        """Return the state as the page's JSON says it."""
        found: dict[str, object] = httpx.get(
            f"http://127.0.0.1:{self.port}/api/status", timeout=5
        ).json()
        return found

    def log(self) -> str:
        """Return what the daemon wrote."""
        return (self.folder / "log").read_text()

    def stop(self, *, with_signal: signal.Signals = signal.SIGTERM) -> float:
        """End the daemon; return how long that took, seconds."""
        assert self.process is not None
        began_s = time.monotonic()
        self.process.send_signal(with_signal)
        self.process.wait(timeout=20)
        return time.monotonic() - began_s

    def close(self) -> None:
        """Leave no process behind."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def wait_until(
    is_so: Callable[[], bool], *, timeout_s: float, what: Callable[[], str] = lambda: ""
) -> None:
    """Wait for something to become true, or fail with what `what` says."""
    until_s = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < until_s, what()
        time.sleep(0.05)
