"""One address on the network (host and port) and everything that is asked over it.

Several units may stand behind one endpoint: racks behind a Modbus gateway. They take turns, one
whole poll at a time, because a gateway has one serial line and often admits one client. They also
share what is learnt about the way to them, so the question after a failure is whom to leave alone:

    it got an answer, though no use (rejected, credentials refused, out of step): the unit alone

    it got none (refused, reset, time-out): the unit alone at first, since a dead rack must not
    blind us to its neighbours; the endpoint, as soon as a second unit gets none either and nobody
    was answered in between

During a pause nothing is sent. When it is over, the unit whose turn comes first tries for all: if
it fails, the pause is renewed before the next one gets its turn.
"""

import asyncio
import random
from collections.abc import Callable

from batteryd.devices.backoff import CREDENTIALS_REFUSED, UNREACHABLE, Pause, lengthen
from batteryd.errors import LinkAuthFailed, LinkError, LinkRefused, LinkTimeout

_NO_ANSWER = (LinkRefused, LinkTimeout)


class Endpoint:
    """Turns and pauses of the assets behind one host and port."""

    def __init__(self, name: str, *, chance: Callable[[], float] = random.random) -> None:
        self.name = name  # as people know it, e.g. 10.0.5.11:502; never with a credential
        self.turn = asyncio.Lock()
        self._chance = chance
        self._pause: Pause | None = None
        self._pause_by_asset: dict[str, Pause] = {}
        self._unanswered: set[str] = set()  # assets, since anybody here was answered

    def pause_cause(self, asset_id: str, *, at_s: float) -> str | None:
        """Return why this asset must not be asked at present, or None when it may be."""
        for pause in (self._pause, self._pause_by_asset.get(asset_id)):
            if pause is not None and at_s < pause.until_s:
                return pause.cause
        return None

    def answered(self, asset_id: str) -> None:
        """Note that an asset was read."""
        self._pause_by_asset.pop(asset_id, None)
        self._note_sign_of_life()

    def failed(self, asset_id: str, error: LinkError, *, at_s: float) -> None:
        """Note that an asset was not read, and decide whom to leave alone for how long."""
        if isinstance(error, _NO_ANSWER):
            self._unanswered.add(asset_id)
        else:
            self._note_sign_of_life()
        if len(self._unanswered) > 1:
            self._pause = self._longer(self._pause, error, at_s=at_s)
        else:
            own = self._pause_by_asset.get(asset_id)
            self._pause_by_asset[asset_id] = self._longer(own, error, at_s=at_s)

    def forget(self, asset_id: str) -> None:
        """Drop what is remembered of an asset that is not read here any more."""
        self._pause_by_asset.pop(asset_id, None)
        self._unanswered.discard(asset_id)

    def _note_sign_of_life(self) -> None:
        self._pause = None
        self._unanswered.clear()

    def _longer(self, pause: Pause | None, error: LinkError, *, at_s: float) -> Pause:
        policy = CREDENTIALS_REFUSED if isinstance(error, LinkAuthFailed) else UNREACHABLE
        cause = f"{error.reason}: {error}"
        return lengthen(pause, policy=policy, cause=cause, at_s=at_s, chance=self._chance())
