"""From whose addresses traps are taken: the hosts of the inventory, names looked up now and then.

A trap says only by the address that it comes from which asset it is about. Several assets may have
one address: the racks behind a gateway are all hinted at.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterable, Mapping
from ipaddress import IPv6Address, ip_address

from batteryd.devices.address import parse_address
from batteryd.devices.modbus_line import SerialLine
from batteryd.domain.inventory import Asset

Senders = Mapping[str, tuple[str, ...]]  # asset ids by IP address

_LOOK_UPS_MAX = 2  # at a time: a dead name server must not take all the threads there are


def hosts_of(assets: Iterable[Asset]) -> Senders:
    """Return the assets by host, as the inventory names it; those without a host are left out."""
    found: dict[str, list[str]] = {}
    for asset in assets:
        place = parse_address(asset.source.address).place
        if not isinstance(place, SerialLine):
            found.setdefault(place.host, []).append(asset.asset_id)
    return {host: tuple(asset_ids) for host, asset_ids in found.items()}


def addresses_in(hosts: Senders) -> Senders:
    """Return those assets whose host is an IP address already."""
    found: dict[str, tuple[str, ...]] = {}
    for host, asset_ids in hosts.items():
        with contextlib.suppress(ValueError):
            found[plain(host)] = (*found.get(plain(host), ()), *asset_ids)
    return found


async def look_up(hosts: Senders) -> Senders:
    """Return the assets by IP address. A name that leads nowhere is left out."""
    room = asyncio.Semaphore(_LOOK_UPS_MAX)

    async def addresses(host: str) -> frozenset[str]:
        async with room:
            return await _addresses_of(host)

    found: dict[str, list[str]] = {}
    for host, places in zip(hosts, await asyncio.gather(*map(addresses, hosts)), strict=True):
        for place in places:
            found.setdefault(place, []).extend(hosts[host])
    return {place: tuple(asset_ids) for place, asset_ids in found.items()}


def plain(address: str) -> str:
    """Return an IP address in its one shortest form, without a zone; IPv4 as such."""
    found = ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(mapped or found)


async def _addresses_of(host: str) -> frozenset[str]:
    try:
        return frozenset({plain(host)})
    except ValueError:
        pass  # it is a name
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        return frozenset()
    return frozenset(plain(str(place[0])) for *_, place in found)
