"""One address on the network (host and port) and everything that is asked over it.

Several units may stand behind one endpoint: racks behind a Modbus gateway. They take turns, one
whole poll at a time, because a gateway has one serial line and often admits one client. They also
share what is learnt about the way to them, so the question after a failure is whom to leave alone:

    refused, reset, no route    the endpoint: nobody behind it can be reached either
    time-out                    the unit alone, for a dead rack must not blind us to its neighbours;
                                the endpoint as soon as a second unit times out and nobody answered
                                in between
    rejected, credentials,      the unit alone: something at the endpoint is alive and did answer
    out of step

During a pause nothing is sent. When it is over, the unit whose turn comes first tries for all: if
it fails, the pause is renewed before the next one gets its turn.
"""

import asyncio
import random
from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple

from batteryd.devices.backoff import (
    CREDENTIALS_REFUSED,
    UNREACHABLE,
    BackoffPolicy,
    Pause,
    lengthen,
)
from batteryd.errors import (
    DeviceRejected,
    LinkAuthFailed,
    LinkError,
    LinkOutOfStep,
    LinkRefused,
    LinkTimeout,
)


class Endpoint:
    """Turns and pauses of the assets behind one host and port."""

    def __init__(self, name: str, *, chance: Callable[[], float] = random.random) -> None:
        self.name = name  # as people know it, e.g. 10.0.5.11:502; never with a credential
        self.turn = asyncio.Lock()
        self._chance = chance
        self._pause: Pause | None = None
        self._pause_by_asset: dict[str, Pause] = {}
        self._timed_out: set[str] = set()  # assets, since anybody behind this endpoint answered

    def pause_cause(self, asset_id: str, *, at_s: float) -> str | None:
        """Return why this asset must not be asked at present, or None when it may be."""
        for pause in (self._pause, self._pause_by_asset.get(asset_id)):
            if pause is not None and at_s < pause.until_s:
                return pause.cause
        return None

    def answered(self, asset_id: str) -> None:
        """Note that an asset was read."""
        self._pause_by_asset.pop(asset_id, None)
        self._is_alive()

    def failed(self, asset_id: str, error: LinkError, *, at_s: float) -> None:
        """Note that an asset was not read, and decide whom to leave alone for how long."""
        verdict = _VERDICTS.get(type(error), _VERDICTS[LinkError])
        if verdict.blame is Blame.ASSET:
            self._is_alive()
        if verdict.blame is Blame.UNCLEAR:
            self._timed_out.add(asset_id)
        if verdict.blame is Blame.ENDPOINT or len(self._timed_out) > 1:
            self._pause = self._longer(self._pause, error, policy=verdict.policy, at_s=at_s)
        else:
            self._pause_by_asset[asset_id] = self._longer(
                self._pause_by_asset.get(asset_id), error, policy=verdict.policy, at_s=at_s
            )

    def forget(self, asset_id: str) -> None:
        """Drop what is remembered of an asset that is not read here any more."""
        self._pause_by_asset.pop(asset_id, None)
        self._timed_out.discard(asset_id)

    def _is_alive(self) -> None:
        self._pause = None
        self._timed_out.clear()

    def _longer(
        self, pause: Pause | None, error: LinkError, *, policy: BackoffPolicy, at_s: float
    ) -> Pause:
        cause = f"{error.reason}: {error}"
        return lengthen(pause, policy=policy, cause=cause, at_s=at_s, chance=self._chance())


class Blame(Enum):
    """Whose failure a failed poll was."""

    ENDPOINT = auto()
    ASSET = auto()
    UNCLEAR = auto()


class _Verdict(NamedTuple):
    blame: Blame
    policy: BackoffPolicy


_VERDICTS = {
    LinkError: _Verdict(Blame.ASSET, UNREACHABLE),
    LinkRefused: _Verdict(Blame.ENDPOINT, UNREACHABLE),
    LinkTimeout: _Verdict(Blame.UNCLEAR, UNREACHABLE),
    LinkAuthFailed: _Verdict(Blame.ASSET, CREDENTIALS_REFUSED),
    LinkOutOfStep: _Verdict(Blame.ASSET, UNREACHABLE),
    DeviceRejected: _Verdict(Blame.ASSET, UNREACHABLE),
}
