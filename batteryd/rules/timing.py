"""When a condition becomes an alarm and when it is over: on-delay, off-delay and what never falls.

One `Timing` follows one alarm. The rule tells it, instant by instant, the highest priority whose
setpoint is reached and whether the value is back (beyond the deadband); it answers what changed.

* On-delay: a priority is raised once its setpoint has been reached for so long without a break.
  Every priority has its own delay, so `critical` may be immediate where `medium` waits.
* A priority never falls while the alarm is active: 51 °C that cools to 45 °C is still the alarm
  that began at 51 °C, and whoever looks at it later must see how bad it was.
* Off-delay: it returns once the value has been back for so long without a break.
* A delay counts time that was watched. After a gap longer than `gap_s`, or when the clock ran back,
  running delays start anew at the next value. Nothing active is lost by that.
* While nothing is known, the rule does not call `step` at all: delays neither start nor break.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from batteryd.domain.alarm import Change, Priority


class Verdict(NamedTuple):
    """A change of an alarm."""

    change: Change
    priority: Priority  # of an end: the one that it had
    for_s: float  # of a beginning: since the setpoint was reached; of an end: since it was raised


@dataclass(slots=True)
class Timing:
    """The memory of one alarm. `priority` is that of the active alarm, None while it is normal."""

    on_delay_s: Mapping[Priority, float]  # names every priority that this alarm can have
    off_delay_s: float
    gap_s: float
    priority: Priority | None = None
    raised_at_s: float = 0.0
    _reached_at_s: dict[Priority, float] = field(default_factory=dict)
    _back_at_s: float | None = None
    _stepped_at_s: float | None = None

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to remember: no alarm, and no delay running."""
        return self.priority is None and not self._reached_at_s

    def step(self, at_s: float, *, reached: Priority | None, is_back: bool) -> Verdict | None:
        """Take one observation; return what changed by it."""
        if self._stepped_at_s is not None and not 0 <= at_s - self._stepped_at_s <= self.gap_s:
            self._reached_at_s.clear()
            self._back_at_s = None
        self._stepped_at_s = at_s
        for priority in self.on_delay_s:
            if reached is not None and priority <= reached:
                self._reached_at_s.setdefault(priority, at_s)
            else:
                self._reached_at_s.pop(priority, None)
        return self._rise(at_s) or self._return(at_s, is_back=is_back)

    def _rise(self, at_s: float) -> Verdict | None:
        waited = (
            priority
            for priority, since_s in self._reached_at_s.items()
            if at_s - since_s >= self.on_delay_s[priority]
        )
        due = max(waited, default=None)
        if due is None or (self.priority is not None and due <= self.priority):
            return None
        if self.priority is None:
            self.raised_at_s = at_s
        self.priority = due
        self._back_at_s = None
        return Verdict(Change.RAISED, due, at_s - self._reached_at_s[due])

    def _return(self, at_s: float, *, is_back: bool) -> Verdict | None:
        if self.priority is None:
            return None
        if not is_back:
            self._back_at_s = None
            return None
        if self._back_at_s is None:
            self._back_at_s = at_s
        if at_s - self._back_at_s < self.off_delay_s:
            return None
        was, self.priority, self._back_at_s = self.priority, None, None
        return Verdict(Change.RETURNED, was, max(0.0, at_s - self.raised_at_s))
