"""What a message says that a tired reader would otherwise have to work out."""

from dataclasses import replace
from typing import Any

import pytest

from batteryd.notify.sample import sample_notifications
from batteryd.notify.template import TextTemplate, context_of

HOT, RETURNED, WARMER, SILENT, REVOKED = sample_notifications()


def told(**body: object) -> dict[str, Any]:
    """Return the texts of the sample of a silent device, with other facts in it."""
    return context_of(replace(SILENT, body={**SILENT.body, **body}), secrets={})


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ 0.0098|amount('V') }}", "10 mV"),
        ("{{ (-0.006)|amount('V') }}", "-6 mV"),
        ("{{ 0.1|amount('V') }}", "0.1 V"),
        ("{{ 0.0|amount('V') }}", "0 V"),
        ("{{ 'no answer'|in_local_time('Asia/Seoul') }}", "no answer"),
        (
            "{{ 'open between 2025-09-26T11:16:44Z and 2025-09-26T15:00:04.5Z'"
            "|in_local_time('Asia/Seoul') }}",
            "open between 2025-09-26 20:16:44 KST and 2025-09-27 00:00:04 KST",
        ),
    ],
)
def test_small_voltages_and_instants_are_written_for_people(source: str, text: str) -> None:
    assert TextTemplate(source).render({}) == text


def test_a_sentence_tells_the_time_of_the_site_and_programs_get_it_as_it_was() -> None:
    why = "Rack B2: no answer for 60 s, since 2025-09-26T11:16:44Z (timeout)"

    message = told(why=why, time_zone="Asia/Seoul")

    assert "since 2025-09-26 20:16:44 KST (timeout)." in message["text"]
    assert message["why"] == why


def test_a_number_that_has_no_unit_and_no_meaning_is_left_to_the_sentence() -> None:
    assert "Value" not in told(value=61.723, setpoint=60)["text"]
    assert (
        "Value     3, limit 3 (3 low, 4 depleted)"
        in (told(value=3.0, setpoint=3.0, meaning="3 low, 4 depleted")["text"])
    )


def test_a_warranty_is_not_told_twice_in_one_paragraph() -> None:
    summary = told(
        why="out of warranty: 2024-08-19 was the last covered day (the contract names it)",
        warranty_status="expired",
        warranty_last_day="2024-08-19",
    )["summary"]

    assert summary.endswith("(the contract names it). No service is known to depend on it.")


@pytest.mark.parametrize(("days", "said"), [(1, "1 day left"), (0, "0 days left")])
def test_one_day_is_a_day(days: int, said: str) -> None:
    facts = {"warranty_status": "expiring", "warranty_last_day": "2026-11-29"}

    assert f"Warranty  until 2026-11-29, {said}\n" in told(warranty_days_left=days, **facts)["text"]


def test_an_order_whose_people_are_not_concerned_stands_alone() -> None:
    assert "\nPermit    WO-7\n" in told(work_order_id="WO-7", people=[])["text"]


def test_what_batteryd_says_of_itself_says_nothing_of_a_battery() -> None:
    message = told(asset_id="batteryd", asset="batteryd", why="the audit chain does not hold")

    assert message["summary"] == "batteryd: the audit chain does not hold."
    assert "About     batteryd itself, not a battery" in message["text"]
    for word in ("Warranty", "Services", "Data "):
        assert word not in message["text"]
