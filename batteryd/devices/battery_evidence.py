"""Whether what a device answers is about a battery at all.

Network cards are built into power strips, transfer switches and rectifiers too, with the same agent
and half of the same MIB: all of a UPS's battery objects may be there, and be 0. So an object that
exists proves nothing. A battery shows in a number that only a battery has and that is good and not
0. A flat battery passes: it still has a voltage.

A status alone is enough where a device has no such number, as cards for simple UPSs do; beside
numbers that are all 0 it is not.
"""

from batteryd.devices.link import RawReading
from batteryd.domain.quality import BAD_FROM, UNCERTAIN_FROM
from batteryd.domain.quantity import BatteryStatus
from batteryd.domain.snapshot import Layout

# Of a battery on a DC bus some controllers know the bus only.
_NUMBERS = frozenset(
    {
        "soc_pct", "soh_pct", "voltage_v", "bus_voltage_v", "current_a", "power_w",
        "runtime_remaining_s", "capacity_ah", "cycle_count", "energy_throughput_kwh",
        "cell_voltage_v", "cell_voltage_v_min", "cell_voltage_v_max", "cell_voltage_v_mean",
    }
)  # fmt: skip


def shows_battery(layout: Layout, reading: RawReading, *, is_known: bool = False) -> bool:
    """Whether a reading has something that only a battery can show.

    A temperature may be anybody's. It counts for a device that is `known` to be of the profile's
    family: controllers of DC plants may have no other word about their battery.
    """
    numbers = _NUMBERS | {"temperature_c"} if is_known else _NUMBERS
    has_number = has_status = False
    for at, (_, quantity) in enumerate(layout.columns):
        if reading.quality[at] >= BAD_FROM:
            continue
        value = reading.values[at]
        if quantity in numbers:
            if value != 0 and reading.quality[at] < UNCERTAIN_FROM:
                return True
            has_number = True
        elif quantity == "battery_status":
            has_status = has_status or bool(value != BatteryStatus.UNKNOWN)
    return has_status and not has_number
