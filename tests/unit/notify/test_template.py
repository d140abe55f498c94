import json
from dataclasses import replace
from typing import Any

import pytest

from batteryd.domain.notification import Notification
from batteryd.errors import DeliveryError
from batteryd.notify.sample import SAMPLES, sample_notifications
from batteryd.notify.template import TextTemplate, TreeTemplate, context_of

HOT, RETURNED, WARMER, SILENT, REVOKED = sample_notifications()


def context(notification: Notification = HOT, **secrets: str) -> dict[str, Any]:
    return context_of(notification, secrets=secrets)


def test_a_template_may_name_everything_that_a_message_says() -> None:
    template = TextTemplate("{{ asset }} {{ value|amount(unit) }} {{ services[0].name }}")

    assert template.render(context()) == "Rack 4 52.1 °C mobile identity"


def test_a_tree_keeps_the_types_of_expressions_that_stand_alone() -> None:
    tree = TreeTemplate(
        {
            "value": "{{ value }}",
            "text": "{{ value }} °C",
            "services": "{{ services }}",
            "nothing": "{{ room_id if false else none }}",
            "two": "{{ value }}{{ setpoint }}",
            "list": [1, True, "{{ priority_number + 1 }}"],
        }
    )

    assert json.loads(tree.render(context())) == {
        "value": 52.1,
        "text": "52.1 °C",
        "services": [{"name": "mobile identity", "grade": 1}, {"name": "mail", "grade": 2}],
        "nothing": None,
        "two": "52.150.0",
        "list": [1, True, 5],
    }


def test_quotes_in_a_value_cannot_break_out_of_a_tree() -> None:
    awkward = replace(HOT, body={**HOT.body, "why": '","event_action":"resolve'})

    rendered = TreeTemplate({"summary": "{{ why }}!"}).render(context(awkward))

    assert json.loads(rendered) == {"summary": '","event_action":"resolve!'}


@pytest.mark.parametrize(
    "template",
    [
        TextTemplate("{{ valu }}"),
        TextTemplate("{{ secret.other }}"),
        TextTemplate("{{ value + 'x' }}"),
        TextTemplate("{{ value // 0 }}"),
        TextTemplate("{{ services[9].name }}"),
        TreeTemplate({"a": "{{ valu }}"}),
        TreeTemplate({"a": ["{{ services.nope }}"]}),
        TreeTemplate({"a": "{{ services|map(attribute='name') }}"}),  # no list yet
        TextTemplate("{{ ''.__class__.__mro__ }}"),  # the sandbox
        TextTemplate("{{ services.append(1) }}"),
    ],
)
def test_a_template_that_cannot_be_filled_is_a_permanent_failure(
    template: TextTemplate | TreeTemplate,
) -> None:
    with pytest.raises(DeliveryError) as failure:
        template.render(context())

    assert failure.value.permanent


def test_a_mistake_in_a_tree_says_where_it_stands() -> None:
    with pytest.raises(ValueError, match=r"^payload\.links\.2: no template: .*line 1"):
        TreeTemplate({"payload": {"links": ["x", "{{ value"]}})

    with pytest.raises(DeliveryError, match=r"template at payload\.a: UndefinedError: 'b'"):
        TreeTemplate({"payload": {"a": "{{ b }}"}}).render(context())


def test_secrets_are_known_by_name_before_they_are_read() -> None:
    tree = TreeTemplate({"a": "Bearer {{ secret.token }}", "b": ["{{ secret.key|upper }}"]})

    assert tree.secret_names == {"token", "key"}
    assert tree.render(context(token="t", key="k")) == '{"a": "Bearer t", "b": ["K"]}'


def test_the_ready_made_texts_know_no_secrets() -> None:
    filled = context(token="hunter2")

    assert "hunter2" not in filled["subject"] + filled["text"]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ 52.10|amount('°C') }}", "52.1 °C"),
        ("{{ 500000.0|amount('kΩ') }}", "500000 kΩ"),
        ("{{ 3.6524|amount('V') }}", "3.652 V"),
        ("{{ 4|amount }}", "4"),
        ("{{ 10.0|amount('K') }}", "10 K"),
        ("{{ 2.298|amount('K') }}", "2.3 K"),
        ("{{ 0.3961|amount('mΩ') }}", "0.4 mΩ"),
        ("{{ none|amount('V') }}", "unknown"),
        ("{{ none|duration }}", "unknown"),
        ("{{ none|local_time('Asia/Seoul') }}", "unknown"),
        ("{{ 0.4|duration }}", "0 s"),
        ("{{ 59.6|duration }}", "1 min"),
        ("{{ 7500|duration }}", "2 h 5 min"),
        ("{{ 90061|duration }}", "1 d 1 h"),
        ("{{ at_s|utc }}", "2025-09-26T11:16:44Z"),
        ("{{ at_s|local_time(time_zone) }}", "2025-09-26 20:16:44 KST"),
        ("{{ at_s|local_time('Nowhere/Atlantis') }}", "2025-09-26 11:16:44 UTC"),
        ("{{ at_s|local_time('../etc/passwd') }}", "2025-09-26 11:16:44 UTC"),
    ],
)
def test_filters_write_for_people(source: str, text: str) -> None:
    assert TextTemplate(source).render(context()) == text


