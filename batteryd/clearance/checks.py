"""The checks before work starts: one pure function a code, all in one table.

Each takes everything that is known and yields what speaks against it: one hold a subject, with a
sentence for the shift lead and the evidence. A check does not know the kind of work it is asked
about; `matrix` says whether its holds hold, warn or do not apply.

Order of facts. Every check is monotone: making a fact worse or unknown can add holds and never
takes one away. That decides the details. A comparison is written so that an unknown number holds;
what may be on the bus, in the room or behind the UPS counts as being there.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from batteryd.clearance.checks_charge import charge_too_high
from batteryd.clearance.checks_isolation import not_isolated
from batteryd.clearance.checks_life import finding_open, life_over
from batteryd.clearance.checks_observed import measured_instead, not_observed
from batteryd.clearance.checks_people import attestation_missing
from batteryd.clearance.checks_permit import permit_void
from batteryd.clearance.checks_room import alarm_in_room
from batteryd.clearance.checks_services import lesser_owner_not_notified, owner_not_notified
from batteryd.clearance.facts import Facts
from batteryd.domain.clearance import Hold, HoldCode

Check = Callable[[Facts], Iterable[Hold]]

CHECKS: Mapping[HoldCode, Check] = MappingProxyType(
    {
        HoldCode.LIFE_OVER: life_over,
        HoldCode.FINDING_OPEN: finding_open,
        HoldCode.CHARGE_TOO_HIGH: charge_too_high,
        HoldCode.NOT_ISOLATED: not_isolated,
        HoldCode.NOT_OBSERVED: not_observed,
        HoldCode.ALARM_IN_ROOM: alarm_in_room,
        HoldCode.ATTESTATION_MISSING: attestation_missing,
        HoldCode.OWNER_NOT_NOTIFIED: owner_not_notified,
        HoldCode.PERMIT_VOID: permit_void,
    }
)

# What is shown beside a check wherever it holds, and never holds itself.
REMARKS: Mapping[HoldCode, Check] = MappingProxyType(
    {
        HoldCode.NOT_OBSERVED: measured_instead,
        HoldCode.OWNER_NOT_NOTIFIED: lesser_owner_not_notified,
    }
)
