"""What every finding carries, whatever its kind: sentence, numbers, peers, window, load, age."""

import json
from functools import cache

import numpy as np
import pytest

from batteryd.domain.alarm import AlarmEvent, AlarmKey, Change, Priority
from batteryd.domain.component import Component, Scope, parse_component
from batteryd.rules.detection_table import DETECTORS
from batteryd.rules.evidence import MEASURES
from batteryd.rules.found import OVER_MAX, Found
from tests.folded import Desk
from tests.listed import listed
from tests.racks import Rack, watched
from tests.rulebooks import shipped_rulebook

LEARN_H = 4.0


def ramp(module, k_per_h, *, sensor=slice(None), most_k=3.0, from_h=LEARN_H):
    def change(at_h, heat, volts):
        heat[module, sensor] += min(most_k, k_per_h * max(0.0, at_h - from_h))

    return change


def leak(v_per_h):
    def change(at_h, heat, volts):
        volts[1, 2] -= v_per_h * max(0.0, at_h - LEARN_H)

    return change


def short(at_h, heat, volts):
    volts[1, 2] -= 0.08 * (at_h >= LEARN_H)


def discharging(at_h):
    return -134.0 if any(0 <= at_h - start < 0.25 for start in (1.0, 6.0)) else 0.0


def joint(at_h, heat, volts):
    volts[4, 1] += 0.0004 * discharging(at_h) * (at_h > 3.0)


def charging(at_h):
    return 20.0 if at_h > LEARN_H else 0.0


def parted(at_h, heat, volts):
    heat[1::2] += 5.0 * (at_h > LEARN_H)  # every second: none of them stands out


def rack_warmed(at_h, heat, volts):
    heat += min(3.0, max(0.0, at_h - LEARN_H - 1.0))


def together(at_h, heat, volts):
    heat[:4] += min(2.5, 2.0 * max(0.0, at_h - LEARN_H))


def frozen(at_h, heat, volts):
    heat[6, 0] = 23.45


def wild(at_h, heat, volts):
    if round(at_h * 360) % 40 == 0:
        heat[6, 0] += 30.0


def cold(at_h, heat, volts):
    heat[6, 0] -= 4.0 * (at_h > LEARN_H)


def room_of(k_per_h):
    return lambda at_h: 22.0 + min(9.0, k_per_h * max(0.0, at_h - LEARN_H))


# Kind, the rack, how long it is watched, and what happens to it.
CASES = {
    "heat_peer": (Rack(), LEARN_H + 1.0, ramp(2, 6.0)),
    "heat_rise": (Rack(), 0.8, ramp(2, 42.0, most_k=12.0, from_h=0.3)),
    "heat_drift": (Rack(), LEARN_H + 8.0, ramp(5, 0.6, sensor=1, most_k=1.2)),
    "heat_room": (Rack(ambient_c=room_of(6.0)), LEARN_H + 2.0, None),
    "heat_cooling": (Rack(), LEARN_H + 6.0, rack_warmed),
    "heat_charge": (Rack(current_a=charging), LEARN_H + 1.5, parted),
    "heat_pattern": (Rack(shape=(12, 2, 4)), LEARN_H + 4.0, together),
    "cell_leak": (Rack(), LEARN_H + 2.5, leak(0.006)),
    "cell_fast_leak": (Rack(), LEARN_H + 0.1, short),
    "cell_joint": (Rack(current_a=discharging), 6.3, joint),
    "sensor_invalid": (Rack(), 5.0, wild),
    "sensor_stuck": (Rack(ambient_c=room_of(1.5)), LEARN_H + 2.5, frozen),
    "sensor_cold": (Rack(), LEARN_H + 1.0, cold),
}
RULES = {
    "heat_peer": "module_warmer",
    "heat_rise": "module_heating",
    "heat_drift": "module_drifting",
    "heat_room": "room_warming",
    "heat_cooling": "rack_cooling",
    "heat_charge": "charge_spread",
    "heat_pattern": "modules_together",
    "cell_leak": "cell_leaking",
    "cell_fast_leak": "cell_shorted",
    "cell_joint": "loose_joint",
    "sensor_invalid": "sensor_invalid",
    "sensor_stuck": "sensor_stuck",
    "sensor_cold": "sensor_cold",
}


