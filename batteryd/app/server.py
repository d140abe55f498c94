"""Serves the pages inside the daemon's own event loop."""

import contextlib
import os
import socket
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette

from batteryd.errors import ConfigError


class _Server(uvicorn.Server):
    """uvicorn would take the signals for itself; they belong to the daemon."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class PageServer:
    """The pages on one address. Port 0 takes a free one; `url` says which."""

    def __init__(self, app: Starlette, *, host: str, port: int) -> None:
        """Take the address.

        Raises:
            ConfigError: it cannot be had.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._socket = socket.create_server((host, port), family=family)
        except OSError as error:
            because = os.strerror(error.errno) if error.errno else error
            allowed = f"a free port of {host} ({because})"
            raise ConfigError.one("batteryd.toml", "web.port", str(port), allowed) from error
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}/"
        self._server = _Server(
            uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=1)
        )

    async def run(self) -> None:
        """Serve until `stop` is called."""
        await self._server.serve(sockets=[self._socket])

    def stop(self) -> None:
        """Begin to stop: `run` returns within about a second."""
        self._server.should_exit = True
