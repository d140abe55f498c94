"""How far a value can be trusted, and why not.

One byte per value: its level is what decisions use, its code is what people are told. Levels are
ranges of the code, so a whole array is tested with one comparison: good is 0, uncertain 1 to 127,
bad 128 and more. A bad value is NaN in the snapshot; an uncertain one keeps its number. Codes are
stored in the journal: never renumber them.
"""

from enum import IntEnum

UNCERTAIN_FROM = 1
BAD_FROM = 128


class Quality(IntEnum):
    """Why a value is as good as it is."""

    GOOD = 0
    # Uncertain: the number is shown but opens no gate.
    UNCONFIRMED_JUMP = 1  # a single-read jump, until it repeats
    FROZEN = 2  # unchanged although its neighbours moved
    CONTRADICTED = 3  # another point of the device says otherwise
    # Bad: there is no number.
    MISSING = 128  # the answer did not contain it
    NOT_IMPLEMENTED = 129  # the device says that it does not have it
    SENTINEL = 130  # a reserved number that means "unknown"
    IMPLAUSIBLE = 131  # outside what this quantity can be on this device
    UNDECODABLE = 132  # text, length or type that does not fit
    REJECTED = 133  # the device refused this block
    LINK_FAILED = 134  # the poll failed as a whole

    @property
    def level(self) -> str:
        """Return `good`, `uncertain` or `bad`."""
        if self >= BAD_FROM:
            return "bad"
        return "uncertain" if self >= UNCERTAIN_FROM else "good"


QUALITY_TEXT = {
    Quality.GOOD: "good",
    Quality.UNCONFIRMED_JUMP: "jumped in a single read, not yet confirmed",
    Quality.FROZEN: "unchanged although its neighbours moved",
    Quality.CONTRADICTED: "contradicted by another point of the device",
    Quality.MISSING: "missing from the answer",
    Quality.NOT_IMPLEMENTED: "not implemented by the device",
    Quality.SENTINEL: "the device's number for unknown",
    Quality.IMPLAUSIBLE: "outside the plausible range",
    Quality.UNDECODABLE: "could not be decoded",
    Quality.REJECTED: "refused by the device",
    Quality.LINK_FAILED: "the device did not answer",
}
