"""One failing room, one alarm: what several batteries of a room say, as an engine tells it."""

import json
from dataclasses import replace
from functools import partial

import pytest

from batteryd.domain.alarm import Change, Priority
from batteryd.domain.component import Scope
from batteryd.rules.engine import Engine
from tests.builders import NOON_S
from tests.racks import HOUR_S, Rack, asset_of
from tests.rulebooks import SHIPPED, alarms_of, rulebook, shipped_rulebook

POLL_S = 60.0
IN_5B, IN_6 = ("rack-1", "rack-2", "rack-3"), ("rack-9",)
ROOM_1 = "daejeon/rack-1/s1/room_warming"
AIR_1 = "daejeon/rack-1/-/ambient_high"
ROOM_2 = "daejeon/rack-2/s1/room_warming"
EARLIER = SHIPPED.read_text().replace("medium = 28.0", "medium = 24.0")  # the air's limit


def failing(at_h, *, from_h=1.0, most_k=9.0, until_h=4.0, start_c=22.0):
    """Return the air of a room whose cooling fails, and is repaired."""
    risen_k = min(most_k, 12.0 * max(0.0, at_h - from_h))
    return (
        start_c + risen_k
        if at_h < until_h
        else max(start_c, start_c + risen_k - 15.0 * (at_h - until_h))
    )


def well(at_h):
    return 22.0


class Hall:
    """Racks in two rooms that are polled in turn; `air` is what each of them measures."""

    def __init__(self, air=None, *, change=None, rules=None):
        self.book = rules or shipped_rulebook()
        air = dict.fromkeys(IN_5B, failing) | (air or {})
        change = change or {}
        self.racks = {
            name: Rack((4, 1, 1), POLL_S, ambient_c=air.get(name, well), seed=number)
            for number, name in enumerate(IN_5B + IN_6)
        }
        self.assets = {
            name: replace(
                asset_of(rack),
                asset_id=name,
                name=name.replace("rack-", "Rack "),
                room_id="room-5b" if name in IN_5B else "room-6",
            )
            for name, rack in self.racks.items()
        }
        self.polls = {n: r.snapshots(30.0, change.get(n)) for n, r in self.racks.items()}
        self.events = []
        self.at_s = NOON_S
        self.engine = self._engine()

    def _engine(self):
        return Engine(self.book, self.assets.values(), tick_gap_s=2 * POLL_S)

    def until(self, hour):
        """Poll until an hour; return what was said meanwhile."""
        seen = len(self.events)
        while self.at_s < NOON_S + hour * HOUR_S:
            for name, polls in self.polls.items():
                poll = replace(next(polls), asset_id=name)
                self.at_s = poll.observed_at_s
                self.events += self.engine.evaluate(poll, self.at_s)
            self.events += self.engine.tick(self.at_s)
            self.at_s += POLL_S
        return self.events[seen:]

    def restart(self):
        learned = {name: self.engine.learned(name) for name in self.assets}
        active = [a for a in alarms_of(written(self.events)) if a.is_active]
        self.engine = self._engine()
        for name, known in learned.items():
            self.engine.learn_from(name, known)
        self.events += self.engine.restore(active, now_s=self.at_s)

    def reload(self):
        self.events += self.engine.reload(self.book, self.assets.values(), now_s=self.at_s)


def written(events):
    """Return events as the ledger gives their evidence back."""
    return [replace(e, evidence=json.loads(json.dumps(e.evidence))) for e in events]


def told(events):
    return [(e.change.value, str(e.key), e.priority.text) for e in events if not e.is_addition]


def listed(event, *, all_of=("asset_id", "rule")):
    return [tuple(entry[name] for name in all_of) for entry in event.evidence["found"]]


# ------------------------------------------------------------------------------- one alarm


def test_a_room_whose_cooling_fails_is_one_alarm_however_many_racks_are_in_it():
    hall = Hall()

    events = hall.until(6.5)

    assert told(events) == [("raised", ROOM_1, "medium"), ("returned", ROOM_1, "medium")]
    assert {e.scope for e in events} == {Scope.ROOM}
    assert sorted(listed(events[-1])) == sorted(
        (name, rule) for name in IN_5B for rule in ("ambient_high", "room_warming")
    )
    assert all("over_at_s" in entry for entry in events[-1].evidence["found"])


