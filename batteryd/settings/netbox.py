"""Reads batteries from NetBox over its REST API. It only ever asks (GET); it never writes.

What is read: the devices of a role or with a tag; the assets of the plugin netbox-inventory, where
it is installed; and the power feeds of racks, where the mapping asks for their panels. What the
answers mean for a register is `netbox_rows`' business.

Lists come in pages. Of a page's `next` only the query is taken, and asked of the server that was
named: a server behind a proxy often calls itself by another name, and the token must not go there.
"""

import ssl
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import httpx
from pydantic import BaseModel, SecretStr, ValidationError

from batteryd.errors import ConfigError, LinkAuthFailed, LinkError, LinkRefused, LinkTimeout
from batteryd.mistakes import value_text

DEVICES = "/api/dcim/devices/"
POWER_FEEDS = "/api/dcim/power-feeds/"
ASSETS = "/api/plugins/inventory/assets/"  # of netbox-inventory

_NOT_THERE = 404
_REFUSED = frozenset({401, 403})
_OK = 200

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PageLimits:
    """How lists are read, and how much of one at most."""

    size: int = 200  # objects that are asked for at once; the server may give fewer
    count_max: int = 2_000
    bytes_max: int = 32 * 1024 * 1024  # of one page
    timeout_s: float = 20.0  # without a byte


DEFAULT_PAGES = PageLimits()


class NetBoxAnswer(NamedTuple):
    """What NetBox says of batteries."""

    devices: tuple[Json, ...]
    assets: Mapping[int, Json]  # by the id of the device that an asset is
    has_assets: bool  # whether netbox-inventory is installed
    panels: Mapping[int, frozenset[str]]  # the panels that feed a rack, by the rack's id


class _Page(BaseModel):
    results: list[dict[str, Any]]
    next: str | None


def ask_netbox(
    url: str,
    *,
    token: SecretStr,
    role: str,
    tag: str | None = None,
    with_panels: bool = False,
    ca_file: Path | None = None,
    pages: PageLimits = DEFAULT_PAGES,
) -> NetBoxAnswer:
    """Return the devices of a role, and with a tag where one is named, and what belongs to them.

    Raises:
        ConfigError: the address is none; the CA's file cannot be read.
        LinkError: NetBox did not answer usably.
    """
    wanted = {"role": role, "exclude": "config_context"} | ({"tag": tag} if tag else {})
    headers = {"Accept": "application/json", "Authorization": _authorization(token)}
    base_url = _checked(url)
    with httpx.Client(headers=headers, timeout=pages.timeout_s, verify=_trust(ca_file)) as client:
        devices = _all(client, base_url + DEVICES, wanted, pages=pages)
        if devices is None:
            raise LinkError(f"{base_url}: there is no {DEVICES}; is it the address of NetBox?")
        assets = _all(client, base_url + ASSETS, {}, pages=pages)
        feeds = _all(client, base_url + POWER_FEEDS, {}, pages=pages) if with_panels else None
    return NetBoxAnswer(devices, _by_device(assets or ()), assets is not None, _panels(feeds or ()))


def at(value: object, path: str) -> object:
    """Return what stands under a dotted path; None where nothing does."""
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _checked(url: str) -> str:
    parts = urlsplit(url)
    is_plain = not (parts.username or parts.password or parts.query or parts.fragment)
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_plain:
        allowed = "http(s)://host[:port][/path], and nothing else"
        raise ConfigError.one("--netbox", "url", value_text(url), allowed)
    return url.rstrip("/")


def _authorization(token: SecretStr) -> str:
    # Tokens of NetBox 4.5 and later say so by their beginning.
    secret = token.get_secret_value()
    return f"Bearer {secret}" if secret.startswith("nbt_") else f"Token {secret}"


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one too
        allowed = f"a file with certificates ({error.strerror or error})"
        raise ConfigError.one("--ca-file", "", str(ca_file), allowed) from None


def _all(
    client: httpx.Client, url: str, wanted: Mapping[str, str], *, pages: PageLimits
) -> tuple[Json, ...] | None:
    """Return every object of a list; None where the server has no such list."""
    found: list[Json] = []
    query = urlencode({**wanted, "limit": pages.size})
    for _ in range(pages.count_max):
        page = _page(client, f"{url}?{query}", limits=pages)
        if page is None:
            return None
        found += page.results
        if page.next is None:
            return tuple(found)
        query = urlsplit(page.next).query
    raise LinkError(f"{url}: more than {pages.count_max} pages")


def _page(client: httpx.Client, url: str, *, limits: PageLimits) -> _Page | None:
    try:
        with client.stream("GET", url) as response:
            if response.status_code == _NOT_THERE:
                return None
            _require_ok(response.status_code, url=url)
            body = _bounded(response.iter_bytes(), url=url, bytes_max=limits.bytes_max)
            return _Page.model_validate_json(body)
    except httpx.TimeoutException:
        raise LinkTimeout(f"{url}: no answer in {limits.timeout_s:g} s") from None
    except httpx.HTTPError as error:
        raise LinkRefused(f"{url}: {str(error) or type(error).__name__}") from None
    except ValidationError:
        raise LinkError(f"{url}: the answer is no list of NetBox's") from None


def _require_ok(status_code: int, *, url: str) -> None:
    if status_code in _REFUSED:
        raise LinkAuthFailed(f"{url}: NetBox refuses the token ({status_code})")
    if status_code != _OK:
        raise LinkError(f"{url}: NetBox answers {status_code}")


def _bounded(chunks: Iterator[bytes], *, url: str, bytes_max: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > bytes_max:
            raise LinkError(f"{url}: more than {bytes_max} bytes in one page")
    return bytes(body)


def _by_device(assets: Iterable[Json]) -> Mapping[int, Json]:
    found = ((at(asset, "device.id"), asset) for asset in assets)
    return {device_id: asset for device_id, asset in found if isinstance(device_id, int)}


def _panels(feeds: Iterable[Json]) -> Mapping[int, frozenset[str]]:
    found: dict[int, frozenset[str]] = {}
    for feed in feeds:
        rack_id, panel = at(feed, "rack.id"), at(feed, "power_panel.name")
        if isinstance(rack_id, int) and isinstance(panel, str):
            found[rack_id] = found.get(rack_id, frozenset()) | {panel}
    return found
