"""Stands for the people on call: an HTTP receiver on loopback that takes every message."""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from batteryd.app.server import PageServer

Sink = Callable[[dict[str, Any]], None]


class Receiver:
    """Takes webhooks, and each message once: a repeat carries the key of the first."""

    def __init__(self, sink: Sink) -> None:
        self.count = 0
        self._sink = sink
        self._seen: set[str] = set()
        app = Starlette(routes=[Route("/", self._take, methods=["POST"])])
        self._server = PageServer(app, host="127.0.0.1", port=0)
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where messages go."""
        return self._server.url

    async def start(self) -> None:
        """Begin to listen."""
        self._serving = asyncio.create_task(self._server.run(), name="receiver")

    async def stop(self) -> None:
        """Listen no more."""
        self._server.stop()
        if self._serving is not None:
            await self._serving

    async def _take(self, request: Request) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        message = await request.json()
        if key not in self._seen:
            self._seen.add(key)
            self.count += 1
            self._sink(message)
        return Response(status_code=204)
