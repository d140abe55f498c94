"""The written-down case: what it says, and every mistake in it at once."""

import math
import tomllib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.clearance.case_file import parse_case
from batteryd.clearance.facts import AlarmFacts, AlarmTrouble, BatteryFacts, Facts, Reading
from batteryd.clearance.wording import UNKNOWN_S
from batteryd.domain.inventory import Chemistry
from batteryd.domain.work import AttestationKind, WorkKind
from batteryd.errors import ConfigError
from tests.clearances import AS_OF_S, HOUR_S

SMALLEST = """
as_of = 2025-09-26T19:31:44+09:00

[work_order]
id = "WO-1"
kind = "relocate"
starts_at = 2025-09-26T19:00:00+09:00
ends_at = 2025-09-26T23:30:00+09:00
batteries = ["rack-1"]

[[battery]]
id = "rack-1"
"""

FULL_BATTERY = """
room = "room-5b"
dc_bus = "bus-1"
ups = "ups-1"
chemistry = "NCM"
cell_count = 102
warranty_ends_on = 2024-08-19
service_life_ends_on = "2024-08-20"
observed_at = "2025-09-26T10:31:39Z"
soc_pct = 90
voltage_v = 402.9
current_a = -0.2
bus_voltage_v = 0.4
contactor_closed = false
breaker_closed = true
"""


def parse(text: str) -> Facts:
    return parse_case(tomllib.loads(text), file="case.toml")


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_the_smallest_case_leaves_everything_unknown() -> None:
    facts = parse(SMALLEST)

    assert facts.as_of_s == AS_OF_S
    assert facts.order.kind is WorkKind.RELOCATE
    assert facts.order.starts_at_s == AS_OF_S - 1904
    assert facts.order.batteries == ("rack-1",)
    assert facts.order.people == ()
    (battery,) = facts.batteries.values()
    assert battery.reading == Reading()
    assert battery.warranty_last_day is None
    assert battery.room_id is None
    assert battery.chemistry is None
    assert (facts.findings, facts.alarms) == ((), ())
    assert (facts.attestations, facts.services) == ((), ())


def test_a_battery_says_what_it_says() -> None:
    facts = parse(SMALLEST + FULL_BATTERY)

    assert facts.batteries["rack-1"] == BatteryFacts(
        asset_id="rack-1",
        room_id="room-5b",
        dc_bus_id="bus-1",
        ups_id="ups-1",
        chemistry=Chemistry.NMC,  # NCM is another spelling
        cell_count=102,
        warranty_last_day=date(2024, 8, 19),
        service_life_last_day=date(2024, 8, 20),
        reading=Reading(
            observed_at_s=AS_OF_S - 5,
            soc_pct=90.0,
            voltage_v=402.9,
            current_a=-0.2,
            bus_voltage_v=0.4,
            contactor_closed=False,
            breaker_closed=True,
        ),
    )


@pytest.mark.parametrize(
    ("told", "lacking"),
    [
        ("", {"contactor_closed", "breaker_closed", "current_a", "bus_voltage_v"}),
        ("current_a = 0.0", {"contactor_closed", "breaker_closed", "bus_voltage_v"}),
        ("contactor_closed = false", set()),
        ("breaker_closed = false", set()),
    ],
)
def test_a_battery_of_neither_switch_is_one_whose_device_sees_no_switches(
    told: str, lacking: set[str]
) -> None:
    assert parse(f"{SMALLEST}\n{told}").batteries["rack-1"].points_lacking == lacking


@pytest.mark.parametrize(
    ("ends_at", "last_day"),
    [
        ("2025-09-26T23:30:00+09:00", date(2025, 9, 26)),
        ("2025-09-27T00:30:00+09:00", date(2025, 9, 27)),
        ("2025-09-26T23:30:00Z", date(2025, 9, 26)),  # the 27th in Seoul, but written in UTC
    ],
)
def test_the_last_planned_day_is_taken_in_the_offset_that_is_written(
    ends_at: str, last_day: date
) -> None:
    assert parse(SMALLEST.replace("2025-09-26T23:30:00+09:00", ends_at)).order.last_day == last_day


def test_the_day_of_the_check_is_taken_in_its_own_offset() -> None:
    late = SMALLEST.replace("2025-09-26T19:31:44+09:00", "2025-09-27T00:10:00+09:00")

    assert parse(late).day == date(2025, 9, 27)


