"""Real time-series servers for the tests: InfluxDB 1.x and VictoriaMetrics, as Debian ships them.

Each runs on a free port of loopback with a folder of its own, and can be killed and started again
on the same port with the same data. Where the program is not installed the tests that need it are
skipped and say so; in CI (`CI=true`) its absence is a failure.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

START_S_MAX = 30.0


def program(name: str) -> str:
    """Return the path of a server, or skip the test."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")  # not in everybody's path
    if found is None:
        reason = f"{name} is not installed (tests/servers.sh installs it from Debian, as root)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server program with its data; `start`, `kill` and `start` again."""

    def __init__(self, command: list[str], *, port: int, health: str, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._command = command
        self._health = health
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        deadline_s = time.perf_counter() + START_S_MAX
        while time.perf_counter() < deadline_s:
            try:
                if httpx.get(self.url + self._health).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
            if self._process.poll() is not None:
                break
        log_end = (self._folder / "log").read_text(errors="replace")[-2000:]
        pytest.fail(f"{self._command[0]} did not start:\n{log_end}")

    def kill(self, number: int = signal.SIGKILL) -> None:
        """End it at once, as a power failure would."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(timeout=START_S_MAX)
            self._process = None


def influxdb(folder: Path, *, with_auth: bool = False, body_bytes_max: int = 25_000_000) -> Server:
    """Return an InfluxDB 1.x that is not started yet."""
    port = free_port()
    config = folder / "influxdb.conf"
    config.write_text(f"""
        reporting-disabled = true
        bind-address = "127.0.0.1:0"
        [meta]
        dir = "{folder}/meta"
        [data]
        dir = "{folder}/data"
        wal-dir = "{folder}/wal"
        [monitor]
        store-enabled = false
        [http]
        bind-address = "127.0.0.1:{port}"
        auth-enabled = {str(with_auth).lower()}
        max-body-size = {body_bytes_max}
    """)
    command = [program("influxd"), "-config", str(config)]
    return Server(command, port=port, health="/ping", folder=folder)


def victoria_metrics(folder: Path) -> Server:
    """Return a VictoriaMetrics that is not started yet."""
    port = free_port()
    command = [
        program("victoria-metrics"),
        f"-storageDataPath={folder}/data",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=100y",
        "-dedup.minScrapeInterval=1ms",  # as docs/influxdb.md asks for
        "-memory.allowedBytes=64MB",
    ]
    return Server(command, port=port, health="/health", folder=folder)


def influxql(server: Server, statement: str, **parameters: str) -> list[dict[str, Any]]:
    """Run a statement on InfluxDB and return the series of its answer."""
    answer = httpx.post(f"{server.url}/query", params={"q": statement, "epoch": "ms", **parameters})
    answer.raise_for_status()
    result = answer.json()["results"][0]
    assert "error" not in result, result
    series: list[dict[str, Any]] = result.get("series", [])
    return series
