"""What systemd is told of the daemon: readiness, a status line, and signs of life.

The protocol is one datagram to the socket named in `$NOTIFY_SOCKET` (sd_notify(3)). Outside systemd
there is no socket and every call does nothing.
"""

import os
import socket
from collections.abc import Mapping


class ServiceManager:
    """The other end of `$NOTIFY_SOCKET`, if there is one."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self.watchdog_s = _watchdog_s(environ)

    def ready(self) -> None:
        """Say that start-up, or a reload, is complete."""
        self._send("READY=1")

    def reloading(self, *, monotonic_s: float) -> None:
        """Say that the configuration is being read again."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={monotonic_s * 1e6:.0f}")

    def stopping(self) -> None:
        """Say that the daemon is on its way out."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """Show one line in `systemctl status`."""
        self._send("STATUS=" + text.replace("\n", " "))

    def alive(self) -> None:
        """Feed the watchdog. Call it only after real progress."""
        self._send("WATCHDOG=1")

    def _send(self, message: str) -> None:
        if self._address is None:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as s:
            try:
                s.sendto(message.encode(), self._address)
            except OSError:
                # A manager that is gone must not take the daemon with it; nobody is left to tell.
                return


def _address(text: str) -> str | None:
    if not text.startswith(("/", "@")):
        return None
    return "\0" + text[1:] if text.startswith("@") else text


def _watchdog_s(environ: Mapping[str, str]) -> float | None:
    """Return the watchdog's period, or None where this process is not watched."""
    usec = environ.get("WATCHDOG_USEC", "")
    pid = environ.get("WATCHDOG_PID", "")
    if not usec.isdigit() or (pid and pid != str(os.getpid())):
        return None
    return int(usec) / 1e6