def test_findings_alarms_services_and_papers_are_read() -> None:
    facts = parse(
        SMALLEST
        + """
        [[finding]]
        battery = "rack-1"
        opened_on = "2024-06-27"
        closed_on = 2025-01-02
        text = "temperatures deviate"

        [[alarm]]
        kind = "thermal"
        raised_at = 2025-09-26T18:31:44+09:00
        returned_at = "2025-09-26T10:31:44Z"
        battery = "rack-1"

        [[alarm]]
        kind = "gas"
        raised_at = 2025-09-26T18:31:44+09:00
        room = "room-5b"

        [[attestation]]
        kind = "briefing"
        by = "Park Ji-ho"
        at = 2025-09-26T18:31:44+09:00
        people = ["Kim", "Lee"]

        [[attestation]]
        kind = "absence_of_voltage"
        battery = "rack-1"
        value = 0

        [[risk_acceptance]]
        code = "PW-01"
        by = ["Choi", "Jung"]
        expires_at = 2025-09-26T20:31:44+09:00
        reason = "replacement in January"

        [[risk_acceptance]]
        code = "PW-99"

        [[service]]
        name = "mobile identity"
        grade = 1
        ups = "ups-1"
        owner_notified_at = 2025-09-26T18:31:44+09:00

        [[service]]
        name = "forgotten"
        """
    )

    (finding,) = facts.findings
    assert (finding.asset_id, finding.closed_on) == ("rack-1", date(2025, 1, 2))
    assert facts.alarms == (
        AlarmFacts(AlarmTrouble.THERMAL, AS_OF_S - HOUR_S, AS_OF_S, asset_id="rack-1"),
        AlarmFacts(AlarmTrouble.GAS, AS_OF_S - HOUR_S, room_id="room-5b"),
    )
    briefing, absence = facts.attestations
    assert (briefing.work_order_id, briefing.at_s) == ("WO-1", AS_OF_S - HOUR_S)
    assert (briefing.kind, briefing.people) == (AttestationKind.BRIEFING, ("Kim", "Lee"))
    assert (absence.by, absence.value, math.isnan(absence.at_s)) == ("", 0.0, True)
    accepted, odd = facts.acceptances
    assert (accepted.by, accepted.at_s) == (("Choi", "Jung"), AS_OF_S)
    assert accepted.expires_at_s == AS_OF_S + HOUR_S
    assert (odd.code, odd.by, odd.reason) == ("PW-99", (), "")
    assert odd.expires_at_s is UNKNOWN_S
    identity, forgotten = facts.services
    assert (identity.grade, identity.owner_notified_at_s) == (1, AS_OF_S - HOUR_S)
    assert (forgotten.grade, forgotten.ups_id, forgotten.room_id) == (None, None, None)


@pytest.mark.parametrize(
    ("written", "instead", "mistake"),
    [
        (
            "as_of = 2025-09-26T19:31:44+09:00",
            "as_of = 2025-09-26T19:31:44",
            "case.toml: as_of = 2025-09-26 19:31:44: an instant with an offset, such as"
            " 2025-09-26T19:00:00+09:00",
        ),
        (
            "as_of = 2025-09-26T19:31:44+09:00",
            'as_of = "yesterday"',
            'case.toml: as_of = "yesterday": an instant with an offset, such as'
            " 2025-09-26T19:00:00+09:00",
        ),
        (
            "as_of = 2025-09-26T19:31:44+09:00",
            "as_of = 0001-01-01T00:00:00+09:00",
            "case.toml: as_of = 0001-01-01 00:00:00+09:00: an instant with an offset, such as"
            " 2025-09-26T19:00:00+09:00",
        ),
        ("as_of = 2025-09-26T19:31:44+09:00", "", "case.toml: as_of: this key is required"),
        (
            'kind = "relocate"',
            'kind = "repaint"',
            'case.toml: work_order.kind = "repaint": one of'
            " 'relocate', 'disconnect', 'replace', 'test' or 'inspect'",
        ),
        (
            "ends_at = 2025-09-26T23:30:00+09:00",
            "ends_at = 2025-09-26T19:00:00+09:00",
            "case.toml: work_order.ends_at = 2025-09-26 19:00:00+09:00:"
            " an instant after starts_at, 2025-09-26T19:00:00+09:00",
        ),
        (
            'batteries = ["rack-1"]',
            "batteries = []",
            "case.toml: work_order.batteries: a list of battery ids, at least one",
        ),
        (
            'batteries = ["rack-1"]',
            'batteries = ["rack-1", "rack-2"]',
            'case.toml: work_order.batteries.2 = "rack-2": unknown battery;'
            " did you mean rack-1? known: rack-1",
        ),
        (
            'batteries = ["rack-1"]',
            'batteries = ["rack-1", "rack-1"]',
            'case.toml: work_order.batteries.2 = "rack-1": each battery once',
        ),
        (
            '[[battery]]\nid = "rack-1"',
            '[[battery]]\nid = "rack-1"\ncontactor_close = true',
            "case.toml: battery.1.contactor_close = true: unknown key;"
            " did you mean contactor_closed? known: id, room, dc_bus, ups, chemistry, cell_count,"
            " warranty_ends_on, service_life_ends_on, observed_at, soc_pct, voltage_v, current_a,"
            " bus_voltage_v, contactor_closed, breaker_closed",
        ),
        (
            '[[battery]]\nid = "rack-1"',
            '[[battery]]\nid = "rack-1"\n[[battery]]\nid = "rack-1"',
            'case.toml: battery.2.id = "rack-1": an id of its own: battery.1 has this one',
        ),
    ],
)
def test_a_mistake_is_named_by_its_place_what_stands_there_and_what_would_be_right(
    written: str, instead: str, mistake: str
) -> None:
    assert mistakes(SMALLEST.replace(written, instead)) == [mistake]


