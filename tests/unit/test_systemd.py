"""What is said on the notification socket, and that nothing is said where there is none."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from batteryd.systemd import ServiceManager


@pytest.fixture
def manager_socket(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(2)
        yield listening


def test_readiness_status_and_life_are_told(manager_socket: socket.socket) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": str(manager_socket.getsockname())})

    manager.ready()
    manager.status("two\nlines")
    manager.alive()
    manager.reloading(monotonic_s=12.5)
    manager.stopping()

    said = [manager_socket.recv(200).decode() for _ in range(5)]
    assert said == [
        "READY=1",
        "STATUS=two lines",
        "WATCHDOG=1",
        "RELOADING=1\nMONOTONIC_USEC=12500000",
        "STOPPING=1",
    ]


@pytest.mark.parametrize("address", ["", "relative", "/nowhere/at/all"])
def test_where_nobody_listens_nothing_happens(address: str) -> None:
    ServiceManager({"NOTIFY_SOCKET": address}).ready()


@pytest.mark.parametrize(
    ("environ", "watchdog_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_is_for_this_process_only(
    environ: dict[str, str], watchdog_s: float | None
) -> None:
    assert ServiceManager(environ).watchdog_s == watchdog_s
