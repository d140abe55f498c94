"""SNMP agents that are not ours: Net-SNMP's snmpd, and snmpsim. Programs on a port of loopback."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import pytest

from tests.wire.lying_agent import free_port
from tests.wire.servers import START_S_MAX, program

AUTH_KEY = "maplewood-tram"
PRIVACY_KEY = "seventeen-owls"
ENGINE_ID = "0x80001f8880e3a1b2c3d4e5f6"

# As snmpd.conf calls the protocols.
AUTH = {
    "MD5": "MD5", "SHA": "SHA", "SHA224": "SHA-224", "SHA256": "SHA-256", "SHA384": "SHA-384",
    "SHA512": "SHA-512",
}  # fmt: skip
PRIVACY = {
    "DES": "DES", "AES128": "AES", "AES192": "AES-192", "AES256": "AES-256",
    "AES192C": "AES-192-C", "AES256C": "AES-256-C",
}  # fmt: skip
_MODULES = "override,system_mib,snmpEngine,usmUser,vacm_conf,usmConf,vacm_vars"
_SYNTAXES = {int: "integer", str: "octet_str"}

Values = Mapping[str, int | str]
User = tuple[str, str | None]  # authentication and privacy protocol, by our names


class ForeignAgent:
    """A program that answers at `port` once it is entered."""

    def __init__(self, command: Sequence[str], *, port: int, folder: Path) -> None:
        self.port = port
        self._command = command
        self._folder = folder

    def __enter__(self) -> Self:
        environment = os.environ | {"MIBS": "", "SNMP_PERSISTENT_DIR": str(self._folder)}
        self._log = (self._folder / "log").open("a+b")
        self._process = subprocess.Popen(
            self._command, env=environment, stdout=self._log, stderr=self._log
        )
        self._wait_until_it_listens()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(timeout=START_S_MAX)
        self._log.close()

    def _wait_until_it_listens(self) -> None:
        deadline_s = time.perf_counter() + START_S_MAX
        while time.perf_counter() < deadline_s and self._process.poll() is None:
            if self.port in _bound_udp_ports():
                return
            time.sleep(0.02)
        log = (self._folder / "log").read_text(errors="replace")[-2000:]
        pytest.fail(f"{self._command[0]} did not start:\n{log}")


def _bound_udp_ports() -> set[int]:
    _, *rows = Path("/proc/net/udp").read_text().splitlines()
    return {int(row.split()[1].partition(":")[2], 16) for row in rows}


def user_name(user: User) -> str:
    """Return what a user of these protocols is called in every agent."""
    return "-".join(word.lower() for word in user if word)


def snmpd(
    folder: Path, values: Values, *, users: Sequence[User] = (), port: int = 0, boots: int = 1
) -> ForeignAgent:
    """Return Net-SNMP's agent; `boots` is how often its engine says that it was started."""
    port = port or free_port()
    lines = [
        f"agentaddress udp:127.0.0.1:{port}",
        f"exactEngineID {ENGINE_ID}",
        f"oldEngineID {ENGINE_ID}",
        f"engineBoots {boots - 1}",
        "rocommunity public 127.0.0.1",
    ]
    for auth, privacy in users:
        words = f'{PRIVACY[privacy]} "{PRIVACY_KEY}"' if privacy else ""
        name = user_name((auth, privacy))
        lines.append(f'createUser {name} {AUTH[auth]} "{AUTH_KEY}" {words}')
        lines.append(f"rouser {name} {'priv' if privacy else 'auth'}")
    for oid, value in values.items():
        shown = f'"{value}"' if isinstance(value, str) else value
        lines.append(f"override .{oid} {_SYNTAXES[type(value)]} {shown}")
    config = folder / "snmpd.conf"
    config.write_text("\n".join(lines) + "\n")
    command = [program("snmpd"), "-f", "-Lo", "-C", "-c", str(config), "-I", _MODULES]
    return ForeignAgent(command, port=port, folder=folder)


def snmpsim(folder: Path, values: Mapping[str, Values], *, user: User) -> ForeignAgent:
    """Return snmpsim's responder with the values of each community, or of each context."""
    port = free_port()
    data = folder / "data"
    data.mkdir()
    for name, objects in values.items():
        rows = [f"{oid}|{2 if isinstance(v, int) else 4}|{v}\n" for oid, v in objects.items()]
        (data / f"{name}.snmprec").write_text("".join(rows))
    auth, privacy = user
    command = [
        program("snmpsimd"),
        f"--data-dir={data}",
        f"--cache-dir={folder / 'cache'}",
        f"--agent-udpv4-endpoint=127.0.0.1:{port}",
        f"--v3-user={user_name(user)}",
        f"--v3-auth-proto={auth}",
        f"--v3-auth-key={AUTH_KEY}",
        f"--v3-priv-proto={privacy}",
        f"--v3-priv-key={PRIVACY_KEY}",
        "--logging-method=stderr",
    ]
    if os.geteuid() == 0:  # it wants to be told that this is meant
        command += ["--process-user=root", "--process-group=root"]
    return ForeignAgent(command, port=port, folder=folder)