def test_what_is_added_names_the_rack_that_said_it_and_leaves_the_alarm_its_numbers():
    raised, *added = Hall().until(2.0)

    of_rack_2, of_air = added[0], added[2]
    assert raised.why == "room or cooling: the air of Rack 1 rose 5.6 K within two hours, no load"
    assert of_rack_2.why == (
        f"{raised.why} (also said by Rack 2). "
        "Added: room or cooling: the air of Rack 2 rose 5.6 K within two hours, no load"
    )
    assert of_air.why.startswith(
        f"{raised.why} (also said by Rack 2, Rack 3). Added: Rack 1: the room: "
    )
    assert {(e.priority, e.value, e.setpoint, e.quantity, e.action) for e in added} == {
        (raised.priority, raised.value, raised.setpoint, raised.quantity, raised.action)
    }
    assert {e.evidence["unit"] for e in added} == {"K"}


def test_the_end_comes_with_the_last_rack_and_says_who_saw_it():
    late = partial(failing, until_h=5.5)

    *_, end = Hall({"rack-2": late}).until(8.0)

    assert (end.change, str(end.key), end.value) == (Change.RETURNED, ROOM_1, None)
    assert end.at_s > NOON_S + 5.7 * HOUR_S
    assert end.why.startswith("the room of Rack 1: back to normal after ")
    assert end.why.endswith("(also said by Rack 2, Rack 3)")


def test_another_room_has_an_alarm_of_its_own():
    events = Hall({"rack-9": failing}).until(2.0)

    assert told(events) == [
        ("raised", ROOM_1, "medium"),
        ("raised", "daejeon/rack-9/s1/room_warming", "medium"),
    ]


def test_a_rack_that_is_alone_in_its_room_says_what_it_said():
    (raised, added, end) = Hall(dict.fromkeys(IN_5B, well) | {"rack-9": failing}).until(6.5)

    assert listed(raised) == [("rack-9", "room_warming")]
    assert "also said by" not in added.why
    assert end.why == "the room of Rack 9: back to normal after 3.5 h"


# ------------------------------------------------------------------------------- limits


def hotter(by_k, *, from_h=2.0, until_h=3.0):
    """Return what makes all modules of a rack hotter than its air does."""

    def change(at_h, heat, volts):
        heat += by_k * (from_h <= at_h < until_h)

    return change


def test_modules_beyond_their_limit_are_added_whichever_rack_they_are_in():
    events = Hall(change={"rack-2": hotter(10.0)}).until(6.5)

    assert told(events) == [("raised", ROOM_1, "medium"), ("returned", ROOM_1, "medium")]
    hot = [e for e in events if "module 3 of Rack 2" in e.why]
    assert [listed(e)[-1] for e in hot] == [("rack-2", "module_temperature")]
    of_modules = [
        one for one in events[-1].evidence["found"] if one["rule"] == "module_temperature"
    ]
    assert sorted(one["component"] for one in of_modules) == [f"s1/m0{m}" for m in range(1, 5)]


def test_a_critical_limit_is_told_by_itself_at_once_and_ends_by_itself():
    events = Hall(change={"rack-2": hotter(20.0)}).until(6.5)

    critical = [e for e in events if e.priority is Priority.CRITICAL]
    assert {str(e.key) for e in critical} == {
        f"daejeon/rack-2/s1/m0{module}/module_temperature" for module in range(1, 5)
    }
    assert len(critical) == 8
    assert not any(e.is_addition for e in critical)
    assert [t for t in told(events) if t[2] != "critical"] == [
        ("raised", ROOM_1, "medium"),
        ("returned", ROOM_1, "medium"),
    ]


def test_what_was_added_and_becomes_critical_is_told_by_itself():
    def change(at_h, heat, volts):
        heat += 10.0 * (2.0 <= at_h < 2.5) + 20.0 * (2.5 <= at_h < 3.0)

    events = Hall(change={"rack-2": change}).until(4.0)

    of_module = [e for e in events if "module 3 of Rack 2" in e.why]
    own_key = "daejeon/rack-2/s1/m03/module_temperature"
    assert [(str(e.key), e.priority.text, e.is_addition) for e in of_module] == [
        (ROOM_1, "medium", True),
        (own_key, "critical", False),
        (own_key, "critical", False),
    ]


