"""The profile of devices that describe their own registers: how to ask, not what stands where."""

from typing import Annotated, Literal

from pydantic import Field

from batteryd.devices.plan import REGISTER_COUNT_MAX
from batteryd.devices.profile_base import PointBase, ProfileBase


class SunspecProfile(ProfileBase):
    """A device with SunSpec's battery models. Its points are found on it, so it names none."""

    protocol: Literal["modbus"]
    map: Literal["sunspec"]
    # The standard leaves the sign open; this counts while the device does not say what it does.
    current_positive_while: Literal["charging", "discharging"]
    register_count_max: Annotated[int, Field(ge=2, le=REGISTER_COUNT_MAX)] = REGISTER_COUNT_MAX
    request_pause_s: Annotated[float, Field(ge=0, le=10)] = 0.0
    points: Annotated[tuple[PointBase, ...], Field(max_length=0)] = ()
