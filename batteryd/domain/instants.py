"""Which instants are taken from people and files: those that can be shown in every time zone.

An instant in the ledger stays there, and everything that shows it later has to be able to. One
typed with a digit too many is refused where it comes in.
"""

FIRST_S = 0.0  # 1970-01-01T00:00:00Z
END_S = 32_503_680_000.0  # 3000-01-01T00:00:00Z
ALLOWED = "an instant from 1970 to 2999"


def can_be_shown(at_s: float) -> bool:
    """Return whether an instant lies in the years that are taken; NaN does not."""
    return FIRST_S <= at_s < END_S