def test_critical_air_is_told_of_every_rack_that_measures_it():
    events = Hall(dict.fromkeys(IN_5B, partial(failing, most_k=15.0))).until(3.0)

    assert told(events) == [
        ("raised", ROOM_1, "medium"),
        *(("raised", f"daejeon/{name}/-/ambient_high", "critical") for name in IN_5B),
    ]


def test_what_is_more_urgent_is_told_and_the_alarm_goes_by_it():
    book = rulebook(SHIPPED.read_text().replace("medium = 28.0", "medium = 28.0, high = 30.0"))

    events = Hall({"rack-2": partial(failing, most_k=7.5)}, rules=book).until(6.5)

    assert told(events) == [
        ("raised", ROOM_1, "medium"),
        ("raised", ROOM_1, "high"),
        ("returned", ROOM_1, "high"),
    ]
    worse = next(e for e in events if e.priority is Priority.HIGH)
    assert worse.why.startswith("Rack 1: the room: 3")
    assert (worse.scope, worse.setpoint) == (Scope.ROOM, 30.0)
    assert alarms_of(events)[0].evidence["found"] == events[-1].evidence["found"]


def test_a_module_that_was_told_before_the_room_failed_keeps_its_alarm():
    change = hotter(19.0, from_h=0.5, until_h=1.2)  # 42 °C before, and 44 °C in the warmer room

    events = Hall(change={"rack-2": change}).until(3.0)

    of_module = [t for t in told(events) if "/m03/module_temperature" in t[1]]
    assert [change for change, *_ in of_module] == ["raised", "returned"]


def test_too_little_heat_is_no_part_of_a_room_that_warms():
    def change(at_h):
        return failing(at_h) if at_h < 2.0 else 17.0

    events = Hall({"rack-2": change}).until(3.0)

    assert ("raised", "daejeon/rack-2/-/ambient_low", "medium") in told(events)


# ------------------------------------------------------------------------------- what comes first


def test_air_beyond_its_limit_is_told_once_for_all_racks_and_a_failing_cooling_besides():
    events = Hall(rules=rulebook(EARLIER)).until(6.5)

    assert told(events) == [
        ("raised", AIR_1, "medium"),
        ("raised", ROOM_1, "medium"),
        ("returned", AIR_1, "medium"),
        ("returned", ROOM_1, "medium"),
    ]


def test_air_that_has_been_warm_for_long_explains_no_other_rack():
    warm, later = (partial(failing, until_h=9.0, most_k=3.0, from_h=h) for h in (1.0, 4.0))

    events = Hall({"rack-1": warm, "rack-2": later, "rack-3": well}, rules=rulebook(EARLIER)).until(
        5.0
    )

    assert told(events) == [
        ("raised", AIR_1, "medium"),
        ("raised", "daejeon/rack-2/-/ambient_high", "medium"),
    ]


PATIENT = SHIPPED.read_text().replace("medium = 300.0", "medium = 3600.0")  # the air's limit


def resting(at_h, *, rests_c=28.4):
    """Return the air of a room that is repaired, and stays a little warmer than it was."""
    air_c = failing(at_h, start_c=27.0, most_k=7.0)
    return air_c if at_h < 4.0 else max(rests_c, air_c)


def test_what_is_not_over_half_an_hour_after_the_room_becomes_one_alarm_of_its_own():
    hall = Hall(dict.fromkeys(IN_5B, resting), rules=rulebook(PATIENT))

    *_, end, air = [e for e in hall.until(7.0) if not e.is_addition]

    assert (end.change, str(end.key)) == (Change.RETURNED, ROOM_1)
    assert end.why.endswith("; not over: 3 of what was added")
    assert (air.change, str(air.key)) == (Change.RAISED, AIR_1)
    assert HOUR_S / 2 <= air.at_s - end.at_s <= HOUR_S / 2 + POLL_S
    assert hall.events[-1].is_addition
    assert sorted(listed(hall.events[-1])) == [(name, "ambient_high") for name in IN_5B]


