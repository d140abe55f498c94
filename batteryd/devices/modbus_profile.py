"""What a profile of a Modbus device says."""

from typing import Literal

from batteryd.devices.profile_base import PointBase, ProfileBase


class ModbusPoint(PointBase):
    """One row of the device's register table."""

    address: int


class ModbusProfile(ProfileBase):
    """A Modbus device family."""

    protocol: Literal["modbus"]
    points: tuple[ModbusPoint, ...]
