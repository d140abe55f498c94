"""How long a device that failed is left alone: pure arithmetic over the failures so far.

Every failure in a row doubles the pause, from `first_s` up to `longest_s`. A pause is shortened by
a random part of itself (never lengthened, so the bound holds): a hundred devices that were lost at
one moment, because a switch was restarted, are not asked again at one moment.

The longest pause is short for a daemon, 30 s: recovery must be seen soon, and one request in 30 s
costs next to nothing. Refused credentials are different. They do not heal by themselves, and every
attempt is a line in somebody's security log or a step towards a locked account.
"""

from typing import NamedTuple

JITTER = 0.25  # the part of a pause that chance may take away


class BackoffPolicy(NamedTuple):
    """The bounds of the pauses after one kind of failure."""

    first_s: float
    longest_s: float


UNREACHABLE = BackoffPolicy(first_s=1.0, longest_s=30.0)
CREDENTIALS_REFUSED = BackoffPolicy(first_s=30.0, longest_s=300.0)


class Pause(NamedTuple):
    """No traffic before `until_s` (seconds that never jump), and why."""

    failures: int  # in a row
    until_s: float
    cause: str


def lengthen(
    pause: Pause | None, *, policy: BackoffPolicy, cause: str, at_s: float, chance: float
) -> Pause:
    """Return the pause after one more failure; `chance` is a random number from 0 to 1."""
    failures = pause.failures + 1 if pause else 1
    whole_s = policy.first_s
    for _ in range(failures - 1):
        if whole_s >= policy.longest_s:
            break
        whole_s *= 2
    duration_s = min(whole_s, policy.longest_s) * (1 - JITTER * chance)
    return Pause(failures, at_s + duration_s, cause)
