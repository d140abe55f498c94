"""A small NetBox on loopback: lists in the form of its REST API (4.x), read-only, in pages.

It plays a server behind a proxy: its `next` links carry a name that leads nowhere.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "0123456789abcdef0123456789abcdef01234567"

Json = dict[str, Any]


def nested(number: int, name: str, **more: object) -> Json:
    """Return a related object as lists show it."""
    url = f"https://netbox.internal/api/objects/{number}/"
    slug = name.lower().replace(" ", "-")
    return {"id": number, "url": url, "display": name, "name": name, "slug": slug, **more}


def make_device(number: int, **changes: object) -> Json:
    """Return a device: a battery rack, with what the core of NetBox knows of it."""
    device = {
        "id": number,
        "url": f"https://netbox.internal/api/dcim/devices/{number}/",
        "display": f"rack-{number}",
        "name": f"rack-{number}",
        "device_type": {
            "id": 4,
            "display": "LR-238",
            "manufacturer": nested(2, "Example Energy"),
            "model": "LR-238",
            "slug": "lr-238",
        },
        "role": nested(9, "Battery"),
        "serial": f"EX-2019-{number:04d}",
        "asset_tag": None,
        "site": nested(1, "Daejeon"),
        "location": nested(3, "Room 5B", _depth=1),
        "rack": nested(40 + number, f"A{number}"),
        "status": {"value": "active", "label": "Active"},
        "tags": [nested(6, "Lithium")],
        "custom_fields": {
            "chemistry": "NMC",
            "capacity_ah": 120.0,
            "installed_on": "2014-08-20",
            "warranty_basis": "installed",
            "warranty_months": 120,
            "ups": nested(77, "UPS A"),
            "decommissioned": None,
        },
    }
    return device | changes


def make_asset(device_number: int, **changes: object) -> Json:
    """Return an asset of netbox-inventory that is installed as a device."""
    asset = {
        "id": 500 + device_number,
        "name": "",
        "asset_tag": None,
        "serial": f"EX-2019-{device_number:04d}",
        "status": {"value": "used", "label": "Used"},
        "kind": {"value": "device", "label": "Device"},
        "device": nested(device_number, f"rack-{device_number}"),
        "warranty_start": "2014-08-20",
        "warranty_end": "2024-08-19",
        "custom_fields": {},
    }
    return asset | changes


def make_feed(rack_number: int, panel: str) -> Json:
    """Return a power feed of a rack."""
    return {
        "id": 900 + rack_number,
        "name": f"feed of {rack_number}",
        "power_panel": nested(30, panel),
        "rack": nested(rack_number, f"A{rack_number}"),
        "supply": {"value": "dc", "label": "DC"},
    }


class NetBoxServer:
    """What the server holds by path, and what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.token = TOKEN
        self.page_size_max = 2
        self.status: int | None = None  # answer everything with it
        self.body: bytes | None = None  # in place of a list
        self.is_released = threading.Event()  # answers wait for it
        self.is_released.set()
        self.asked: list[tuple[str, str, str]] = []  # method, path, Authorization
        self.queries: list[dict[str, list[str]]] = []
        self.lists: dict[str, list[Json]] = {
            "/api/dcim/devices/": [],
            "/api/dcim/power-feeds/": [],
        }

    def install_inventory(self, *assets: Json) -> None:
        """Install the plugin netbox-inventory."""
        self.lists["/api/plugins/inventory/assets/"] = list(assets)

    def answer(self, path: str, query: dict[str, list[str]], token: str) -> tuple[int, bytes]:
        if self.status is not None:
            return self.status, b'{"detail": "as the test says"}'
        if token not in (f"Token {self.token}", f"Bearer {self.token}"):
            return 403, b'{"detail": "Invalid token"}'
        if path not in self.lists:
            return 404, b"<html>Page not found</html>"
        return 200, self.body or json.dumps(self._page(path, query)).encode()

    def _page(self, path: str, query: dict[str, list[str]]) -> Json:
        found, offset = self.lists[path], int(query.get("offset", ["0"])[0])
        limit = min(int(query["limit"][0]), self.page_size_max)
        after = offset + limit
        link = f"http://netbox.internal{path}?limit={limit}&offset={after}"
        return {
            "count": len(found),
            "next": link if after < len(found) else None,
            "previous": None,
            "results": found[offset:after],
        }


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_GET(self) -> None:
        self._exchange()

    def do_POST(self) -> None:
        self._exchange()

    def do_PUT(self) -> None:
        self._exchange()

    def do_PATCH(self) -> None:
        self._exchange()

    def do_DELETE(self) -> None:
        self._exchange()

    def _exchange(self) -> None:
        netbox, parts = self.server.netbox, urlsplit(self.path)
        query, token = parse_qs(parts.query), self.headers.get("Authorization", "")
        netbox.asked.append((self.command, parts.path, token))
        netbox.queries.append(query)
        netbox.is_released.wait(timeout=10)
        status, body = netbox.answer(parts.path, query, token)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the test looks at what was asked."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    netbox: NetBoxServer

    def handle_error(self, *_: object) -> None:
        """Say nothing: a client that has given up is what a test is about."""


@contextmanager
def netbox_server() -> Iterator[NetBoxServer]:
    """Serve on a free port of loopback."""
    netbox = NetBoxServer()
    with _Server(("127.0.0.1", 0), _Exchange) as server:
        server.netbox = netbox
        netbox.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield netbox
        server.shutdown()
        thread.join()