@cache
def first_of(kind):
    rack, hours, change = CASES[kind]
    events = watched(rack, hours, change)
    return next(
        e
        for e in events
        if e.key.rule == RULES[kind] and e.change is Change.RAISED and not e.is_addition
    )


def test_every_kind_has_its_unit_and_its_case():
    assert set(MEASURES) == set(DETECTORS) == set(CASES)


@pytest.mark.parametrize("kind", sorted(CASES))
def test_every_finding_says_its_numbers_its_peers_its_window_its_load_and_how_old_it_is(kind):
    event = first_of(kind)

    evidence = json.loads(json.dumps(event.evidence))
    assert (evidence["unit"], evidence["measure"]) == MEASURES[kind]
    assert evidence["value"] == pytest.approx(event.value, abs=1e-3)
    assert evidence["limit"] == pytest.approx(event.setpoint, abs=1e-3)
    assert evidence["value"] > 0
    assert evidence["limit"] > 0
    assert evidence["beyond_for_s"] >= 0
    assert evidence["peer_count"] >= 0
    assert evidence["window_s"] > 0
    assert evidence["load"] in event.why or event.scope.value in ("cell", "sensor")
    assert evidence["data_age_s"] <= 60
    assert evidence["idle_for_s"] >= 0
    assert evidence["soc_pct"] > 0
    assert [entry["why"] for entry in evidence["found"]] == [event.why]


def test_a_finding_says_by_which_parameters_it_was_judged():
    parameters = first_of("heat_peer").evidence["parameters"]

    assert parameters["deviation_k"] == 1.5
    assert parameters["on_delay_s"] == 180.0
    assert (parameters["priority"], parameters["priority_beyond"]) == ("medium", "critical")
    assert "action" not in parameters


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("heat_peer", "module 3 of Rack 1 is"),
        ("heat_peer", "above its 7 peers"),
        ("heat_peer", "both sensors, no load, rising for "),
        ("heat_rise", "K/min faster than its peers over 5 min"),
        ("heat_drift", "warmer than its own normal, building up for"),
        ("heat_room", "room or cooling"),
        ("heat_cooling", "above its air"),
        ("heat_charge", "at rest, charging at"),
        ("heat_pattern", "Rack 1 has 4 modules that deviate together (1, 2, 3, 4), no load"),
        ("cell_leak", "against its 31 peers"),
        ("cell_fast_leak", "against its 31 peers"),
        ("cell_joint", "has a loose connector or a bad cell at cell 2"),
        ("sensor_invalid", "invalid"),
        ("sensor_stuck", "is frozen at 23.4 °C for"),
        ("sensor_cold", "below its own normal"),
    ],
)
def test_every_finding_is_a_sentence(kind, said):
    assert said in first_of(kind).why


def test_a_module_that_stopped_rising_is_not_said_to_rise():
    def change(at_h, heat, volts):
        heat[2] += min(1.9, 60.0 * max(0.0, at_h - LEARN_H))

    rack = Rack(ambient_c=lambda at_h: 22.0 + 1.2 * (at_h > LEARN_H - 0.5))
    event = next(e for e in watched(rack, LEARN_H + 3.5, change) if e.key.rule != "room_warming")

    assert "no load" in event.why
    assert "rising" not in event.why


