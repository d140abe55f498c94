"""One battery's alarms as they stand, after what belongs together has been folded."""

from batteryd.domain.alarm import AlarmEvent, AlarmKey, Change
from batteryd.rules.folding import Folding
from batteryd.rules.kind import Standing, Subject
from batteryd.rules.rulebook import RuleBook


class Desk:
    """What stands on one battery, step by step."""

    def __init__(self, rules: RuleBook, *, asset_id: str = "rack-4") -> None:
        self.folding = Folding(rules.effective(Subject(asset_id, "daejeon")))
        self.standing: dict[AlarmKey, Standing] = {}

    def fold(self, *events: AlarmEvent, now_s: float | None = None) -> list[AlarmEvent]:
        """Fold events, keep what stands, and return what is told and recorded."""
        now_s = events[0].at_s if now_s is None else now_s
        out = self.folding.fold(events, self.standing, now_s=now_s)
        for event in out:
            if event.change is Change.RAISED:
                self.standing[event.key] = Standing.of(event, raised_at_s=event.at_s)
            else:
                self.standing.pop(event.key, None)
        return out