def test_the_subject_says_how_urgent_where_and_how_much() -> None:
    subjects = [context(n)["subject"] for n in (HOT, RETURNED, WARMER, SILENT)]

    assert subjects == [
        "[CRITICAL] Rack 4, string 1, module 3: 52.1 °C, limit 50 °C"
        " (대전 데이터센터, 5층 배터리실)",
        "[RETURNED TO NORMAL] Rack 4, string 1, module 3: 46 °C, limit 50 °C"
        " (대전 데이터센터, 5층 배터리실)",
        "[MEDIUM] Rack 4, module 7: 4.2 K above its peers, limit 1.5 K"
        " (대전 데이터센터, 5층 배터리실)",
        "[HIGH] UPS 1: silence (Daejeon)",
    ]


def test_the_text_says_why_then_what_to_do_then_the_facts() -> None:
    assert context(HOT)["text"] == (
        """\
5층 배터리실: Module 3 of rack 4 is at 52.1 °C, above its limit of 50 °C.\
 Battery out of warranty since 1 Sep 2024; feeds 1 service of grade 1 and 1 of grade 2.

FIRST: Leave the room and call the fire service.

Value     52.1 °C, limit 50 °C (highest module temperature)
Where     대전 데이터센터, 5층 배터리실, Rack 4, string 1, module 3
Since     2025-09-26 20:16:44 KST
Data      read 2025-09-26 20:16:40 KST, 4 s before this
Warranty  OVER, last day was 2024-08-31
Services  grade 1: mobile identity
          grade 2: mail
Priority  critical
Alarm     daejeon/rack-4/s1/m03/module_temperature"""
    )


def test_what_was_found_by_comparing_is_told_in_one_paragraph_and_in_its_own_unit() -> None:
    told = context(WARMER)

    assert told["summary"] == (
        "5층 배터리실: module 7 of Rack 4 is 4.2 K above its 16 peers "
        "(3.9 K above its own normal), both sensors, no load, rising for 12 min. "
        "Battery out of warranty since 1 Sep 2024; "
        "feeds 1 service of grade 1 and 1 of grade 2."
    )
    assert told["text"].startswith(f"{told['summary']}\n\nFIRST: Look at this module's")
    assert "Value     4.2 K above its peers, limit 1.5 K, beyond it for 3 min" in told["text"]
    assert "Load      no load" in told["text"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"warranty_status": "in_warranty"}, "Battery in warranty until 31 Aug 2024;"),
        ({"warranty_status": "unknown", "warranty_last_day": None}, "Warranty unknown;"),
        ({"services": []}, "; no service is known to depend on it."),
        ({"services": [{"name": str(n), "grade": 1} for n in range(3)]}, "; feeds 3 services of"),
        ({"services": [{"name": str(n), "grade": n} for n in (1, 2, 4)]},
         "; feeds 1 service of grade 1, 1 of grade 2 and 1 of grade 4."),
    ],
)  # fmt: skip
def test_the_summary_says_how_it_is_covered_and_what_hangs_on_it(
    body: dict[str, Any], said: str
) -> None:
    assert said in context(replace(WARMER, body={**WARMER.body, **body}))["summary"]


def test_the_end_of_an_alarm_is_summed_up_without_what_hangs_on_it() -> None:
    assert context(RETURNED)["summary"].endswith("above its limit of 50 °C.")


def test_the_text_says_what_nobody_knows() -> None:
    text = context(SILENT)["text"]

    assert "Data      none was ever read" in text
    assert "Warranty  unknown" in text
    assert "Services  none is known to depend on it" in text
    assert "Value" not in text


def test_an_alarm_that_grew_says_since_when_it_is_there_and_what_it_is_now() -> None:
    grown = replace(HOT, body={**HOT.body, "since_s": 1_758_884_804.0, "duration_s": 600.0})

    assert "Since     2025-09-26 20:06:44 KST, now critical" in context(grown)["text"]


def test_a_return_to_normal_does_not_say_that_all_is_well() -> None:
    text = context(RETURNED)["text"]

    assert "Returned to normal after 1 h 23 min." in text
    assert "not that\nanybody has looked at the battery" in text


def test_what_concerns_a_permit_names_the_order_and_everyone_on_it() -> None:
    text = context(REVOKED)["text"]

    assert "Permit    WO-7: 김민수, J. Lee" in text
    assert "FIRST: Stop work on Rack 4." in text
    assert "Permit" not in context(HOT)["text"]


def test_a_permit_that_has_a_go_again_is_told_without_a_promise() -> None:
    over = replace(REVOKED, body={**REVOKED.body, "change": "returned", "duration_s": 600.0})

    assert (
        "Over after 10 min. This is decision support: measure before you touch."
        in (context(over)["text"])
    )


def test_a_body_that_an_older_version_left_in_the_outbox_can_still_be_told() -> None:
    newer = ("work_order_id", "people", "measure", "load", "beyond_for_s")
    older = {k: v for k, v in HOT.body.items() if k not in newer}

    assert context(replace(HOT, body=older))["text"] == context(HOT)["text"]


@pytest.mark.parametrize("notification", [HOT, RETURNED, SILENT, REVOKED])
def test_no_message_says_safe(notification: Notification) -> None:
    filled = context(notification)

    assert "safe" not in (filled["subject"] + filled["text"]).lower()


def test_the_samples_have_every_key_with_and_without_a_value() -> None:
    bodies = [sample.as_body() for sample in SAMPLES]
    # These are always known; all others are empty in one sample and filled in another.
    always = {
        "change", "priority", "priority_number", "rule", "scope", "why", "site_id", "site",
        "time_zone", "asset_id", "asset", "component", "at_s", "since_s", "warranty_status",
    }  # fmt: skip

    for key in bodies[0].keys() - always:
        assert {bool(body[key]) for body in bodies} == {True, False}, key
