"""What changed rules would have done, as the command prints it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from batteryd.cli.frame import instant
from batteryd.replay.compare import Comparison, Outcome
from batteryd.replay.spells import Spell
from batteryd.rules.words import duration

if TYPE_CHECKING:
    from batteryd.replay.past import Past


_TITLES = {
    Outcome.NEW: "would have been raised",
    Outcome.GONE: "no longer",
    Outcome.CHANGED: "otherwise",
}


def comparison_lines(comparisons: Iterable[Comparison]) -> Iterator[str]:
    """Yield what is new, what is gone, what is otherwise, and how much stays as it was."""
    comparisons = tuple(comparisons)
    counts = Counter(comparison.outcome for comparison in comparisons)
    for outcome, title in _TITLES.items():
        yield f"{counts[outcome]} {title}"
        yield from (f"  {_line(c)}" for c in comparisons if c.outcome is outcome)
    yield f"{counts[Outcome.SAME]} as before"


def learned_from(past: "Past", *, begins_s: float, from_s: float, to_s: float) -> str:
    """Return what rules knew at the beginning of a stretch, and what work they heeded."""
    lead_s = max(0.0, from_s - begins_s)
    known = (
        f"rules learned from the {duration(lead_s)} before it"
        if lead_s
        else "the journal has nothing before it: rules that learn know nothing at its beginning"
    )
    work_s = past.at_work_s(from_s, to_s)
    work = (
        f"; people worked there for {duration(work_s)} of it: limits are as tight, and nothing is "
        f"learned meanwhile"
        if work_s
        else ""
    )
    return f"{known}{work}"


def _line(comparison: Comparison) -> str:
    said = _said(comparison.after or comparison.before)
    ways = ", ".join(_differences(comparison))
    return f"{said}\n    {ways}" if ways else said


def _said(spell: Spell | None) -> str:
    if spell is None:
        return ""
    return f"{instant(spell.raised_at_s)}  {spell.priority.text:<8} {spell.key}  {spell.why}"


def _differences(comparison: Comparison) -> Iterator[str]:
    before, after, later_s = comparison.before, comparison.after, comparison.later_s
    if later_s:
        yield f"{duration(abs(later_s))} {'later' if later_s > 0 else 'earlier'}"
    if before is not None and after is not None and before.priority != after.priority:
        yield f"{after.priority.text} instead of {before.priority.text}"


def comparison_as_json(comparison: Comparison) -> dict[str, object]:
    """Return one comparison as plain JSON values."""
    return {
        "outcome": comparison.outcome.value,
        "later_s": comparison.later_s,
        "configured": _spell_as_json(comparison.before),
        "changed": _spell_as_json(comparison.after),
    }


def _spell_as_json(spell: Spell | None) -> dict[str, object] | None:
    if spell is None:
        return None
    returned_at_s = spell.returned_at_s
    return {
        "key": str(spell.key),
        "raised_at": instant(spell.raised_at_s),
        "returned_at": None if returned_at_s is None else instant(returned_at_s),
        "priority": spell.priority.text,
        "why": spell.why,
    }