@pytest.mark.parametrize(
    ("table", "mistake"),
    [
        ('[[finding]]\nbattery = "rack-1"\nopened_on = 2024-06-27', "finding.1.text"),
        ('[[finding]]\nbattery = "rack-1"\ntext = "hot"', "finding.1.opened_on"),
        ('[[finding]]\nbattery = "rack-9"\nopened_on = 2024-06-27\ntext = "hot"',
         "finding.1.battery"),
        ('[[finding]]\nbattery = "rack-1"\nopened_on = "27.06.2024"\ntext = "hot"',
         "finding.1.opened_on"),
        ('[[finding]]\nbattery = "rack-1"\nopened_on = "2024-02-30"\ntext = "hot"',
         "finding.1.opened_on"),
        ('[[finding]]\nbattery = "rack-1"\nopened_on = 2024-06-27T00:00:00Z\ntext = "hot"',
         "finding.1.opened_on"),
        ('[[alarm]]\nkind = "gas"\nroom = "room-5b"', "alarm.1.raised_at"),
        ('[[alarm]]\nkind = "gas"\nraised_at = 2025-09-26T00:00:00Z', "alarm.1.room"),
        ('[[alarm]]\nkind = "smoke"\nroom = "room-5b"\nraised_at = 2025-09-26T00:00:00Z',
         "alarm.1.kind"),
        ('[[alarm]]\nkind = "gas"\nbattery = "rack-9"\nraised_at = 2025-09-26T00:00:00Z',
         "alarm.1.battery"),
        ('[[attestation]]\nkind = "owner_notified"\nby = "Kim"', "attestation.1.kind"),
        ('[[attestation]]\nkind = "briefing"\nbattery = "rack-9"', "attestation.1.battery"),
        ('[[attestation]]\nkind = "briefing"\npeople = "Kim"', "attestation.1.people"),
        ('[[service]]\ngrade = 1', "service.1.name"),
        ('[[service]]\nname = "mail"\ngrade = 5', "service.1.grade"),
        ('[[service]]\nname = "mail"\ngrade = "1"', "service.1.grade"),
        ('[[risk_acceptance]]\nby = ["Kim", "Lee"]', "risk_acceptance.1.code"),
        ('[[service_level]]\nname = "mail"', "service_level"),
        ('[service]\nname = "mail"', "service"),
    ],
)  # fmt: skip
def test_each_table_has_its_own_demands(table: str, mistake: str) -> None:
    (said,) = mistakes(f"{SMALLEST}\n{table}\n")

    assert said.startswith(f"case.toml: {mistake}")


@pytest.mark.parametrize(
    "line",
    [
        "soc_pct = 101",
        "soc_pct = nan",
        'soc_pct = "18"',
        "soc_pct = true",
        "voltage_v = inf",
        "voltage_v = -1",
        "cell_count = 0",
        "cell_count = 102.5",
        'contactor_closed = "no"',
        "breaker_closed = 0",
        'chemistry = "lead"',
        "room = 5",
        'ups = ""',
        "warranty_ends_on = 20240819",
        "observed_at = 2025-09-26",
    ],
)
def test_a_value_of_the_wrong_kind_is_no_value(line: str) -> None:
    (said,) = mistakes(f"{SMALLEST}\n{line}\n")

    assert said.startswith(f"case.toml: battery.1.{line.split(' ')[0]} = ")


def test_every_mistake_is_found_in_one_go() -> None:
    wrong = (
        SMALLEST.replace('"relocate"', '"repaint"').replace('["rack-1"]', '["rack-7", 5]')
        + "soc_pct = 120\n"
        + '[[finding]]\nbattery = "rack-8"\nopened_on = 2024-06-27\n'
    )

    places = [said.split(" = ")[0].split(": ")[1] for said in mistakes(wrong)]

    assert places == [
        "work_order.kind",
        "work_order.batteries.2",
        "battery.1.soc_pct",
        "finding.1.text",
        "work_order.batteries.1",
        "finding.1.battery",
    ]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"work_order": 5, "battery": {"id": "rack-1"}, "alarm": ["loud"]},
        {"work_order": {"batteries": "rack-1"}, "battery": [{"id": 5}, "rack"]},
    ],
)
def test_tables_of_the_wrong_shape_are_mistakes_too(data: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_case(data, file="case.toml")

    assert "as_of" in {mistake.key for mistake in caught.value.mistakes}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
    | st.datetimes() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=9,
)  # fmt: skip
KEYS = st.sampled_from(
    ["id", "kind", "starts_at", "ends_at", "batteries", "soc_pct", "at", "observed_at", "battery"]
)
TABLES = ["as_of", "work_order", "battery", "finding", "alarm", "attestation", "service"]


@given(
    data=st.dictionaries(
        st.sampled_from(TABLES),
        ANYTHING | st.dictionaries(KEYS, ANYTHING) | st.lists(st.dictionaries(KEYS, ANYTHING)),
    )
)
def test_whatever_a_file_says_it_is_facts_or_a_list_of_mistakes(data: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        parse_case(data, file="case.toml")
