"""What a clearance is decided on: everything that is known, at one instant, in one value.

The daemon gathers it from inventory, snapshots, alarms and ledger; `work check --case` reads it
from a file. None always means unknown, and unknown never opens a gate.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from batteryd.domain.inventory import Chemistry
from batteryd.domain.work import Attestation, Finding, RiskAcceptance, WorkKind


class AlarmTrouble(StrEnum):
    """What an alarm is about, as far as it matters before work."""

    THERMAL = "thermal"
    IMBALANCE = "imbalance"
    INSULATION = "insulation"
    GAS = "gas"
    COMMUNICATION = "communication"


@dataclass(frozen=True, slots=True)
class Reading:
    """The newest that a battery's device said. Of several strings the worst counts."""

    observed_at_s: float | None = None
    soc_pct: float | None = None
    voltage_v: float | None = None
    current_a: float | None = None
    bus_voltage_v: float | None = None
    contactor_closed: bool | None = None
    breaker_closed: bool | None = None
    temperature_c_max: float | None = None


NO_READING = Reading()


@dataclass(frozen=True, slots=True)
class BatteryFacts:
    """One battery: in scope, or beside it on the same DC bus or in the same room.

    `points_lacking` names the fields of `Reading` that its device does not have at all, as opposed
    to those that it has and does not tell at present: only there does a reading by hand stand in.
    """

    asset_id: str
    room_id: str | None = None
    dc_bus_id: str | None = None
    ups_id: str | None = None
    chemistry: Chemistry | None = None
    cell_count: int | None = None  # in series
    warranty_last_day: date | None = None
    service_life_last_day: date | None = None
    reading: Reading = NO_READING
    points_lacking: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AlarmFacts:
    """An alarm; `returned_at_s` is None while it is active."""

    trouble: AlarmTrouble
    raised_at_s: float
    returned_at_s: float | None = None
    asset_id: str | None = None
    room_id: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """A service with its grade as of the check, and what it depends on.

    A dependency that is not written is none, unless neither is: then nobody knows, and anything
    may take it down.
    """

    name: str
    grade: int | None
    ups_id: str | None = None
    room_id: str | None = None
    owner_notified_at_s: float | None = None
    recovery_copy_confirmed_at_s: float | None = None


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """The work. The days are those of the site: a warranty ends at its midnight.

    `changed_at_s` is when it became other work: another kind, or other batteries. None: never.
    """

    work_order_id: str
    kind: WorkKind
    starts_at_s: float
    ends_at_s: float
    last_day: date  # the last planned day
    batteries: tuple[str, ...]
    people: tuple[str, ...]
    changed_at_s: float | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """The GO that stands: until when, and what was read when it was given."""

    granted_at_s: float
    valid_until_s: float
    readings: Mapping[str, Reading] = field(default_factory=dict)  # by asset id


@dataclass(frozen=True, slots=True)
class ClearanceLimits:
    """Numbers that the checks compare with; a site may set its own ([clearance])."""

    soc_pct_max: float = 30.0
    soc_margin_pct: float = 10.0
    current_a_max: float = 1.0  # either way: "about 0"
    bus_voltage_v_max: float = 5.0
    stale_after_s: float = 60.0
    alarm_lookback_s: float = 86_400.0
    absence_valid_s: float = 43_200.0  # how long an absence-of-voltage reading counts
    go_valid_s: float = 28_800.0  # how long a GO lasts at most
    soc_rise_pct_max: float = 2.0  # since the GO
    temperature_rise_k_max: float = 3.0  # since the GO


DEFAULT_LIMITS = ClearanceLimits()


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a clearance is decided on.

    A record that names another work order does not count. `utc_offset_s` is the site's at the
    check: by it the day is found that findings are opened and closed on.
    """

    as_of_s: float
    order: OrderFacts
    batteries: Mapping[str, BatteryFacts]  # those in scope and all around them
    findings: tuple[Finding, ...] = ()
    alarms: tuple[AlarmFacts, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    acceptances: tuple[RiskAcceptance, ...] = ()
    services: tuple[ServiceFacts, ...] = ()
    grant: Grant | None = None
    limits: ClearanceLimits = DEFAULT_LIMITS
    utc_offset_s: float = 0.0

    @property
    def day(self) -> date:
        """The day of the check, on the site's calendar."""
        here = datetime.fromtimestamp(self.as_of_s, UTC) + timedelta(seconds=self.utc_offset_s)
        return here.date()
