"""What a profile of an SNMP device says."""

from typing import Literal

from batteryd.devices.profile_base import PointBase, ProfileBase


class SnmpPoint(PointBase):
    """One object of the device's MIB."""

    oid: str


class SnmpProfile(ProfileBase):
    """An SNMP device family."""

    protocol: Literal["snmp"]
    points: tuple[SnmpPoint, ...]
