"""Which check applies to which kind of work, and what named people have to attest before it.

kind                           01  02  03  04  05  06  07  08  09
relocate, disconnect, replace  x   x   x   x   x   x   x   x   x
test                           x   x           x   x   x   x   x
inspect                        w   w           x   x   x       x      x holds, w only warns
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from batteryd.domain.clearance import HoldCode
from batteryd.domain.work import AttestationKind, WorkKind


@dataclass(frozen=True, slots=True)
class Demands:
    """What one kind of work demands; a code in neither tuple does not apply."""

    holds: tuple[HoldCode, ...]
    attested: tuple[AttestationKind, ...]  # about the whole order, for PW-07
    warns: tuple[HoldCode, ...] = ()


_TAKEN_APART = Demands(
    holds=tuple(HoldCode),
    attested=(
        AttestationKind.BRIEFING,
        AttestationKind.INSULATED_TOOLS,
        AttestationKind.INSULATED_CONDUCTORS,
        AttestationKind.SUPERVISOR_ON_SITE,
        AttestationKind.CONTRACTOR_IS_AWARDED_FIRM,
    ),
)
_TESTED = Demands(
    holds=(
        HoldCode.LIFE_OVER,
        HoldCode.FINDING_OPEN,
        HoldCode.NOT_OBSERVED,
        HoldCode.ALARM_IN_ROOM,
        HoldCode.ATTESTATION_MISSING,
        HoldCode.OWNER_NOT_NOTIFIED,
        HoldCode.PERMIT_VOID,
    ),
    attested=(AttestationKind.BRIEFING, AttestationKind.SUPERVISOR_ON_SITE),
)
_LOOKED_AT = Demands(
    holds=(
        HoldCode.NOT_OBSERVED,
        HoldCode.ALARM_IN_ROOM,
        HoldCode.ATTESTATION_MISSING,
        HoldCode.PERMIT_VOID,
    ),
    attested=(AttestationKind.BRIEFING,),
    warns=(HoldCode.LIFE_OVER, HoldCode.FINDING_OPEN),
)

MATRIX: Mapping[WorkKind, Demands] = MappingProxyType(
    {
        WorkKind.RELOCATE: _TAKEN_APART,
        WorkKind.DISCONNECT: _TAKEN_APART,
        WorkKind.REPLACE: _TAKEN_APART,
        WorkKind.TEST: _TESTED,
        WorkKind.INSPECT: _LOOKED_AT,
    }
)
