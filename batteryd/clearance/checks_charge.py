"""PW-03: whether a battery is discharged far enough, and whether what it reports can be believed.

A reported SOC may be off by the margin, so it is added before comparing: 20 % and a margin of 10
just pass a limit of 30. The voltage of its cells has to agree with it (see `curves`); where it does
not, one of the two is wrong and nobody knows which. Comparisons are written the way round in which
a number that is none (NaN) holds.
"""

from collections.abc import Iterator

from batteryd.clearance.curves import voltages_at
from batteryd.clearance.facts import BatteryFacts, ClearanceLimits, Facts
from batteryd.clearance.scope import in_scope
from batteryd.clearance.wording import instant_or_none, listed
from batteryd.domain.clearance import Hold, HoldCode


def charge_too_high(facts: Facts) -> Iterator[Hold]:
    """PW-03: hold for every battery in scope whose charge is too high, doubtful or unknown."""
    for battery in in_scope(facts):
        against = [*_unknown(battery), *_high(battery, facts.limits), *_contradicted(battery)]
        if against:
            text = f"{battery.asset_id}: {listed(against)}"
            evidence = _evidence(battery, facts)
            yield Hold(HoldCode.CHARGE_TOO_HIGH, battery.asset_id, text, evidence)


def cell_voltage_v(battery: BatteryFacts) -> float | None:
    """Return the mean voltage of a battery's cells; None where nobody can know."""
    voltage_v, cell_count = battery.reading.voltage_v, battery.cell_count
    return voltage_v / cell_count if voltage_v is not None and cell_count else None


def _unknown(battery: BatteryFacts) -> Iterator[str]:
    needed = (
        ("its state of charge", battery.reading.soc_pct),
        ("its voltage", battery.reading.voltage_v),
        ("its chemistry", battery.chemistry),
        ("the number of its cells in series", battery.cell_count or None),
    )
    missing = [words for words, value in needed if value is None]
    if missing:
        yield f"{listed(missing)} {'is' if len(missing) == 1 else 'are'} unknown"


def _high(battery: BatteryFacts, limits: ClearanceLimits) -> Iterator[str]:
    soc_pct = battery.reading.soc_pct
    if soc_pct is not None and not soc_pct + limits.soc_margin_pct <= limits.soc_pct_max:
        yield (
            f"its state of charge of {soc_pct:g} % with a margin of {limits.soc_margin_pct:g}"
            f" is above {limits.soc_pct_max:g} %"
        )


def _contradicted(battery: BatteryFacts) -> Iterator[str]:
    soc_pct, cell_v = battery.reading.soc_pct, cell_voltage_v(battery)
    if soc_pct is None or cell_v is None or battery.chemistry is None:
        return
    low_v, high_v = voltages_at(soc_pct, chemistry=battery.chemistry)
    if not low_v <= cell_v <= high_v:
        yield (
            f"{cell_v:.3f} V a cell does not go with a state of charge of {soc_pct:g} %"
            f" ({battery.chemistry}: {low_v:.2f} to {high_v:.2f} V)"
        )


def _evidence(battery: BatteryFacts, facts: Facts) -> dict[str, object]:
    return {
        "soc_pct": battery.reading.soc_pct,
        "soc_margin_pct": facts.limits.soc_margin_pct,
        "soc_pct_max": facts.limits.soc_pct_max,
        "voltage_v": battery.reading.voltage_v,
        "cell_count": battery.cell_count,
        "cell_voltage_v": cell_voltage_v(battery),
        "chemistry": battery.chemistry and battery.chemistry.value,
        "observed_at": instant_or_none(battery.reading.observed_at_s),
    }
