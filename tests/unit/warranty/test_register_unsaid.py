"""A CSV is silent of some things; silence changes nothing."""

from dataclasses import replace

from batteryd.domain.inventory import Geometry, Source
from batteryd.domain.register import RegisterEntry
from batteryd.warranty.register_unsaid import with_unsaid
from tests.register_entries import make_entry

BUILT = Geometry(1, 17, 14, 2)
POLLED = Source("modbus://10.0.5.31/1", "lithium-rack", credential="bms", poll_interval_s=5.0)
FROM_TOML = make_entry(geometry=BUILT, source=POLLED)
FROM_CSV = make_entry(geometry=Geometry(), source=Source(POLLED.address, POLLED.profile))


def filled(said: RegisterEntry, *, held: RegisterEntry | None) -> RegisterEntry:
    register = {} if held is None else {held.asset_id: held}
    return with_unsaid({said.asset_id: said}, register=register)[said.asset_id]


def test_what_a_csv_cannot_say_stays_as_it_was() -> None:
    assert filled(FROM_CSV, held=FROM_TOML).battery == FROM_TOML.battery


def test_what_it_says_counts() -> None:
    moved = Source("modbus://10.0.5.32/1", POLLED.profile)
    said = replace(FROM_CSV, battery=replace(FROM_CSV.battery, capacity_ah=62.5, source=moved))

    found = filled(said, held=FROM_TOML).battery

    assert (found.capacity_ah, found.geometry) == (62.5, BUILT)
    assert found.source == replace(POLLED, address=moved.address)


def test_a_battery_that_is_polled_no_more_has_no_interval_left() -> None:
    said = replace(FROM_CSV, battery=replace(FROM_CSV.battery, source=None))

    assert filled(said, held=FROM_TOML).battery.source is None


def test_a_battery_that_is_new_is_as_the_csv_says() -> None:
    assert filled(FROM_CSV, held=None) == FROM_CSV
