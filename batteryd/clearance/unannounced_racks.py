"""A rack that vanishes: it answers no more, while the others around it do.

Who stops answering alone has been switched off, unplugged or taken away, or has failed. A whole
room that falls silent is a matter of network or power, and so is everything behind one gateway;
the rule `silence` tells of both. An answer that is of no use (an error of the device's own, refused
credentials) is an answer: the rack is there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from batteryd.clearance.unannounced_sign import Sign, SignKey, SignKind
from batteryd.domain.component import WHOLE_BATTERY
from batteryd.domain.inventory import Asset
from batteryd.domain.snapshot import Snapshot

POLLS = 3  # failed ones in a row
AFTER_S = 60.0  # and so long without an answer

_NO_ANSWER = ("timeout", "refused")
_NOT_ASKED = "backoff"  # left alone for a while after it gave no answer


_Group = tuple[str, str]  # what racks have in common, and which one


class _Place(NamedTuple):
    """Whom a rack may be silent together with."""

    endpoint: _Group  # host and port: a gateway, where others are behind it as well
    around: tuple[_Group, ...]  # its room and its DC bus

    @property
    def groups(self) -> tuple[_Group, ...]:
        return (self.endpoint, *self.around)


@dataclass(slots=True)
class _Rack:
    """When a rack answered last, and how often in a row it has not since."""

    answered_at_s: float | None = None  # None: not since batteryd began to ask
    unanswered: int = 0
    silent_since_s: float = 0.0


class Racks:
    """Who answers, and who does not."""

    def __init__(self, batteries: Mapping[str, Asset]) -> None:
        self._racks: dict[str, _Rack] = {}
        self._gone: set[SignKey] = set()
        self._answered_at_s: dict[_Group, float] = {}  # the last answer of anybody there
        self.replace(batteries)

    def replace(self, batteries: Mapping[str, Asset]) -> None:
        """Go on with another inventory."""
        self._places = {a.asset_id: _place_of(a) for a in batteries.values()}
        self._together: dict[_Group, list[str]] = {}
        for asset_id, place in self._places.items():
            for group in place.groups:
                self._together.setdefault(group, []).append(asset_id)

    def step(self, snapshot: Snapshot) -> list[Sign]:
        """Take note of an answer, or that none came."""
        rack = self._racks.setdefault(snapshot.asset_id, _Rack())
        key = SignKey(snapshot.asset_id, SignKind.RACK_VANISHED, WHOLE_BATTERY)
        if snapshot.failure is None:
            signs = self._answered(key, rack, at_s=snapshot.observed_at_s)
            rack.answered_at_s, rack.unanswered = snapshot.observed_at_s, 0
            for group in self._places[snapshot.asset_id].groups:
                self._answered_at_s[group] = snapshot.observed_at_s
            return signs
        self._count(rack, snapshot, reason=snapshot.failure.partition(":")[0])
        sign = self._vanished(key, rack, snapshot)
        return [] if sign is None else [sign]

    def restore(self, sign: Sign) -> None:
        """Take over a rack that did not answer."""
        if sign.key.kind is SignKind.RACK_VANISHED:
            self._gone.add(sign.key)

    def forget(self, asset_id: str) -> None:
        """Drop what is remembered of an asset."""
        self._racks.pop(asset_id, None)
        self._gone = {key for key in self._gone if key.asset_id != asset_id}

    def _answered(self, key: SignKey, rack: _Rack, *, at_s: float) -> list[Sign]:
        if key not in self._gone:
            return []
        self._gone.discard(key)
        before_at_s = rack.silent_since_s if rack.unanswered else at_s
        return [Sign(key, "silent", "answers", before_at_s, at_s, is_over=True)]

    def _count(self, rack: _Rack, snapshot: Snapshot, *, reason: str) -> None:
        if reason in _NO_ANSWER or (reason == _NOT_ASKED and rack.unanswered):
            if rack.unanswered == 0:
                rack.silent_since_s = snapshot.observed_at_s
            rack.unanswered += 1
        else:
            rack.unanswered = 0

    def _vanished(self, key: SignKey, rack: _Rack, snapshot: Snapshot) -> Sign | None:
        at_s, last_s = snapshot.observed_at_s, rack.answered_at_s
        if last_s is None or key in self._gone:
            return None
        if rack.unanswered < POLLS or at_s - last_s < AFTER_S:
            return None
        answering = self._answering(snapshot.asset_id, since_s=rack.silent_since_s)
        if not answering:
            return None
        self._gone.add(key)
        seen = {
            "failure": snapshot.failure,
            "polls": rack.unanswered,
            "others_answering": sorted(answering),
        }
        return Sign(key, "answers", "silent", last_s, rack.silent_since_s, seen)

    def _answering(self, asset_id: str, *, since_s: float) -> list[str]:
        """Return who around a rack answered since; nobody, where its own gateway may be gone."""
        place = self._places[asset_id]
        if all(self._answered_at_s.get(group, 0.0) < since_s for group in place.around):
            return []  # a whole room is silent: that has to stay cheap
        behind_gateway = self._others(asset_id, groups=(place.endpoint,))
        if behind_gateway and not any(self._answers(a, since_s=since_s) for a in behind_gateway):
            return []
        around = self._others(asset_id, groups=place.around)
        return [a for a in around if self._answers(a, since_s=since_s)]

    def _others(self, asset_id: str, *, groups: Iterable[_Group]) -> list[str]:
        found = dict.fromkeys(a for group in groups for a in self._together[group])
        return [a for a in found if a != asset_id]

    def _answers(self, asset_id: str, *, since_s: float) -> bool:
        rack = self._racks.get(asset_id)
        if rack is None or rack.answered_at_s is None or rack.unanswered:
            return False
        return rack.answered_at_s >= since_s


def _place_of(asset: Asset) -> _Place:
    around = [("room", asset.room_id)]
    if asset.dc_bus_id is not None:
        around.append(("bus", asset.dc_bus_id))
    return _Place(("endpoint", urlsplit(asset.source.address).netloc), tuple(around))
