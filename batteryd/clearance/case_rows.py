"""What a written-down case may say: the keys of every table, and what they may hold.

Tables are strict: text that looks like a number is no number, and a key that nobody knows is a
mistake, as a misspelt `contactor_closed` would be an unknown switch.
"""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationInfo, field_validator

from batteryd.clearance.case_values import (
    AttestedBefore,
    Day,
    Instant,
    KnownChemistry,
    Name,
    Names,
    Text,
    seconds,
    seconds_or_none,
)
from batteryd.clearance.facts import (
    AlarmFacts,
    AlarmTrouble,
    BatteryFacts,
    OrderFacts,
    Reading,
    ServiceFacts,
)
from batteryd.domain.work import Attestation, Finding, RiskAcceptance, WorkKind


class CaseTable(BaseModel):
    """One table of a case."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class OrderTable(CaseTable):
    """`[work_order]`."""

    id: Name
    kind: Annotated[WorkKind, Strict(strict=False)]
    starts_at: Instant
    ends_at: Instant
    batteries: Names
    people: Names = ()

    @field_validator("ends_at")
    @classmethod
    def _ends_after_its_start(cls, ends_at: datetime, info: ValidationInfo) -> datetime:
        starts_at = info.data.get("starts_at")
        if starts_at is not None and ends_at <= starts_at:
            raise ValueError(f"an instant after starts_at, {starts_at.isoformat()}")
        return ends_at

    @field_validator("batteries")
    @classmethod
    def _names_batteries(cls, batteries: tuple[str, ...]) -> tuple[str, ...]:
        if not batteries:
            raise ValueError("a list of battery ids, at least one")
        return batteries

    def built(self) -> OrderFacts:
        """Return what the checks take."""
        return OrderFacts(
            work_order_id=self.id,
            kind=self.kind,
            starts_at_s=self.starts_at.timestamp(),
            ends_at_s=self.ends_at.timestamp(),
            last_day=self.ends_at.date(),
            batteries=self.batteries,
            people=self.people,
        )


class BatteryTable(CaseTable):
    """`[[battery]]`; what is absent is unknown."""

    id: Name
    room: Name | None = None
    dc_bus: Name | None = None
    ups: Name | None = None
    chemistry: KnownChemistry | None = None
    cell_count: Annotated[int, Field(ge=1, le=9999)] | None = None
    warranty_ends_on: Day | None = None
    service_life_ends_on: Day | None = None
    observed_at: Instant | None = None
    soc_pct: Annotated[float, Field(ge=0, le=100)] | None = None
    voltage_v: Annotated[float, Field(ge=0)] | None = None
    current_a: float | None = None
    bus_voltage_v: float | None = None
    contactor_closed: bool | None = None
    breaker_closed: bool | None = None

    def built(self) -> BatteryFacts:
        """Return what the checks take."""
        reading = Reading(
            observed_at_s=seconds_or_none(self.observed_at),
            soc_pct=self.soc_pct,
            voltage_v=self.voltage_v,
            current_a=self.current_a,
            bus_voltage_v=self.bus_voltage_v,
            contactor_closed=self.contactor_closed,
            breaker_closed=self.breaker_closed,
        )
        return BatteryFacts(
            asset_id=self.id,
            room_id=self.room,
            dc_bus_id=self.dc_bus,
            ups_id=self.ups,
            chemistry=self.chemistry,
            cell_count=self.cell_count,
            warranty_last_day=self.warranty_ends_on,
            service_life_last_day=self.service_life_ends_on,
            reading=reading,
            points_lacking=_points_lacking(reading),
        )


def _points_lacking(reading: Reading) -> frozenset[str]:
    """Return what the device of a written-down battery does not have.

    A file has no layout to look at. Where it tells neither switch it describes a device that sees
    no switches, and what else of isolation it leaves out, that device does not see either. Where it
    tells one of them, the device sees its isolation, and what is left out is unknown.
    """
    if reading.contactor_closed is not None or reading.breaker_closed is not None:
        return frozenset()
    points = ("contactor_closed", "breaker_closed", "current_a", "bus_voltage_v")
    return frozenset(name for name in points if getattr(reading, name) is None)


class FindingTable(CaseTable):
    """`[[finding]]`."""

    battery: Name
    opened_on: Day
    text: Text
    closed_on: Day | None = None

    def built(self, *, number: int) -> Finding:
        """Return the domain's noun; `number` counts the tables from 1."""
        return Finding(
            finding_id=f"finding.{number}",
            asset_id=self.battery,
            opened_on=self.opened_on,
            opened_by="",
            text=self.text,
            closed_on=self.closed_on,
        )


class AlarmTable(CaseTable):
    """`[[alarm]]`."""

    kind: Annotated[AlarmTrouble, Strict(strict=False)]
    raised_at: Instant
    returned_at: Instant | None = None
    battery: Name | None = None
    room: Name | None = None

    def built(self) -> AlarmFacts:
        """Return what the checks take."""
        return AlarmFacts(
            trouble=self.kind,
            raised_at_s=self.raised_at.timestamp(),
            returned_at_s=seconds_or_none(self.returned_at),
            asset_id=self.battery,
            room_id=self.room,
        )


class AttestationTable(CaseTable):
    """`[[attestation]]`; one without a name or an instant counts for nothing."""

    kind: AttestedBefore
    by: Text = ""
    at: Instant | None = None
    battery: Name | None = None
    people: Names = ()
    value: float | None = None

    def built(self, *, work_order_id: str) -> Attestation:
        """Return the domain's noun."""
        return Attestation(
            work_order_id=work_order_id,
            kind=self.kind,
            by=self.by,
            at_s=seconds(self.at),
            battery=self.battery,
            people=self.people,
            value=self.value,
        )


class AcceptanceTable(CaseTable):
    """`[[risk_acceptance]]`; it has no instant of its own and is of the check's."""

    code: Name
    by: Names = ()
    expires_at: Instant | None = None
    reason: Text = ""

    def built(self, *, work_order_id: str, as_of_s: float) -> RiskAcceptance:
        """Return the domain's noun."""
        return RiskAcceptance(
            work_order_id=work_order_id,
            code=self.code,
            by=self.by,
            expires_at_s=seconds(self.expires_at),
            reason=self.reason,
            at_s=as_of_s,
        )


class ServiceTable(CaseTable):
    """`[[service]]`."""

    name: Name
    grade: Annotated[int, Field(ge=1, le=4)] | None = None
    ups: Name | None = None
    room: Name | None = None
    owner_notified_at: Instant | None = None
    recovery_copy_confirmed_at: Instant | None = None

    def built(self) -> ServiceFacts:
        """Return what the checks take."""
        return ServiceFacts(
            name=self.name,
            grade=self.grade,
            ups_id=self.ups,
            room_id=self.room,
            owner_notified_at_s=seconds_or_none(self.owner_notified_at),
            recovery_copy_confirmed_at_s=seconds_or_none(self.recovery_copy_confirmed_at),
        )
