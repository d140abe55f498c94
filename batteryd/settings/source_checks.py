"""Whether every polled asset can be read: address, profile, credential and geometry fit together.

An address never holds a secret, because inventories are mailed around; it names a credential of
`batteryd.toml` instead. An SNMP asset that names none takes the one called `default`.
"""

from collections.abc import Collection, Iterator
from urllib.parse import parse_qs, urlsplit

from batteryd.devices.address import Address, ModbusAddress, parse_address
from batteryd.devices.compiler import compile_decoder
from batteryd.devices.links import Place
from batteryd.devices.modbus_line import obstacle
from batteryd.devices.modbus_profile import ModbusProfile
from batteryd.devices.profile_base import AUTO
from batteryd.errors import Mistake, ProfileError
from batteryd.mistakes import unknown_text
from batteryd.settings.inventory_rows import BatteryRow, SourceRow
from batteryd.settings.located import InventoryRows, Located
from batteryd.settings.profiles import Profiles

DEFAULT_CREDENTIAL = "default"

Identity = tuple[Place, int | None]  # and the unit there


def source_mistakes(
    rows: InventoryRows, *, profiles: Profiles, credentials: Collection[str]
) -> Iterator[Mistake]:
    """Yield everything that keeps an asset from being read."""
    first: dict[Identity, Located[SourceRow]] = {}
    for item in (*rows.ups, *rows.batteries):
        yield from _profile_mistakes(item, profiles=profiles)
        yield from _geometry_mistakes(item, profiles=profiles)
        if item.row.address is None:
            continue
        try:
            address = _address(item.row.address)
        except ValueError as error:
            yield item.place.mistake("address", item.row.address, str(error))
            continue
        yield from _protocol_mistakes(item, address, profiles=profiles)
        yield from _line_mistakes(item, address)
        yield from _credential_mistakes(item, address, credentials=credentials)
        earlier = first.setdefault(_identity(address), item)
        if earlier is not item:
            allowed = f"an address of its own: {earlier.place.row} has this one"
            yield item.place.mistake("address", item.row.address, allowed)


def is_snmp(address: str) -> bool:
    """Whether an address is one of SNMP."""
    return address.startswith("snmp://")


def _address(text: str) -> Address:
    parts = urlsplit(text)
    has_words = is_snmp(text) and parse_qs(parts.query).keys() - {"version"}
    if parts.username or parts.password or has_words:
        raise ValueError("an address and nothing else; users and secrets are in a credential")
    return parse_address(text)


def _identity(address: Address) -> Identity:
    unit = address.unit if isinstance(address, ModbusAddress) else None
    return address.place, unit


def _profile_mistakes(item: Located[SourceRow], *, profiles: Profiles) -> Iterator[Mistake]:
    row, place = item.row, item.place
    if row.profile == AUTO:
        if row.address is not None and not is_snmp(row.address):
            allowed = f"the profile that reads this address, as {AUTO} recognises SNMP devices only"
            yield place.mistake("profile", row.profile, allowed)
    elif row.profile is not None and row.profile not in profiles:
        known = unknown_text("profile", row.profile, known=(AUTO, *profiles))
        yield place.mistake("profile", row.profile, known)
    if row.address is not None and row.profile is None:
        allowed = f"the profile that reads this address: {', '.join(profiles)}"
        if is_snmp(row.address):
            allowed += f"; or {AUTO}"
        yield place.mistake("profile", None, allowed)


def _geometry_mistakes(item: Located[SourceRow], *, profiles: Profiles) -> Iterator[Mistake]:
    row = item.row
    profile = profiles.get(row.profile or "")
    if not isinstance(row, BatteryRow) or not isinstance(profile, ModbusProfile):
        return
    try:
        compile_decoder(profile, row.geometry)
    except ProfileError as error:
        allowed = f"a profile that this battery's geometry fits ({error})"
        yield item.place.mistake("profile", row.profile, allowed)


def _protocol_mistakes(
    item: Located[SourceRow], address: Address, *, profiles: Profiles
) -> Iterator[Mistake]:
    profile = profiles.get(item.row.profile or "")
    protocol = "modbus" if isinstance(address, ModbusAddress) else "snmp"
    if profile is not None and profile.protocol != protocol:
        allowed = f"{profile.protocol}://..., as profile {profile.name} speaks it"
        yield item.place.mistake("address", item.row.address, allowed)


def _line_mistakes(item: Located[SourceRow], address: Address) -> Iterator[Mistake]:
    lacking = obstacle(address.line) if isinstance(address, ModbusAddress) else ""
    if lacking:
        yield item.place.mistake("address", item.row.address, lacking)


def _credential_mistakes(
    item: Located[SourceRow], address: Address, *, credentials: Collection[str]
) -> Iterator[Mistake]:
    name, place = item.row.credential, item.place
    if isinstance(address, ModbusAddress):
        if name is not None:
            yield place.mistake("credential", name, "none: Modbus has no credentials")
        return
    if name is None and DEFAULT_CREDENTIAL not in credentials:
        allowed = "a name from [credentials.NAME], or a [credentials.default] in batteryd.toml"
        yield place.mistake("credential", None, allowed)
    if name is not None and name not in credentials:
        allowed = unknown_text("credential", name, known=credentials)
        yield place.mistake("credential", name, allowed)