def test_what_is_added_leaves_the_alarm_its_own_words_and_numbers():
    def change(at_h, heat, volts):
        rise = min(20.0, 30.0 * max(0.0, at_h - LEARN_H))
        heat[3] += rise
        heat[4] += 0.4 * rise

    events = watched(Rack(shape=(10, 2, 4)), LEARN_H + 0.9, change)

    of_module = [e for e in events if e.key.rule == "module_warmer"]
    added = next(e for e in of_module if e.is_addition and "module 5" in e.why)
    before = of_module[of_module.index(added) - 1]
    sentence, _, addition = added.why.partition(". Added: ")
    assert sentence.startswith("module 4 of Rack 1 is")
    assert addition.startswith("module 5 of Rack 1")
    assert (added.value, added.setpoint) == (before.value, before.setpoint)
    assert added.evidence["value"] == before.evidence["value"]
    assert [e["why"] for e in listed(added.evidence["found"])][-1] == addition


def test_the_end_names_the_alarm_and_when_each_finding_was_over():
    def change(at_h, heat, volts):
        heat[3] += 6.0 if LEARN_H < at_h < LEARN_H + 0.25 else 0.0

    events = watched(Rack(), LEARN_H + 2.0, change)

    end = next(e for e in events if e.change is Change.RETURNED)
    assert end.why.startswith("module 4 of Rack 1: back to normal after")
    assert all(entry["over_at_s"] <= end.at_s for entry in listed(end.evidence["found"]))


def test_the_list_of_an_alarm_that_stands_for_ever_does_not_grow_for_ever():
    found = Found()
    chance = np.random.default_rng(5)
    for number in range(1000):
        place = Component(1, int(chance.integers(1, 9)))
        found.add(
            "module_warmer", place, at_s=number, priority=Priority.MEDIUM, why=f"finding {number}"
        )
        found.end(("module_warmer", str(place)), at_s=number + 0.5)

    written = found.written()

    assert len(written) <= OVER_MAX + 2  # the first, and the newest
    assert written[0]["why"] == "finding 0"
    assert written[-1]["why"] == "finding 999"


def of_limit(component, *, at_s, priority=Priority.MEDIUM, change=Change.RAISED, value=43.8):
    place = parse_component(component)
    column = "module_temperature_c_max" if place.module is None else "temperature_c"
    return AlarmEvent(
        key=AlarmKey("daejeon", "rack-4", place, "module_temperature"),
        change=change,
        at_s=at_s,
        scope=Scope.MODULE,
        priority=priority,
        quantity=column,
        value=value,
        setpoint=40.0 if priority is Priority.MEDIUM else 50.0,
        why=f"{component}: {value} °C, {priority.text} limit",
        evidence={"column": f"{component}:{column}"},
    )


def test_a_limit_keeps_its_words_and_lists_what_was_added_to_it_until_its_end():
    told = Desk(shipped_rulebook()).fold

    (first,) = told(of_limit("s1/m09", at_s=100.0))
    (added,) = told(of_limit("-", at_s=102.0))
    (grown,) = told(of_limit("s1/m09", at_s=200.0, priority=Priority.CRITICAL, value=50.1))
    (end,) = told(of_limit("s1/m09", at_s=900.0, change=Change.RETURNED, value=37.0))

    assert "found" not in first.evidence
    assert added.is_addition
    assert added.why == "s1/m09: 43.8 °C, medium limit. Added: -: 43.8 °C, medium limit"
    assert (added.value, added.setpoint) == (43.8, 40.0)
    assert added.evidence["column"] == "s1/m09:temperature_c"
    assert grown.why == "s1/m09: 50.1 °C, critical limit"
    entries = [
        (entry["component"], entry["at_s"], entry["priority"])
        for entry in listed(end.evidence["found"])
    ]
    assert entries == [
        ("s1/m09", 100.0, "medium"),
        ("-", 102.0, "medium"),
        ("s1/m09", 200.0, "critical"),
    ]
    assert [entry.get("over_at_s") for entry in listed(end.evidence["found"])] == [
        900.0,
        None,
        900.0,
    ]
