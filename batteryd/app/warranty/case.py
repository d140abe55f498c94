"""The case of one battery as far as its register entry goes; the ledger has more to add."""

from datetime import date

from batteryd.domain.register import RegisterEntry
from batteryd.report.warranty_case import WarrantyCase
from batteryd.warranty.coverage import assess, service_life_last_day
from batteryd.warranty.register_columns import cell_of


def case_of(entry: RegisterEntry, *, as_of: date, conflicts: tuple[str, ...]) -> WarrantyCase:
    """Return what an entry says and how that stands on a day."""
    battery, source = entry.battery, entry.battery.source
    return WarrantyCase(
        battery=battery,
        site=entry.site_id,
        room=cell_of(entry, "room"),
        ups=cell_of(entry, "ups") or None,
        dc_bus=cell_of(entry, "dc_bus") or None,
        profile=None if source is None else source.profile,
        address=None if source is None else source.address,
        assessment=assess(battery.asset_id, battery.warranty, battery.dates, as_of),
        service_life_last_day=service_life_last_day(battery.warranty, battery.dates),
        entered_by=entry.entered_by or None,
        approved_by=entry.approved_by,
        conflicts=conflicts,
    )
