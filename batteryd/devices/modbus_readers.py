"""Which reader goes with which kind of Modbus profile."""

from batteryd.devices.link import ModbusLink, Reader
from batteryd.devices.modbus_profile import ModbusProfile
from batteryd.devices.modbus_reader import ModbusReader
from batteryd.devices.sunspec_profile import SunspecProfile
from batteryd.devices.sunspec_reader import SunspecReader
from batteryd.domain.inventory import Geometry

AnyModbusProfile = ModbusProfile | SunspecProfile


def modbus_reader(
    profile: AnyModbusProfile, *, geometry: Geometry, link: ModbusLink, unit: int
) -> Reader:
    """Return a reader of one battery; one that describes itself says its geometry too.

    Raises:
        ProfileError: profile and geometry do not fit together.
    """
    match profile:
        case ModbusProfile():
            return ModbusReader(profile, geometry=geometry, link=link, unit=unit)
        case SunspecProfile():
            return SunspecReader(profile, link=link, unit=unit)
