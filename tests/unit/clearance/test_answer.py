"""The answer for programs and for people."""

import json
from datetime import date

from batteryd.clearance.answer import NOTICE, clearance_as_json, clearance_as_text
from batteryd.clearance.decide import decide
from tests.clearances import make_acceptance, make_facts, make_rack, make_service
from tests.listed import listed

EXPIRED = make_rack(warranty_last_day=date(2024, 8, 19))


def test_the_json_of_a_hold_has_the_keys_that_other_tools_rely_on() -> None:
    answer = clearance_as_json(decide(make_facts(make_rack(contactor_closed=True))))

    assert json.loads(json.dumps(answer)) == {
        "decision": "HOLD",
        "as_of": "2025-09-26T10:31:44Z",
        "work_order": "WO-5B-3",
        "valid_until": None,
        "holds": [
            {
                "code": "PW-04",
                "subject": "rack-1",
                "text": "rack-1 is not proven isolated: its contactor is closed",
                "evidence": {
                    "dc_bus": "bus-1",
                    "contactor_closed": True,
                    "breaker_closed": False,
                    "current_a": 0.0,
                    "bus_voltage_v": 0.3,
                    "observed_at": "2025-09-26T10:31:39Z",
                    "by_hand": "nobody measured",
                },
            }
        ],
        "warnings": [],
        "accepted": [],
        "impact": [{"name": "mobile identity", "grade": 1, "reached_by": "UPS ups-1"}],
        "notice": NOTICE,
    }


def test_the_json_of_a_go_says_until_when_and_what_was_accepted() -> None:
    answer = clearance_as_json(decide(make_facts(EXPIRED, acceptances=(make_acceptance(),))))

    assert answer["decision"] == "GO"
    assert answer["valid_until"] == "2025-09-26T13:31:44Z"
    assert answer["accepted"] == ["PW-01"]
    assert [w["code"] for w in listed(answer["warnings"])] == ["PW-01"]


def test_a_go_for_people_says_until_when_and_what_it_is_not() -> None:
    lines = clearance_as_text(decide(make_facts())).splitlines()

    assert lines == [
        "GO  WO-5B-3, as of 2025-09-26T10:31:44Z, until 2025-09-26T13:31:44Z",
        "services that this work can take down, the most important first",
        "  grade 1  mobile identity, by UPS ups-1",
        NOTICE,
    ]
    assert "neither an interlock nor a lock-out/tag-out" in NOTICE
    assert "safe" not in NOTICE


def test_a_hold_for_people_gives_every_reason_and_what_else_is_to_be_known() -> None:
    facts = make_facts(
        EXPIRED,
        services=(
            make_service(grade=None),
            make_service(name="wiki", grade=3, owner_notified_at_s=None),
        ),
        acceptances=(make_acceptance(by=("Choi Yu-na",)),),
    )

    lines = clearance_as_text(decide(facts)).splitlines()

    assert lines == [
        "HOLD  WO-5B-3, as of 2025-09-26T10:31:44Z",
        "  PW-01  rack-1: its warranty ends on 2024-08-19; the last planned day is 2025-09-26"
        " (risk acceptance does not lift it: two different people have to sign, here: Choi Yu-na)",
        "to be known",
        "  PW-08  wiki (grade 3, by UPS ups-1): its owner is not notified",
        "services that this work can take down, the most important first",
        "  grade ?  mobile identity, by UPS ups-1",
        "  grade 3  wiki, by UPS ups-1",
        NOTICE,
    ]


def test_without_services_there_is_no_list_of_them() -> None:
    assert len(clearance_as_text(decide(make_facts(services=()))).splitlines()) == 2
