"""A small real HTTP server that answers writes as it is told and keeps what it accepts."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Reply(NamedTuple):
    """An answer to one request."""

    status: int = 204
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class Request(NamedTuple):
    """What came in."""

    path: str
    headers: dict[str, str]
    body: str


class HttpSink:
    """The server's memory and its rule."""

    def __init__(self) -> None:
        self.url = ""
        self.rule: Callable[[Request], Reply] = lambda _: Reply()
        self.requests: list[Request] = []
        self.accepted: list[str] = []

    def take(self, request: Request) -> Reply:
        self.requests.append(request)
        reply = self.rule(request)
        if reply.status == 204:
            self.accepted += request.body.splitlines()
        return reply


@contextmanager
def http_sink() -> Iterator[HttpSink]:
    """Serve on a free port of loopback."""
    sink = HttpSink()

    class Exchange(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            reply = sink.take(Request(self.path, dict(self.headers), body))
            self.send_response(reply.status)
            for name, value in reply.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the test looks at the sink."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Exchange) as server:
        server.daemon_threads = True
        sink.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield sink
        server.shutdown()
        thread.join()
