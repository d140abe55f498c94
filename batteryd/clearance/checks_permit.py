"""PW-09: whether the permit still stands: its time, and what has changed since the GO.

Without a GO only the end of the planned work is looked at. With one (`facts.grant`) its validity
is, and every reading it was given on is compared with the newest: a switch that closed, a state of
charge or a temperature that rose by more than the limit, and any of them that was known and is not
any more. What the grant remembers is batteryd's own record; what it did not know cannot rise.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from batteryd.clearance.facts import NO_READING, ClearanceLimits, Facts, Grant, Reading
from batteryd.clearance.wording import instant, listed
from batteryd.domain.clearance import Hold, HoldCode


class Watched(NamedTuple):
    """One point that must not change for the worse. `name` is the field of `Reading`."""

    name: str
    words: str
    shown: Callable[[Any], str]
    still_stands: Callable[[Any, Any, ClearanceLimits], bool]  # then, now


WATCHED = (
    Watched(
        "contactor_closed",
        "its contactor",
        lambda is_closed: "closed" if is_closed else "open",
        lambda then, now, _limits: then or now is False,
    ),
    Watched(
        "breaker_closed",
        "its breaker",
        lambda is_closed: "closed" if is_closed else "open",
        lambda then, now, _limits: then or now is False,
    ),
    Watched(
        "soc_pct",
        "its state of charge",
        "{:g} %".format,
        lambda then, now, limits: now <= then + limits.soc_rise_pct_max,
    ),
    Watched(
        "temperature_c_max",
        "its highest temperature",
        "{:g} °C".format,
        lambda then, now, limits: now <= then + limits.temperature_rise_k_max,
    ),
)


def permit_void(facts: Facts) -> Iterator[Hold]:
    """PW-09: hold once the permit's time is over, and for every battery that has changed."""
    expired = [*_expired(facts)]
    if expired:
        order_id = facts.order.work_order_id
        yield Hold(HoldCode.PERMIT_VOID, order_id, f"{order_id}: {listed(expired)}", _times(facts))
    if facts.grant is not None:
        yield from _changed(facts.grant, facts)


def _expired(facts: Facts) -> Iterator[str]:
    if not facts.as_of_s < facts.order.ends_at_s:
        yield f"the planned work ended at {instant(facts.order.ends_at_s)}"
    if facts.grant is not None and not facts.as_of_s < facts.grant.valid_until_s:
        yield f"the GO was valid until {instant(facts.grant.valid_until_s)}"


def _changed(grant: Grant, facts: Facts) -> Iterator[Hold]:
    since = instant(grant.granted_at_s)
    for asset_id, then in grant.readings.items():
        battery = facts.batteries.get(asset_id)
        now = NO_READING if battery is None else battery.reading
        changes = [watched for watched in WATCHED if not _stands(watched, then, now, facts.limits)]
        if changes:
            said = listed(_said(watched, then, now) for watched in changes)
            evidence = {
                "granted_at": since,
                "changed": {
                    w.name: {"then": getattr(then, w.name), "now": getattr(now, w.name)}
                    for w in changes
                },
            }
            text = f"{asset_id} has changed since the GO of {since}: {said}"
            yield Hold(HoldCode.PERMIT_VOID, asset_id, text, evidence)


def _stands(watched: Watched, then: Reading, now: Reading, limits: ClearanceLimits) -> bool:
    was, is_now = getattr(then, watched.name), getattr(now, watched.name)
    if was is None:
        return True
    return is_now is not None and watched.still_stands(was, is_now, limits)


def _said(watched: Watched, then: Reading, now: Reading) -> str:
    was, is_now = getattr(then, watched.name), getattr(now, watched.name)
    shown = "unknown" if is_now is None else watched.shown(is_now)
    return f"{watched.words} was {watched.shown(was)} and is {shown}"


def _times(facts: Facts) -> dict[str, object]:
    return {
        "ends_at": instant(facts.order.ends_at_s),
        "valid_until": None if facts.grant is None else instant(facts.grant.valid_until_s),
    }
