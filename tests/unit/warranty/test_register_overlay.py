"""The register says what a battery is and what covers it; the inventory, where it stands."""

from dataclasses import replace
from datetime import date

from batteryd.domain.warranty import NO_TERMS, LifeDates, WarrantyBasis, WarrantyTerms
from batteryd.warranty.coverage import last_covered_day
from batteryd.warranty.register_overlay import with_register
from tests.builders import make_battery, make_inventory
from tests.register_entries import make_entry

EXTENDED = WarrantyTerms(basis=WarrantyBasis.INSTALLED, months=120, extension_months=24)


def test_the_terms_that_people_imported_count_for_the_daemon() -> None:
    entry = make_entry(warranty=EXTENDED, serial_number="EC-0002", room_id="room-9", source=None)

    found = with_register(make_inventory(), {"rack-1": entry}).batteries["rack-1"]

    assert last_covered_day(found.warranty, found.dates) == date(2026, 8, 19)
    assert found == replace(make_battery(), warranty=EXTENDED, serial_number="EC-0002")


def test_a_term_that_the_register_does_not_have_is_not_filled_in() -> None:
    entry = make_entry(warranty=NO_TERMS, dates=LifeDates())

    found = with_register(make_inventory(), {"rack-1": entry}).batteries["rack-1"]

    assert last_covered_day(found.warranty, found.dates) is None


def test_a_battery_without_an_entry_is_as_the_inventory_has_it() -> None:
    inventory = make_inventory(make_battery(), make_battery("rack-2"))

    found = with_register(inventory, {"rack-2": make_entry("rack-2", model="LR-18")})

    assert found.batteries["rack-1"] == inventory.batteries["rack-1"]
    assert found.batteries["rack-2"].model == "LR-18"
