"""PW-05: whether the device has told what the other checks are decided on, and just now.

Of a battery in scope every kind of work wants state of charge, voltage and current; where isolation
is asked for, its switches and its bus as well, and these of its neighbours on the bus too. A
reading older than the limit is stale (exactly as old is not), one as far in the future is no
reading. Its last values are judged by the other checks all the same.

An absence-of-voltage reading by hand stands in for all of it at one battery. That is then shown as
a warning with the age of what was last heard: the state of charge is as old as that.
"""

from collections.abc import Iterator

from batteryd.clearance.by_hand import ByHand, measured_by_hand
from batteryd.clearance.checks_isolation import ISOLATION_POINTS
from batteryd.clearance.facts import BatteryFacts, Facts
from batteryd.clearance.matrix import MATRIX
from batteryd.clearance.scope import in_scope, on_their_buses
from batteryd.clearance.wording import instant_or_none, listed, span
from batteryd.domain.clearance import Hold, HoldCode

_OF_ALL_WORK = (
    ("soc_pct", "its state of charge"),
    ("voltage_v", "its voltage"),
    ("current_a", "its current"),
)
_OF_ISOLATION = tuple((point.name, point.words) for point in ISOLATION_POINTS)

Points = tuple[tuple[str, str], ...]  # field of `Reading`, and its words


def not_observed(facts: Facts) -> Iterator[Hold]:
    """PW-05: hold for every battery that is not heard and not measured by hand either."""
    if not facts.order.batteries:
        order_id = facts.order.work_order_id
        text = f"{order_id} names no battery: nothing is known of what will be worked on"
        yield Hold(HoldCode.NOT_OBSERVED, order_id, text)
    for battery, against in _unheard(facts):
        by_hand = measured_by_hand(facts, asset_id=battery.asset_id)
        if by_hand.proof is None:
            yield _hold(battery, f"{battery.asset_id}: {listed(against)}", by_hand, facts)


def measured_instead(facts: Facts) -> Iterator[Hold]:
    """Name every battery that is not heard and is cleared on a reading by hand; never holds."""
    for battery, against in _unheard(facts):
        by_hand = measured_by_hand(facts, asset_id=battery.asset_id)
        if by_hand.proof is not None:
            ago = span(facts.as_of_s - by_hand.proof.at_s)
            text = (
                f"{battery.asset_id}: {listed(against)}; {by_hand.proof.by} measured absence of"
                f" voltage {ago} ago, which stands in for it"
            )
            yield _hold(battery, text, by_hand, facts)


def _unheard(facts: Facts) -> Iterator[tuple[BatteryFacts, list[str]]]:
    for battery, points in _required(facts):
        against = [*_missing(battery, points), *_out_of_time(battery, facts)]
        if against:
            yield battery, against


def _required(facts: Facts) -> Iterator[tuple[BatteryFacts, Points]]:
    scope = in_scope(facts)
    if HoldCode.NOT_ISOLATED not in MATRIX[facts.order.kind].holds:
        yield from ((battery, _OF_ALL_WORK) for battery in scope)
        return
    both = tuple(dict.fromkeys((*_OF_ALL_WORK, *_OF_ISOLATION)))
    yield from ((battery, both) for battery in scope)
    yield from ((battery, _OF_ISOLATION) for battery in on_their_buses(facts)[len(scope) :])


def _missing(battery: BatteryFacts, points: Points) -> Iterator[str]:
    missing = [words for name, words in points if getattr(battery.reading, name) is None]
    if missing:
        yield f"{listed(missing)} {'is' if len(missing) == 1 else 'are'} missing"


def _out_of_time(battery: BatteryFacts, facts: Facts) -> Iterator[str]:
    observed_at_s, limit_s = battery.reading.observed_at_s, facts.limits.stale_after_s
    if observed_at_s is None:
        yield "it is unknown when it was last heard"
        return
    age_s = facts.as_of_s - observed_at_s
    if not -limit_s <= age_s <= limit_s:
        when = f"{span(age_s)} ago" if age_s > 0 else f"{span(-age_s)} in the future"
        yield f"it was last heard {when} (at most {span(limit_s)})"


def _hold(battery: BatteryFacts, text: str, by_hand: ByHand, facts: Facts) -> Hold:
    observed_at_s = battery.reading.observed_at_s
    evidence = {
        "observed_at": instant_or_none(observed_at_s),
        "age_s": None if observed_at_s is None else facts.as_of_s - observed_at_s,
        "stale_after_s": facts.limits.stale_after_s,
        "by_hand": by_hand.evidence or "nobody measured",
    }
    return Hold(HoldCode.NOT_OBSERVED, battery.asset_id, text, evidence)
