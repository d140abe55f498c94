"""The tables that `detection` prints."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from simulators.traces.faults import Family
from simulators.traces.program import DAY_S, HOUR_S
from tests.bench.detection_score import Outcome, Said

MONTH_D = 30.0
Row = tuple[str, ...]


def print_outcomes(outcomes: Sequence[Outcome], *, verbose: bool) -> None:
    """Print what was found by kind and rack, what was said falsely, and how fast."""
    _print(_by_kind(outcomes))
    if verbose:
        print()
        _print(_misses(outcomes))
        for heading in ("false", "elsewhere", "unexplained"):
            print()
            _print(_listed(outcomes, heading))
    print()
    _print(_false_by_rule(outcomes))
    print("\n".join(_summary(outcomes)))


def line_of(outcome: Outcome) -> str:
    """Return what became of one trace, for whoever waits for the tables."""
    found = "no fault" if outcome.truth.onset_s is None else "NOT FOUND"
    if outcome.hit is not None:
        found = f"{outcome.minutes:.0f} min by {outcome.hit.rule}"
    false = "".join(
        f"\n    false at {one.at_s / HOUR_S:.2f} h, {one.rule}: {one.why}" for one in outcome.false
    )
    return f"{outcome.name}: {found}{false}"


def _by_kind(outcomes: Iterable[Outcome]) -> Iterator[Row]:
    yield "rack", "kind", "found", "median_min", "min", "max", "by", "false", "elsewhere"
    groups: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[_rack_of(outcome), outcome.truth.kind].append(outcome)
    for (rack, kind), group in groups.items():
        hits = [outcome.hit for outcome in group if outcome.hit is not None]
        minutes = [m for outcome in group if (m := outcome.minutes) is not None]
        of = sum(outcome.truth.onset_s is not None for outcome in group)
        yield (
            rack,
            kind,
            f"{len(hits)}/{of}" if of else f"({len(group)})",
            *(f"{f(minutes):.0f}" if minutes else "" for f in (statistics.median, min, max)),
            _counts(Counter(hit.rule for hit in hits)),
            str(sum(len(outcome.false) for outcome in group)),
            str(sum(len(outcome.elsewhere) for outcome in group)),
        )


def _misses(outcomes: Iterable[Outcome]) -> Iterator[Row]:
    yield "not found", "onset_h", "where"
    for outcome in outcomes:
        truth = outcome.truth
        if truth.onset_s is not None and outcome.hit is None:
            place = f"module {truth.module} cell {truth.cell} sensor {truth.sensor}"
            place += f" altered {truth.altered}" if truth.altered else ""
            place += f" rooms {outcome.rooms}" if outcome.rooms else ""
            yield outcome.name, f"{truth.onset_s / 3600:.2f}", place


def _listed(outcomes: Iterable[Outcome], heading: str) -> Iterator[Row]:
    yield heading, "at_h", "rule", "component", "priority", "why"
    for outcome in outcomes:
        said: Sequence[Said] = getattr(outcome, heading)
        for one in said:
            at_h, priority = f"{one.at_s / 3600:.2f}", one.priority.text
            yield outcome.name, at_h, one.rule, one.component, priority, one.why


def _false_by_rule(outcomes: Sequence[Outcome]) -> Iterator[Row]:
    yield "rack", "false by rule", "count", "days", "a_month"
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[_rack_of(outcome)].append(outcome)
    for rack, group in groups.items():
        days = sum(outcome.counted_s for outcome in group) / DAY_S
        rules = Counter(one.rule for outcome in group for one in outcome.false)
        for rule, count in (*rules.most_common(), ("all", rules.total())):
            yield rack, rule, str(count), f"{days:.1f}", f"{count / days * MONTH_D:.2f}"


def _summary(outcomes: Sequence[Outcome]) -> Iterator[str]:
    asked = [outcome for outcome in outcomes if outcome.truth.onset_s is not None]
    rooms = [told for outcome in outcomes for told in outcome.rooms]
    replay_s = sum(outcome.replay_s for outcome in outcomes)
    polls = sum(outcome.polls for outcome in outcomes)
    false = sum(len(outcome.false) for outcome in outcomes)
    days = sum(outcome.counted_s for outcome in outcomes) / DAY_S
    yield (
        f"found {sum(o.hit is not None for o in asked)}/{len(asked)}, "
        f"{false} false in {days:.1f} rack-days ({false / days * MONTH_D:.2f} a rack-month), "
        f"cooling told as the room {sum(rooms)}/{len(rooms)}, "
        f"elsewhere {sum(len(o.elsewhere) for o in outcomes)}, "
        f"unexplained {sum(len(o.unexplained) for o in outcomes)}, "
        f"{polls / replay_s:,.0f} polls/s"
    )


def _rack_of(outcome: Outcome) -> str:
    # Every log of a cluster is of another rack.
    return "clusters" if outcome.truth.family is Family.CLUSTER else outcome.rack


def _counts(counter: Counter[str]) -> str:
    return " ".join(f"{name}×{count}" for name, count in counter.most_common())


def _print(rows: Iterable[Row]) -> None:
    rows = list(rows)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print(
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        )
