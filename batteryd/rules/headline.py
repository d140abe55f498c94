"""The sentence that an alarm goes by, and when it was said.

Rules say a sentence once, and its figures are those of that moment: hours later "is 4.4 K above its
peers" may be 18 K. So whoever shows it says as of when, unless it is fresh. What was added since is
counted only; the evidence lists it with its times.
"""

from typing import NamedTuple

from batteryd.domain.alarm import Alarm
from batteryd.rules.found import Found, said_first

FRESH_S = 120.0  # a sentence is of the present for so long


class Headline(NamedTuple):
    """What is said of an alarm as a whole."""

    said: str
    at_s: float
    is_exact: bool  # False: it was said then or earlier, as people have done something since

    def as_of(self, when: str, *, now_s: float) -> str:
        """Return the sentence; unless it is fresh, with when it was said, as the reader writes it.

        A reader may live in another time than the alarm (a demo): what is to come is not fresh.
        """
        if self.is_exact and 0 <= now_s - self.at_s <= FRESH_S:
            return self.said
        return f"{'at' if self.is_exact else 'by'} {when}: {self.said}"


def headline_of(alarm: Alarm) -> Headline:
    """Return what an active alarm goes by, or with which words it ended."""
    if alarm.returned_at_s is not None:
        return Headline(alarm.why, alarm.returned_at_s, is_exact=True)
    found = Found.in_evidence(alarm.evidence)
    if not found:
        is_exact = alarm.changed_at_s == alarm.raised_at_s
        return Headline(alarm.why, alarm.changed_at_s, is_exact=is_exact)
    said, count = said_first(alarm.why), len(list(found)) - 1
    if said != alarm.why:
        said = f"{said}. {count} more finding{'' if count == 1 else 's'}"
    return Headline(said, float(found.lead["at_s"]), is_exact=True)
