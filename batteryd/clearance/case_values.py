"""Values as a written-down case has them: instants with an offset, days, names.

TOML's own instants and days are taken, and the same as text. An instant without an offset could be
any of 27 hours and is refused.
"""

import re
from contextlib import suppress
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, Strict

from batteryd.clearance.wording import UNKNOWN_S
from batteryd.domain.instants import can_be_shown
from batteryd.domain.inventory import Chemistry
from batteryd.domain.work import AttestationKind

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_CHEMISTRY_SPELLINGS = {"NCM": "NMC"}
# The others are said of services, or after the work.
_ATTESTED_BEFORE = (
    AttestationKind.BRIEFING,
    AttestationKind.INSULATED_TOOLS,
    AttestationKind.INSULATED_CONDUCTORS,
    AttestationKind.SUPERVISOR_ON_SITE,
    AttestationKind.CONTRACTOR_IS_AWARDED_FIRM,
    AttestationKind.ABSENCE_OF_VOLTAGE,
)


def seconds(at: datetime | None) -> float:
    """Return an instant as the checks take it; `UNKNOWN_S` where it is not written."""
    return UNKNOWN_S if at is None else at.timestamp()


def seconds_or_none(at: datetime | None) -> float | None:
    """Return an instant as the checks take it; None where it is not written."""
    return None if at is None else at.timestamp()


def _instant(value: object) -> datetime:
    allowed = "an instant with an offset, such as 2025-09-26T19:00:00+09:00"
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError(allowed) from None
    if not isinstance(at, datetime) or at.tzinfo is None or not can_be_shown(at.timestamp()):
        raise ValueError(allowed)
    return at


def _day(value: object) -> date:
    with suppress(ValueError):
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    if type(value) is date:  # an instant is a date to Python, and no day
        return value
    raise ValueError("a date as YYYY-MM-DD")


def _chemistry(value: object) -> object:
    return _CHEMISTRY_SPELLINGS.get(value, value) if isinstance(value, str) else value


def _attested_before(kind: AttestationKind) -> AttestationKind:
    if kind not in _ATTESTED_BEFORE:
        raise ValueError(f"one of {', '.join(_ATTESTED_BEFORE)}")
    return kind


Name = Annotated[str, Field(min_length=1, max_length=160)]
Text = Annotated[str, Field(max_length=4000)]
Names = Annotated[tuple[Annotated[str, Field(max_length=160)], ...], Strict(strict=False)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Day = Annotated[date, BeforeValidator(_day)]
KnownChemistry = Annotated[Chemistry, Strict(strict=False), BeforeValidator(_chemistry)]
AttestedBefore = Annotated[AttestationKind, Strict(strict=False), AfterValidator(_attested_before)]
