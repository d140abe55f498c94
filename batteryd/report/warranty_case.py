"""What is known of one battery on the day that a warranty report is about.

The report judges nothing. Whoever makes one (the command line, a schedule) gathers the cases: the
register's entry as of the day, what its terms come to, and what else was recorded by then. None
always means that nobody could look, which is not the same as nothing found.
"""

from dataclasses import dataclass
from datetime import date

from batteryd.domain.inventory import Battery, Service
from batteryd.domain.warranty import WarrantyAssessment
from batteryd.domain.work import Finding


@dataclass(frozen=True, slots=True)
class WarrantyCase:
    """One battery.

    What the register calls its place is kept as it is written, and so is a profile without an
    address, though nothing is polled by it.
    """

    battery: Battery
    site: str
    room: str
    assessment: WarrantyAssessment
    service_life_last_day: date | None
    ups: str | None = None
    dc_bus: str | None = None
    profile: str | None = None
    address: str | None = None
    entered_by: str | None = None
    approved_by: str | None = None
    effective_on: date | None = None  # from which day the entry counts
    register_seq: int | None = None  # of the ledger entry that recorded it
    recorded_at_s: float | None = None
    findings: tuple[Finding, ...] | None = None  # open on the day
    conditions: tuple[str, ...] | None = None  # what threatens a claim, a sentence each
    conflicts: tuple[str, ...] | None = None  # where contract, register and device disagree
    services: tuple[Service, ...] | None = None  # that depend on it, most important grade first
    is_observed: bool | None = None  # whether its device ever answered

    @property
    def as_of(self) -> date:
        """The day that is asked about."""
        return self.assessment.as_of
