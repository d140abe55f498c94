"""What the ledger says of the past of one battery: work near it, and resets of what was learned."""

from typing import Any

import pytest

from batteryd.domain.alarm import Change
from batteryd.domain.work import WorkState
from batteryd.replay.past import NOTHING, Past, Turn
from batteryd.replay.people import past_of
from batteryd.replay.playback import Playback
from batteryd.store.learned import LearningReset
from batteryd.store.records import Revision
from tests.builders import NOON_S, make_battery, make_inventory, make_snapshot
from tests.looks import make_order
from tests.racks import Rack
from tests.rulebooks import make_asset, rulebook

INVENTORY = make_inventory(
    make_battery("rack-1"),
    make_battery("rack-2"),
    make_battery("rack-9", room_id="elsewhere", ups_id=None, dc_bus_id="DC-9"),
)


def revision(value, *, at_s, record_id=None):
    return Revision(1, record_id or value.work_order_id, at_s, "Kim", "put", "", value)


def orders(*states, name="WO-7", batteries=("rack-2",)):
    """Return the revisions of an order: its states by instant; started once it has begun."""
    begun = None
    for at_s, state in states:
        begun = begun or (at_s if state is WorkState.STARTED else None)
        yield revision(
            make_order(name, state=state, started_at_s=begun, batteries=batteries), at_s=at_s
        )


def past(*revisions, asset_id="rack-1", resets=()):
    return past_of(asset_id, orders=revisions, resets=resets, inventory=INVENTORY)


def test_work_counts_from_its_start_to_its_end_also_near_by_and_while_its_go_is_revoked():
    found = past(
        *orders(
            (100.0, WorkState.PLANNED),
            (200.0, WorkState.CLEARED),
            (300.0, WorkState.STARTED),
            (400.0, WorkState.REVOKED),
            (500.0, WorkState.CLOSED),
        )
    )

    assert found.turns == (Turn(300.0, is_at_work=True), Turn(500.0, is_at_work=False))


def test_two_orders_overlap_to_one_time_of_work():
    first = orders((100.0, WorkState.STARTED), (300.0, WorkState.CLOSED))
    second = orders((200.0, WorkState.STARTED), (400.0, WorkState.CLOSED), name="WO-8")
    revisions = sorted([*first, *second], key=lambda r: r.at_s)

    found = past(*revisions)

    assert [turn.at_s for turn in found.turns] == [100.0, 400.0]


def test_work_elsewhere_and_resets_of_others_are_nothing():
    elsewhere = orders((100.0, WorkState.STARTED), batteries=("rack-9",))
    reset = revision(LearningReset("rack-2", "Kim", "moved"), at_s=150.0, record_id="rack-2")

    assert past(*elsewhere, resets=(reset,)) == NOTHING


@pytest.mark.parametrize(
    ("from_s", "to_s", "at_work_s"),
    [(0.0, 1000.0, 200.0), (350.0, 400.0, 50.0), (500.0, 900.0, 0.0), (0.0, 320.0, 20.0)],
)
def test_how_long_people_worked_in_a_stretch(from_s, to_s, at_work_s):
    turns = (Turn(300.0, is_at_work=True), Turn(500.0, is_at_work=False))

    assert Past(turns).at_work_s(from_s, to_s) == at_work_s


def test_work_that_nobody_closed_goes_on():
    assert Past((Turn(300.0, is_at_work=True),)).at_work_s(0.0, 1000.0) == 700.0


RULES = """
[rule.module_temperature]
kind = "limit"
quantities = ["temperature_c"]
direction = "high"
setpoint = { medium = 40.0 }
[rule.module_temperature.work]
setpoint = { medium = 35.0 }
"""


def test_limits_are_tight_from_the_start_of_the_work_to_its_end():
    turns = (Turn(NOON_S + 95, is_at_work=True), Turn(NOON_S + 205, is_at_work=False))
    playback = Playback(rulebook(RULES), make_asset(), past=Past(turns))
    polls = [
        make_snapshot(at_s=NOON_S + 10 * n, values={"s1/m02/t1:temperature_c": 38.0})
        for n in range(30)
    ]

    raised, returned = playback.all_of(polls)

    assert (raised.setpoint, raised.at_s) == (35.0, NOON_S + 90)  # by what was read last
    assert returned.change is Change.RETURNED
    assert NOON_S + 200 <= returned.at_s <= NOON_S + 210


def test_what_was_learned_before_a_reset_is_forgotten_at_it():
    rules = '[rule.module_warmer]\nkind = "heat_peer"\n'
    resets = Past(resets_s=(NOON_S + 4.5 * 3600,))
    learned: dict[str, Any] = {}
    for name, past_ in (("reset", resets), ("kept", NOTHING)):
        playback = Playback(rulebook(rules), make_asset(), past=past_)
        for snapshot in Rack(shape=(6, 2, 2)).snapshots(5.0):
            assert list(playback.step(snapshot)) == []
        learned[name] = playback._engine.learned("rack-1")["detection"]["s1.heat.calm_s"]

    assert learned["kept"].min() == 3600.0
    assert learned["reset"].max() < 3600.0
