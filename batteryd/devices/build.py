"""Puts polled devices together: asset, profile and credential become reader, link and endpoint.

Building opens nothing: a socket is opened by the first poll, so ten thousand of them are spread
over an interval. What would be built again from the same asset, profile and credential is not, but
is the same object as before, with its connection and its history. So a reload may hand
`Poller.replace` a whole fleet, and only what changed is new.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from batteryd.clock import Clock
from batteryd.devices.address import (
    Address,
    ModbusAddress,
    SnmpAddress,
    SnmpCredential,
    parse_address,
    with_credential,
)
from batteryd.devices.device import DEADLINE_S, PolledDevice
from batteryd.devices.link import ModbusLink, Reader, SnmpLink
from batteryd.devices.links import Endpoints, ModbusLinks
from batteryd.devices.modbus import PymodbusLink
from batteryd.devices.modbus_line import ModbusLine
from batteryd.devices.modbus_profile import ModbusProfile
from batteryd.devices.modbus_readers import AnyModbusProfile, modbus_reader
from batteryd.devices.profile import Profile
from batteryd.devices.profile_base import AUTO
from batteryd.devices.snmp import EngineName, open_snmp_link
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.devices.snmp_reader import SnmpReader
from batteryd.devices.snmp_recognising import AnySnmpProfile, RecognisingReader
from batteryd.devices.sunspec_profile import SunspecProfile
from batteryd.domain.inventory import Asset
from batteryd.errors import ProfileError

Readable = Profile | AnySnmpProfile


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """How devices are asked, whichever they are. Time-outs are real seconds."""

    deadline_s: float = DEADLINE_S  # of one poll of one device, all its requests together
    modbus_timeout_s: float = 2.0
    modbus_connect_timeout_s: float = 3.0
    snmp_timeout_s: float = 2.0
    snmp_engine: EngineName = "auto"


class Fleet:
    """The devices of an inventory, kept from one inventory to the next."""

    def __init__(self, *, clock: Clock, options: LinkOptions) -> None:
        self._clock = clock
        self._options = options
        self._endpoints = Endpoints()
        self._modbus_links = ModbusLinks(self._open_modbus)
        self._request_pause_s: dict[ModbusLine, float] = {}
        self._built: dict[str, _Built] = {}

    def devices(
        self,
        assets: Iterable[Asset],
        *,
        profiles: Mapping[str, Profile],
        credentials: Mapping[str, SnmpCredential],
    ) -> tuple[PolledDevice, ...]:
        """Return a device for each asset, in order.

        A checked configuration raises none of these:

        Raises:
            KeyError: an asset names a profile or a credential that is not there.
            ValueError: an address cannot be read.
            ProfileError: a profile fits neither the asset's address nor its geometry.
        """
        built: dict[str, _Built] = {}
        for asset in assets:
            profile = _profile_of(asset, profiles=profiles)
            address = _address_of(asset, credentials=credentials)
            recipe = _Recipe(asset, profile.digest, address)
            before = self._built.get(asset.asset_id)
            if before is None or before.recipe != recipe:
                device = self._build(asset, profile=profile, address=address)
                before = _Built(recipe, device)
            built[asset.asset_id] = before
        self._built = built
        return tuple(one.device for one in built.values())

    def _build(self, asset: Asset, *, profile: Readable, address: Address) -> PolledDevice:
        return PolledDevice(
            asset,
            reader=self._reader(asset, profile=profile, address=address),
            endpoint=self._endpoints.at(address.place),
            clock=self._clock,
            deadline_s=self._options.deadline_s,
        )

    def _reader(self, asset: Asset, *, profile: Readable, address: Address) -> Reader:
        match profile, address:
            case ModbusProfile() | SunspecProfile(), ModbusAddress():
                self._heed_pause(profile, line=address.line)
                link = self._modbus_links.lend(address.line)
                return modbus_reader(profile, geometry=asset.geometry, link=link, unit=address.unit)
            case SnmpProfile(), SnmpAddress():
                session = self._open_snmp(address)
                return SnmpReader(profile, geometry=asset.geometry, link=session)
            case AnySnmpProfile(), SnmpAddress():
                session = self._open_snmp(address)
                return RecognisingReader(profile, geometry=asset.geometry, link=session)
            case _:
                raise ProfileError(f"profile {profile.name} does not speak {address.redacted}")

    def _heed_pause(self, profile: AnyModbusProfile, *, line: ModbusLine) -> None:
        # Behind one gateway the most delicate device sets the pace.
        before_s = self._request_pause_s.get(line, 0.0)
        self._request_pause_s[line] = max(before_s, profile.request_pause_s)

    def _open_snmp(self, address: SnmpAddress) -> SnmpLink:
        return open_snmp_link(
            address, engine=self._options.snmp_engine, timeout_s=self._options.snmp_timeout_s
        )

    def _open_modbus(self, line: ModbusLine) -> ModbusLink:
        return PymodbusLink(
            line,
            timeout_s=self._options.modbus_timeout_s,
            connect_timeout_s=self._options.modbus_connect_timeout_s,
            request_pause_s=self._request_pause_s[line],
            clock=self._clock,
        )


class _Recipe(NamedTuple):
    """Everything that a device is made from."""

    asset: Asset
    profile_digest: str
    address: Address  # with the credential


class _Built(NamedTuple):
    recipe: _Recipe
    device: PolledDevice


def _profile_of(asset: Asset, *, profiles: Mapping[str, Profile]) -> Readable:
    name = asset.source.profile
    return AnySnmpProfile.of(profiles.values()) if name == AUTO else profiles[name]


def _address_of(asset: Asset, *, credentials: Mapping[str, SnmpCredential]) -> Address:
    address = parse_address(asset.source.address)
    name = asset.source.credential
    if isinstance(address, SnmpAddress) and name is not None:
        return with_credential(address, credentials[name])
    return address
