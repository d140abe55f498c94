"""What people measured with their own meter: absence of voltage at one battery.

Once a BMS is powered down nothing is heard of it any more, and a UPS's card often has no point for
a contactor. A recorded absence-of-voltage reading by a named person then stands in. It counts where
it is about this order and this battery, not of the future, young enough, and its value is within
the limit. It stands in for what is not heard; it never outvotes what was.

Bad news weighs more than good: where the newest record says that there is voltage, or has no value
at all, it speaks against isolation until somebody measures again, and no older record is proof.
"""

from dataclasses import dataclass

from batteryd.clearance.facts import Facts
from batteryd.clearance.wording import instant
from batteryd.domain.person import name_as_read
from batteryd.domain.work import Attestation, AttestationKind


@dataclass(frozen=True, slots=True)
class ByHand:
    """What the records about one battery come to; at most one of the two is there."""

    proof: Attestation | None = None  # absence of voltage, by somebody, recently
    contradiction: Attestation | None = None  # the newest record, where it shows no absence

    @property
    def evidence(self) -> dict[str, object] | None:
        """What the record that matters says; None where none does."""
        record = self.proof or self.contradiction
        if record is None:
            return None
        return {"by": record.by, "at": instant(record.at_s), "value_v": record.value}


def measured_by_hand(facts: Facts, *, asset_id: str) -> ByHand:
    """Return what people have measured at a battery until now."""
    records = sorted(
        (a for a in facts.attestations if _is_about(a, asset_id, facts)),
        # Of two at one instant the worse is the newer.
        key=lambda record: (record.at_s, not _shows_absence(record, facts)),
    )
    if records and not _shows_absence(records[-1], facts):
        return ByHand(contradiction=records[-1])
    counting = [record for record in records if _counts(record, facts)]
    return ByHand(proof=counting[-1]) if counting else ByHand()


def _is_about(record: Attestation, asset_id: str, facts: Facts) -> bool:
    return (
        record.kind is AttestationKind.ABSENCE_OF_VOLTAGE
        and record.work_order_id == facts.order.work_order_id
        and record.battery == asset_id
        and record.at_s <= facts.as_of_s
    )


def _shows_absence(record: Attestation, facts: Facts) -> bool:
    return record.value is not None and abs(record.value) <= facts.limits.bus_voltage_v_max


def _counts(record: Attestation, facts: Facts) -> bool:
    is_young = facts.as_of_s - record.at_s < facts.limits.absence_valid_s
    return is_young and bool(name_as_read(record.by)) and _shows_absence(record, facts)
