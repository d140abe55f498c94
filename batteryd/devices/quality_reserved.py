"""Numbers that mean "unknown" although a profile does not list them.

A device that knows nothing shows the largest or smallest number of its data type. SNMP's 32-bit
ones are reserved at every object: nothing of a battery counts that far. The 16-bit ones are not,
because 65535 may be a real number of watts; but firmware that converts a value *before* it sends it
converts its "unknown" as well, and what arrives is a plausible number: 65535 s become 1092 min.
A vendor's card that does so would win over a better source, so these are told here, once, in our
units and for every profile.

What stands here is judged by one question: can an honest device rest on this number? 6553.5 A or
1092 min cannot be told from a disguise, but a real value only passes there, and costs a reading.
Therefore left out, however often a device shows them for "unknown" (a profile's `sentinels` may
have them):

    0, -1            a real 0 °C, 0 V, -0.1 A
    100, 127, 255    a full battery, a hot one, an early warning that must not be lost
    546 min          0x7FFF s; the runtime of an idle UPS rests on any whole number of minutes
    327.67 V         0x7FFF in hundredths; a string on float charge rests on its voltage
    3.2767 V         0x7FFF in tenths of a millivolt; a cell of LFP rests there
    6553.5 kWh       a counter that grows slowly, and rests for days
    65535 kΩ         the end of an insulation monitor's range: the best value it can show
"""

from collections.abc import Iterable, Mapping
from itertools import product
from types import MappingProxyType

RESERVED_EVERYWHERE = (2**31 - 1, -(2**31), 2**32 - 1)  # raw, at every object of an SNMP agent

_ALL_ONES = 0xFFFF
_SIGNED_ENDS = (0x7FFF, -0x7FFF, 0x8000, -0x8000)  # both signs: a profile may turn a current
_DECIMAL = (1, 10, 100, 1000)
_MINUTE_S = 60

_DURATIONS_S = (
    *(_ALL_ONES / divisor for divisor in (1, 10, 100)),  # seconds, tenths, TimeTicks
    0x7FFF,
    _ALL_ONES // _MINUTE_S * _MINUTE_S,  # 1092 min, as 1092.25 min are cut off
    _ALL_ONES / 10 * _MINUTE_S,  # tenths of a minute
    9999 * _MINUTE_S,  # a display of four digits that is full
)


def _fractions(numbers: Iterable[int], divisors: Iterable[int]) -> tuple[float, ...]:
    return tuple(number / divisor for number, divisor in product(numbers, divisors))


_ENDS = (_ALL_ONES, -_ALL_ONES, *_SIGNED_ENDS)
_BOTH_ENDS = _fractions(_ENDS, _DECIMAL)
_KILOWATTS = _fractions((1000 * number for number in _ENDS), _DECIMAL)
_COUNTS = (float(_ALL_ONES),)

DISGUISES: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "runtime_remaining_s": _DURATIONS_S,
        "time_on_battery_s": _DURATIONS_S,
        "current_a": _BOTH_ENDS,
        "power_w": (*_BOTH_ENDS, *_KILOWATTS, *_fractions((2**32 - 1,), _DECIMAL)),
        "voltage_v": _fractions((_ALL_ONES,), _DECIMAL),
        "bus_voltage_v": _fractions((_ALL_ONES,), _DECIMAL),
        "capacity_ah": _fractions((_ALL_ONES,), _DECIMAL),
        "energy_throughput_kwh": _fractions((2**32 - 1, 2**31 - 1), _DECIMAL),
        "cycle_count": _COUNTS,
        "alarm_count": _COUNTS,
    }
)


def disguises_of(quantity: str) -> tuple[float, ...]:
    """Return the numbers, in our unit, that are no value of a quantity."""
    return DISGUISES.get(quantity, ())
