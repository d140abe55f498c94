"""What was seen at one battery and is not back yet, and what people are told of it.

The words never claim that somebody is there: they say what was seen, and that no work order has
been started.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from batteryd.clearance.unannounced_sign import Sign, SignKey, sign_of
from batteryd.clearance.wording import listed
from batteryd.domain.alarm import Alarm, AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.component import Scope

BACK_FOR_S = 60.0  # a contactor that chatters is one alarm
SIGNS_TOLD_MAX = 3  # in the sentence
SIGNS_KEPT_MAX = 64  # in the evidence


@dataclass(slots=True)
class Case:
    """The signs at one battery for which one alarm stands."""

    key: AlarmKey
    signs: dict[SignKey, Sign] = field(default_factory=dict)
    back_at_s: float | None = None  # since when nothing of it is left

    @classmethod
    def begun_by(cls, signs: Iterable[Sign], *, key: AlarmKey) -> "Case":
        """Return a new case."""
        case = cls(key)
        for sign in signs:
            case.take(sign)
        return case

    @classmethod
    def of(cls, alarm: Alarm, *, now_s: float) -> "Case":
        """Return the case that an alarm of the ledger is about, by its evidence."""
        case = cls(alarm.key, back_at_s=now_s)
        for sign in _signs_in(alarm):
            case.take(sign)
        return case

    def take(self, sign: Sign) -> None:
        """Note a sign, or its end."""
        if not sign.is_over:
            self.signs[sign.key], self.back_at_s = sign, None
        elif self.signs.pop(sign.key, None) is not None and not self.signs:
            self.back_at_s = sign.at_s

    def is_over(self, now_s: float) -> bool:
        """Whether all that was seen has been back for long enough."""
        return self.back_at_s is not None and now_s - self.back_at_s >= BACK_FOR_S

    def raised(self, name: str, *, at_s: float, is_addition: bool) -> AlarmEvent:
        """Return the beginning of the alarm, or that more was seen; `name` is the battery's."""
        return self._event(
            Change.RAISED,
            at_s=at_s,
            why=f"work on {name} without clearance: {self._told()}. No work order for it is"
            " started; a protection trip or a fault can look the same.",
            action=f"Find out who is at {name}, and have them stop until the work is cleared. If it"
            " is nobody, treat it as a protection trip or a fault.",
            is_addition=is_addition,
        )

    def returned(self, why: str, *, at_s: float) -> AlarmEvent:
        """Return the end of the alarm."""
        return self._event(Change.RETURNED, at_s=at_s, why=why)

    def _told(self) -> str:
        texts = [sign.text for sign in self.signs.values()]
        further = len(texts) - SIGNS_TOLD_MAX
        return listed([*texts[:SIGNS_TOLD_MAX], *([f"{further} more"] if further > 0 else [])])

    def _event(
        self, change: Change, *, at_s: float, why: str, action: str = "", is_addition: bool = False
    ) -> AlarmEvent:
        signs = list(self.signs.values())[:SIGNS_KEPT_MAX]
        return AlarmEvent(
            key=self.key,
            change=change,
            at_s=at_s,
            scope=Scope.BATTERY,
            priority=Priority.HIGH,
            quantity="",
            value=None,
            setpoint=None,
            why=why,
            action=action,
            evidence={"signs": [sign.as_evidence() for sign in signs]},
            is_addition=is_addition,
        )


def _signs_in(alarm: Alarm) -> Iterable[Sign]:
    written = alarm.evidence.get("signs")
    for one in written if isinstance(written, list) else ():
        sign = sign_of(alarm.key.asset_id, one)
        if sign is not None:
            yield sign
