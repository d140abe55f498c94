"""Contract, register and device disagree: each disagreement is told, and which one counts."""

from datetime import date
from typing import Any

import pytest

from batteryd.domain.inventory import Battery
from batteryd.domain.nameplate import DeviceDate, Nameplate
from batteryd.domain.warranty import LifeDates, WarrantyBasis, WarrantyTerms
from batteryd.warranty.conflicts import Said, Speaker, conflicts_of
from tests.builders import make_battery

INSTALLED = WarrantyBasis.INSTALLED
DATES = LifeDates(manufactured_on=date(2013, 11, 4), installed_on=date(2014, 8, 20))


def battery(**terms: Any) -> Battery:
    known = WarrantyTerms(basis=INSTALLED, months=120, **terms)
    return make_battery(dates=DATES, warranty=known)


def day(text: str) -> DeviceDate:
    return DeviceDate(date.fromisoformat(text), text)


AGREEING = Nameplate(
    model="lr-17 ",
    serial="ec-0001",
    manufactured_on=day("2013-11-04"),
    last_replaced_on=day("2014-08-20"),
    replace_by=day("2024-08-19"),
)


def test_sources_that_agree_have_no_conflict() -> None:
    agreed = battery(ends_on=date(2024, 8, 19), service_life_years=10.0)

    assert conflicts_of(agreed, AGREEING) == ()
    assert conflicts_of(agreed, None) == ()


def test_what_only_one_source_says_is_no_conflict() -> None:
    silent = make_battery(
        serial_number=None, model=None, dates=LifeDates(), warranty=WarrantyTerms()
    )

    assert conflicts_of(silent, AGREEING) == ()
    assert conflicts_of(battery(), Nameplate()) == ()


@pytest.mark.parametrize(
    ("nameplate", "fact", "register", "device"),
    [
        (Nameplate(serial="EC-0002"), "serial_number", "EC-0001", "EC-0002"),
        (Nameplate(model="LR-18"), "model", "LR-17", "LR-18"),
        (
            Nameplate(manufactured_on=day("2014-01-04")),
            "manufactured_on",
            "2013-11-04",
            "2014-01-04",
        ),
        (Nameplate(last_replaced_on=day("2020-02-03")), "installed_on", "2014-08-20", "2020-02-03"),
    ],
)
def test_the_register_counts_before_the_device(
    nameplate: Nameplate, fact: str, register: str, device: str
) -> None:
    (conflict,) = conflicts_of(battery(), nameplate)

    assert conflict.fact == fact
    assert conflict.said == (Said(Speaker.REGISTER, register), Said(Speaker.DEVICE, device))
    assert conflict.counts is Speaker.REGISTER
    assert conflict.text == (
        f"the register has {register}, the device {device}: the register counts"
    )


def test_the_contract_counts_before_the_register() -> None:
    (conflict,) = conflicts_of(battery(ends_on=date(2024, 8, 31), extension_months=12), None)

    assert conflict.fact == "warranty_ends_on"
    assert conflict.said == (
        Said(Speaker.CONTRACT, "2024-08-31"),
        Said(Speaker.REGISTER, "2024-08-19"),
    )
    assert conflict.counts is Speaker.CONTRACT


def test_a_replace_by_date_is_held_against_the_service_life_and_is_no_end_of_a_warranty() -> None:
    asked = Nameplate(replace_by=day("2022-06-30"))

    (conflict,) = conflicts_of(battery(service_life_years=8.0), asked)

    assert conflict.fact == "replace_by"
    assert conflict.said == (
        Said(Speaker.REGISTER, "2022-08-19"),
        Said(Speaker.DEVICE, "2022-06-30"),
    )
    assert conflict.text == (
        "the device asks to be replaced by 2022-06-30, which is not the end of a warranty;"
        " the recommended service life ends on 2022-08-19, the warranty ends on 2024-08-19:"
        " the register counts"
    )


def test_without_a_service_life_a_replace_by_date_is_still_told_apart_from_the_warranty() -> None:
    (conflict,) = conflicts_of(battery(), Nameplate(replace_by=day("2022-06-30")))

    assert conflict.said[0] == Said(Speaker.REGISTER, "2024-08-19")
    assert "which is not the end of a warranty" in conflict.text


def test_a_date_that_nobody_can_read_disagrees_with_nothing() -> None:
    unread = Nameplate(
        manufactured_on=DeviceDate(None, "CPS"), last_replaced_on=DeviceDate(None, "07/30/20:7")
    )

    assert conflicts_of(battery(), unread) == ()
