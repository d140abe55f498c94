"""Reads a written-down case: what `batteryd work check --case` decides on, without a daemon.

All mistakes are found in one go. What only shows across tables (a battery of which nobody has
spoken, an id twice) is looked at in what was written, right or not, so that one mistake never hides
another.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field, ValidationError

from batteryd.clearance.case_rows import (
    AcceptanceTable,
    AlarmTable,
    AttestationTable,
    BatteryTable,
    CaseTable,
    FindingTable,
    OrderTable,
    ServiceTable,
)
from batteryd.clearance.case_values import Instant
from batteryd.clearance.facts import Facts
from batteryd.errors import ConfigError, Mistake
from batteryd.mistakes import mistakes_of, unknown_text, value_text

_ABOUT_A_BATTERY = ("finding", "alarm", "attestation")


class CaseFile(CaseTable):
    """The whole file."""

    as_of: Instant
    work_order: OrderTable
    battery: Annotated[tuple[BatteryTable, ...], Field(strict=False)] = ()
    finding: Annotated[tuple[FindingTable, ...], Field(strict=False)] = ()
    alarm: Annotated[tuple[AlarmTable, ...], Field(strict=False)] = ()
    attestation: Annotated[tuple[AttestationTable, ...], Field(strict=False)] = ()
    risk_acceptance: Annotated[tuple[AcceptanceTable, ...], Field(strict=False)] = ()
    service: Annotated[tuple[ServiceTable, ...], Field(strict=False)] = ()

    def built(self) -> Facts:
        """Return what the checks take."""
        order, as_of_s = self.work_order, self.as_of.timestamp()
        return Facts(
            as_of_s=as_of_s,
            order=order.built(),
            batteries={battery.id: battery.built() for battery in self.battery},
            findings=tuple(f.built(number=n) for n, f in enumerate(self.finding, start=1)),
            alarms=tuple(alarm.built() for alarm in self.alarm),
            attestations=tuple(a.built(work_order_id=order.id) for a in self.attestation),
            acceptances=tuple(
                a.built(work_order_id=order.id, as_of_s=as_of_s) for a in self.risk_acceptance
            ),
            services=tuple(service.built() for service in self.service),
            utc_offset_s=(self.as_of.utcoffset() or timedelta()).total_seconds(),
        )


def parse_case(data: Mapping[str, Any], *, file: str) -> Facts:
    """Return the facts of a parsed case file; `file` is what mistakes call it.

    Raises:
        ConfigError: with every mistake in it.
    """
    mistakes: list[Mistake] = []
    case: CaseFile | None = None
    try:
        case = CaseFile.model_validate(dict(data))
    except ValidationError as error:
        mistakes.extend(mistakes_of(error, model=CaseFile, file=file))
    mistakes.extend(_mistakes_across(data, file=file))
    if case is None or mistakes:
        raise ConfigError(tuple(mistakes))
    return case.built()


def _mistakes_across(data: Mapping[str, Any], *, file: str) -> Iterator[Mistake]:
    batteries = _tables(data, "battery")
    first: dict[str, int] = {}
    for number, table in batteries:
        name = table.get("id")
        if isinstance(name, str) and first.setdefault(name, number) != number:
            allowed = f"an id of its own: battery.{first[name]} has this one"
            yield Mistake(file, f"battery.{number}.id", value_text(name), allowed)
    yield from _mistakes_of_order(data, file=file, known=sorted(first))
    yield from _mistakes_of_references(data, file=file, known=sorted(first))


def _mistakes_of_order(
    data: Mapping[str, Any], *, file: str, known: list[str]
) -> Iterator[Mistake]:
    order = data.get("work_order")
    named = order.get("batteries") if isinstance(order, dict) else None
    seen: set[str] = set()
    for number, name in enumerate(named if isinstance(named, list) else (), start=1):
        key = f"work_order.batteries.{number}"
        if not isinstance(name, str):
            continue  # said already
        if name not in known:
            yield Mistake(file, key, value_text(name), unknown_text("battery", name, known=known))
        elif name in seen:
            yield Mistake(file, key, value_text(name), "each battery once")
        seen.add(name)


def _mistakes_of_references(
    data: Mapping[str, Any], *, file: str, known: list[str]
) -> Iterator[Mistake]:
    for kind in _ABOUT_A_BATTERY:
        for number, table in _tables(data, kind):
            name = table.get("battery")
            if isinstance(name, str) and name not in known:
                allowed = unknown_text("battery", name, known=known)
                yield Mistake(file, f"{kind}.{number}.battery", value_text(name), allowed)
    for number, table in _tables(data, "alarm"):
        if "battery" not in table and "room" not in table:
            yield Mistake(file, f"alarm.{number}.room", "", "battery or room: where it is")


def _tables(data: Mapping[str, Any], kind: str) -> list[tuple[int, dict[str, Any]]]:
    written = data.get(kind)
    numbered = enumerate(written if isinstance(written, list) else (), start=1)
    return [(number, table) for number, table in numbered if isinstance(table, dict)]