def test_what_is_over_within_half_an_hour_after_the_room_is_not_told():
    def air(at_h):
        return resting(at_h) if at_h < 4.9 else 26.0

    hall = Hall(dict.fromkeys(IN_5B, air), rules=rulebook(PATIENT))

    events = hall.until(7.0)

    assert told(events) == [("raised", ROOM_1, "medium"), ("returned", ROOM_1, "medium")]
    assert "not over: 3" in events[-1].why


# ------------------------------------------------------------------------------- restarts


@pytest.mark.parametrize("hour", [1.5, 2.0, 3.5])
def test_a_restart_tells_nothing_twice_and_forgets_nothing(hour):
    hall = Hall({"rack-2": partial(failing, until_h=5.5)})
    hall.until(hour)

    hall.restart()
    hall.until(8.0)

    assert told(hall.events) == [("raised", ROOM_1, "medium"), ("returned", ROOM_1, "medium")]
    assert hall.events[-1].at_s > NOON_S + 5.7 * HOUR_S
    entries = listed(hall.events[-1])
    assert sorted(entries) == sorted(set(entries))


def test_after_a_restart_the_alarm_stands_while_only_another_rack_says_it():
    hall = Hall({"rack-2": partial(failing, until_h=6.0)})
    hall.until(5.5)

    hall.restart()
    hall.until(5.7)
    hall.restart()
    hall.until(8.0)

    assert told(hall.events) == [("raised", ROOM_1, "medium"), ("returned", ROOM_1, "medium")]
    assert hall.events[-1].at_s > NOON_S + 6.2 * HOUR_S


def test_a_restart_keeps_modules_in_the_alarm_and_what_was_critical_beside_it():
    hall = Hall(change={"rack-2": hotter(10.0), "rack-3": hotter(20.0)})
    hall.until(2.5)

    hall.restart()
    since = hall.until(6.5)

    assert {t[2] for t in told(since) if t[0] == "raised"} == set()
    ended = [key for change, key, _ in told(since) if change == "returned"]
    assert sorted(ended) == sorted(
        [ROOM_1, *(f"daejeon/rack-3/s1/m0{m}/module_temperature" for m in range(1, 5))]
    )


# ------------------------------------------------------------------------------- reloads


def test_where_the_first_rack_goes_the_alarm_is_that_of_the_next_at_once():
    hall = Hall()
    hall.until(2.0)
    del hall.assets["rack-1"], hall.polls["rack-1"]

    hall.reload()
    at_reload = told(hall.events)[1:]
    hall.until(6.5)

    assert at_reload == [("returned", ROOM_1, "medium"), ("raised", ROOM_2, "medium")]
    assert told(hall.events)[3:] == [("returned", ROOM_2, "medium")]
    assert ("rack-3", "ambient_high") in listed(hall.events[-1])


def test_a_daemon_that_starts_without_the_first_rack_goes_on_as_that_of_the_next():
    hall = Hall()
    hall.until(2.0)
    del hall.assets["rack-1"], hall.polls["rack-1"]

    hall.restart()
    hall.until(6.5)

    assert told(hall.events)[1:] == [
        ("returned", ROOM_1, "medium"),
        ("raised", ROOM_2, "medium"),
        ("returned", ROOM_2, "medium"),
    ]


def test_a_rack_that_is_carried_to_another_room_takes_its_alarm_there():
    hall = Hall()
    hall.until(2.0)
    hall.assets["rack-3"] = replace(hall.assets["rack-3"], room_id="room-6")

    hall.reload()

    in_room_6 = {str(e.key) for e in hall.events if "rack-3" in str(e.key)}
    assert in_room_6 == {"daejeon/rack-3/s1/room_warming"}
    assert told(hall.events)[1:] == [
        ("returned", ROOM_1, "medium"),
        ("raised", ROOM_1, "medium"),
        ("raised", "daejeon/rack-3/s1/room_warming", "medium"),
    ]


def test_the_alarm_ends_when_its_rule_is_switched_off_and_the_air_is_told_later():
    hall = Hall()
    hall.until(2.0)
    hall.book = rulebook(
        SHIPPED.read_text().replace('kind = "heat_room"', 'kind = "heat_room"\nenabled = false')
    )

    hall.reload()
    hall.until(2.7)

    assert told(hall.events)[1:] == [("returned", ROOM_1, "medium"), ("raised", AIR_1, "medium")]
