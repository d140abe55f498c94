"""What a file says against what the register has."""

from dataclasses import replace
from datetime import date

from batteryd.domain.register import RegisterEntry
from batteryd.domain.warranty import LifeDates, WarrantyBasis, WarrantyTerms
from batteryd.warranty.register import as_of
from batteryd.warranty.register_difference import CellChange, Difference, difference, retired
from tests.register_entries import make_entry, recorded

TODAY = date(2025, 9, 26)
HELD = make_entry()
EXTENDED = WarrantyTerms(basis=WarrantyBasis.INSTALLED, months=120, extension_months=24)


def against(
    held: list[RegisterEntry], *said: RegisterEntry, is_day_given: bool = False, day: date = TODAY
) -> Difference:
    """Hold what is said from a day on against what was recorded."""
    entries = {entry.asset_id: replace(entry, effective_on=day) for entry in said}
    return difference(recorded(*held), entries, is_day_given=is_day_given, day=day)


def test_a_change_is_told_column_by_column() -> None:
    found = against([HELD], make_entry(serial_number=None, warranty=EXTENDED, capacity_ah=62.5))

    assert found.changed[0].cells == (
        CellChange("serial_number", "EC-0001", ""),
        CellChange("capacity_ah", "120", "62.5"),
        CellChange("warranty_extension_months", "", "24"),
    )
    assert found.changed[0].entry.effective_on == TODAY
    assert (found.added, found.missing, found.unchanged_count) == ((), (), 0)


def test_who_says_the_same_again_says_nothing_and_the_approval_stays() -> None:
    again = replace(HELD, entered_by="somebody else", approved_by=None, source="copy.csv")

    found = against([HELD], again)

    assert found.entries == ()
    assert found.unchanged_count == 1


def test_an_approval_that_the_file_itself_names_is_a_change() -> None:
    approved = replace(HELD.battery.warranty, entered_by="J. Kim", approved_by="S. Park")

    found = against([HELD], make_entry(warranty=approved))

    assert [cell.column for cell in found.changed[0].cells] == ["entered_by", "approved_by"]


def test_a_battery_that_moves_to_another_site_has_changed() -> None:
    found = against([HELD], replace(HELD, site_id="gwangju"))

    assert found.changed[0].cells == (CellChange("site", "daejeon", "gwangju"),)


def test_what_a_file_does_not_mention_is_missing_and_stays() -> None:
    other = make_entry("rack-2")

    found = against([HELD, other], HELD)

    assert found.missing == (other,)
    assert found.entries == ()


def test_a_new_battery_counts_from_the_day_it_came_unless_a_day_is_named() -> None:
    new = make_entry("rack-2", dates=LifeDates(delivered_on=date(2019, 5, 10)))

    by_itself = against([], new)
    named = against([], new, is_day_given=True, day=date(2020, 1, 1))

    assert [e.effective_on for e in by_itself.added] == [date(2019, 5, 10)]
    assert [e.effective_on for e in named.added] == [date(2020, 1, 1)]


def test_a_battery_that_was_retired_comes_back_today_and_not_in_its_past() -> None:
    gone = make_entry(effective_on=date(2025, 1, 1), is_retired=True)

    found = against([HELD, gone], HELD)

    assert [e.effective_on for e in found.added] == [TODAY]


def test_a_change_before_a_later_entry_says_that_it_is_outlived() -> None:
    later = make_entry(effective_on=date(2025, 1, 1), model="LR-18")

    found = against(
        [HELD, later], make_entry(model="LR-16"), is_day_given=True, day=date(2020, 1, 1)
    )

    assert found.changed[0].cells == (CellChange("model", "LR-17", "LR-16"),)
    assert found.outlived == ("rack-1",)


def test_the_same_file_again_is_no_difference() -> None:
    first = against([], HELD, make_entry("rack-2", dates=LifeDates()))

    again = difference(
        recorded(*first.entries),
        {e.asset_id: replace(e, effective_on=TODAY) for e in first.entries},
        is_day_given=False,
        day=TODAY,
    )

    assert again.entries == ()
    assert again.unchanged_count == 2


def test_a_retired_battery_leaves_on_its_day_and_nobody_has_approved_that() -> None:
    gone = retired(HELD, day=TODAY, by="J. Kim", source="new.csv", source_sha256="cd" * 32)

    assert (gone.is_retired, gone.approved_by, gone.source) == (True, None, "new.csv")
    assert as_of(recorded(HELD, gone), day=date(2025, 9, 25)) == {"rack-1": HELD}
    assert as_of(recorded(HELD, gone), day=TODAY) == {}
