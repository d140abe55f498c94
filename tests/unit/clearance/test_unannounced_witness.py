"""Signs of work: what makes one, what looks like one and is none, and when it is over."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.clearance.unannounced_sign import Sign, sign_of
from batteryd.clearance.unannounced_witness import Witness
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Layout, Snapshot, parse_column
from tests.builders import NOON_S
from tests.sightings import LAYOUT, OPEN, PULLED, no_answer, poll, rack_inventory

RACKS = ("rack-1", "rack-2", "rack-3", "rack-4")
AMPERE = "-:current_a"
ANSWERS, SILENT, REJECTED = "answers", "timeout: no answer", "rejected: illegal address"


def witness(*names, **changes):
    return Witness(rack_inventory(*(names or RACKS), **changes).assets)


def seen(signs):
    """Return signs in short: asset, kind, component, and whether it began or is over."""
    return [
        (s.key.asset_id, s.key.kind.value, str(s.key.component), "over" if s.is_over else "began")
        for s in signs
    ]


def run(eyes, *snapshots):
    return [sign for snapshot in snapshots for sign in eyes.step(snapshot)]


def every_ten_seconds(*values, name="rack-1"):
    return [poll(name, at_s=10.0 * n, values=v) for n, v in enumerate(values)]


# ------------------------------------------------------------------------------- switches


@pytest.mark.parametrize(
    ("column", "rest", "moved", "kind"),
    [
        ("-:contactor_closed", 1.0, 0.0, "contactor_opened"),
        ("-:breaker_closed", 1.0, 0.0, "breaker_opened"),
        ("-:door_open", 0.0, 1.0, "door_opened"),
    ],
)
def test_a_switch_that_was_known_at_rest_is_seen_moved_and_back(column, rest, moved, kind):
    states = ({column: rest}, {column: moved}, {column: moved}, {column: rest})

    began, over = run(witness(), *every_ten_seconds(*states))

    assert seen([began, over]) == [("rack-1", kind, "-", "began"), ("rack-1", kind, "-", "over")]
    assert (began.before_at_s, began.at_s) == (NOON_S, NOON_S + 10)
    assert (over.before_at_s, over.at_s) == (NOON_S + 20, NOON_S + 30)


@pytest.mark.parametrize("first", [OPEN, {"-:contactor_closed": None}])
def test_a_contactor_that_is_open_or_unknown_at_first_is_how_things_are(first):
    assert run(witness(), *every_ten_seconds(first, OPEN, OPEN)) == []


def test_an_unknown_state_in_between_neither_makes_a_sign_nor_hides_one():
    unknown = {"-:contactor_closed": None}

    signs = run(witness(), *every_ten_seconds({}, unknown, {}, unknown, OPEN))

    assert seen(signs) == [("rack-1", "contactor_opened", "-", "began")]
    assert (signs[0].before_at_s, signs[0].at_s) == (NOON_S + 20, NOON_S + 40)


def test_an_uncertain_value_is_not_known():
    uncertain = poll(at_s=10.0, values=OPEN)
    uncertain.quality[0] = Quality.CONTRADICTED

    assert run(witness(), poll(), uncertain) == []


def test_a_contactor_that_opened_while_nobody_looked_is_told_between_the_two_looks():
    (sign,) = run(witness("rack-1"), poll(), no_answer(at_s=10), poll(at_s=7200, values=OPEN))

    assert sign.text == ("contactor opened between 2025-11-25T12:00:00Z and 2025-11-25T14:00:00Z")


def test_strings_of_one_battery_are_seen_one_by_one():
    layout = Layout.of(parse_column(f"s{n}:contactor_closed") for n in (1, 2, 3))
    shots = [
        Snapshot("rack-1", NOON_S + 10 * n, layout, np.array(flags), np.zeros(3, dtype=np.uint8))
        for n, flags in enumerate([[1.0, 1.0, 1.0], [1.0, 0.0, 1.0]])
    ]

    (sign,) = run(witness(), *shots)

    assert seen([sign]) == [("rack-1", "contactor_opened", "s2", "began")]
    assert sign.text.startswith("string 2: contactor opened between")


# ------------------------------------------------------------------------------- modules


def test_a_module_that_is_missing_twice_while_its_neighbours_stay_has_vanished():
    signs = run(witness(), *every_ten_seconds({}, PULLED, PULLED, PULLED, {}))

    assert seen(signs) == [
        ("rack-1", "module_vanished", "s1/m02", "began"),
        ("rack-1", "module_vanished", "s1/m02", "over"),
    ]
    assert (signs[0].before_at_s, signs[0].at_s) == (NOON_S, NOON_S + 20)
    assert signs[0].seen == {"values_before": 3, "values_after": 0, "polls": 2}


PART = {"s1/m02/t1:temperature_c": None, "s1/m02/c01:cell_voltage_v": None}
ALL = {str(column): None for column in LAYOUT.columns if column.component.module}
OTHERS = {text: None for text in ALL if "m02" not in text}


@pytest.mark.parametrize(
    "states",
    [
        ({}, PULLED, {}, PULLED, {}),  # a poll that went wrong now and then
        ({}, PART, PART, PART),  # a part of it is still there
        (PULLED, PULLED, PULLED, PULLED),  # never seen
        ({}, ALL, ALL, ALL),  # the BMS has lost its sub-devices
        (PART, PULLED, PULLED, PULLED),  # one value left at last: a sensor that died
    ],
)
def test_what_is_no_vanished_module(states):
    assert run(witness(), *every_ten_seconds(*states)) == []


def test_a_module_that_is_missing_once_its_neighbours_are_back_has_vanished():
    signs = run(witness(), *every_ten_seconds({}, ALL, ALL, PULLED))

    assert seen(signs) == [("rack-1", "module_vanished", "s1/m02", "began")]
    assert signs[0].before_at_s == NOON_S


def test_another_layout_of_the_same_device_is_another_beginning():
    smaller = Layout.of(LAYOUT.columns[3:7])
    numbers, quality = np.ones(4), np.array([0, 0, 0, Quality.MISSING], dtype=np.uint8)

    shots = [Snapshot("rack-1", NOON_S + 10 * n, smaller, numbers, quality) for n in (1, 2, 3)]

    assert run(witness(), poll(), *shots) == []


# ------------------------------------------------------------------------------- racks


def room(eyes, table, *, every_s=10.0):
    """Poll racks by a table: one row a poll, one cell a rack: how its poll ends."""
    signs = []
    for n, row in enumerate(table):
        for name, how in zip(RACKS, row, strict=False):
            at_s = every_s * n
            shot = (
                poll(name, at_s=at_s) if how == ANSWERS else no_answer(name, at_s=at_s, failure=how)
            )
            signs += eyes.step(shot)
    return signs


def test_a_rack_that_goes_silent_for_a_minute_while_others_answer_has_vanished():
    table = [[ANSWERS] * 4] + [[SILENT] + [ANSWERS] * 3] * 7 + [[ANSWERS] * 4]

    began, over = room(witness(), table)

    assert seen([began, over]) == [
        ("rack-1", "rack_vanished", "-", "began"),
        ("rack-1", "rack_vanished", "-", "over"),
    ]
    assert (began.before_at_s, began.at_s) == (NOON_S, NOON_S + 10)
    assert began.seen == {
        "failure": SILENT,
        "polls": 6,
        "others_answering": ["rack-2", "rack-3", "rack-4"],
    }


@pytest.mark.parametrize(
    ("every_s", "polls", "vanished"),
    [(10.0, 5, 0), (10.0, 6, 1), (2.0, 29, 0), (2.0, 30, 1), (300.0, 2, 0), (300.0, 3, 1)],
)
def test_it_takes_three_polls_and_a_minute(every_s, polls, vanished):
    table = [[ANSWERS] * 4] + [[SILENT] + [ANSWERS] * 3] * polls

    assert len(room(witness(), table, every_s=every_s)) == vanished


@pytest.mark.parametrize(
    "table",
    [
        [[ANSWERS] * 4] + [[SILENT] * 4] * 20,  # the whole room: network or power
        [[ANSWERS] * 4] + [[REJECTED] + [ANSWERS] * 3] * 20,  # it is there
        [[SILENT] + [ANSWERS] * 3] * 20,  # never heard
        [[ANSWERS] * 4] + ([[SILENT] + [ANSWERS] * 3] * 2 + [[ANSWERS] * 4]) * 8,
    ],
)
def test_what_is_no_vanished_rack(table):
    assert room(witness(), table) == []


def test_a_rack_alone_in_its_room_cannot_be_told_from_its_network():
    assert room(witness("rack-1"), [[ANSWERS]] + [[SILENT]] * 20) == []


def test_everything_behind_one_gateway_is_the_gateways_matter():
    pair = rack_inventory("rack-1", "rack-2", gateway=True)
    third = rack_inventory("rack-3")
    eyes = Witness({**third.assets, **pair.assets})

    both_silent = [[ANSWERS] * 3] + [[SILENT, SILENT, ANSWERS]] * 9
    assert room(eyes, both_silent) == []
    assert seen(room(eyes, [[SILENT, ANSWERS, ANSWERS]], every_s=0.0)) == []


def test_one_behind_a_gateway_that_answers_for_another_has_vanished():
    eyes = witness("rack-1", "rack-2", gateway=True)

    signs = room(eyes, [[ANSWERS] * 2] + [[SILENT, ANSWERS]] * 9)

    assert seen(signs) == [("rack-1", "rack_vanished", "-", "began")]


def test_polls_that_are_held_back_after_no_answer_count_and_others_do_not():
    held_back = "backoff: timeout: no answer"

    after_silence = [[ANSWERS] * 4] + [[SILENT] + [ANSWERS] * 3] + [[held_back] + [ANSWERS] * 3] * 6
    after_refusal = (
        [[ANSWERS] * 4] + [[REJECTED] + [ANSWERS] * 3] + [[held_back] + [ANSWERS] * 3] * 9
    )

    assert len(room(witness(), after_silence)) == 1
    assert room(witness(), after_refusal) == []


def test_a_rack_that_comes_back_with_its_contactor_open_shows_both():
    eyes = witness()
    room(eyes, [[ANSWERS] * 4] + [[SILENT] + [ANSWERS] * 3] * 7)

    signs = eyes.step(poll(at_s=80, values=OPEN))

    assert seen(signs) == [
        ("rack-1", "contactor_opened", "-", "began"),
        ("rack-1", "rack_vanished", "-", "over"),
    ]


# ------------------------------------------------------------------------------- current


def bus(eyes, *rows, every_s=10.0, values=None):
    """Poll racks on one bus: one row a poll, one number a rack: its current."""
    signs = []
    for n, row in enumerate(rows):
        for name, current_a in zip(RACKS, row, strict=False):
            more = (values or {}) if name == "rack-1" else {}
            signs += eyes.step(poll(name, at_s=every_s * n, values={AMPERE: current_a, **more}))
    return signs


CHARGING = [21.4, 20.9, 22.3, 21.0]
OFF = [0.0, 20.9, 22.3, 21.0]


def test_a_current_that_steps_to_zero_while_its_neighbours_go_on_is_pinned():
    rows = [CHARGING] * 4 + [OFF] * 8 + [CHARGING] * 2

    began, over = bus(witness(), *rows)

    assert seen([began, over]) == [
        ("rack-1", "current_pinned", "-", "began"),
        ("rack-1", "current_pinned", "-", "over"),
    ]
    assert (began.before_at_s, began.at_s) == (NOON_S + 30, NOON_S + 40)
    assert began.seen == {"current_a": 0.0, "carried_a": 21.4, "neighbours_a": 21.0, "polls": 7}
    assert "fell from 21.4 A to 0.0 A" in began.text


@pytest.mark.parametrize(
    "zero",
    [
        [0.02, -0.03, 0.04, 0.01, -0.02, 0.0, 0.03, 0.01],  # noise
        [-0.3] * 8,  # an open circuit, and a sensor that is a little off
        [9.0, 2.1, 0.02, 0.0, -0.01, 0.01, 0.0, 0.0, 0.02],  # a device that smooths
    ],
)
def test_what_counts_as_zero(zero):
    rows = [CHARGING] * 4 + [[a, *CHARGING[1:]] for a in zero]

    assert seen(bus(witness(), *rows)) == [("rack-1", "current_pinned", "-", "began")]


@pytest.mark.parametrize(("polls", "every_s"), [(6, 10.0), (4, 30.0), (20, 2.0)])
def test_it_takes_five_polls_and_a_minute(polls, every_s):
    rows = [CHARGING] * 4 + [OFF] * polls

    assert bus(witness(), *rows, every_s=every_s) == []


FULL_FIRST = [[a, *CHARGING[1:]] for a in (8.0, 4.0, 2.0, 1.0, 0.45, 0.3, 0.2, 0.1, 0.04)]


@pytest.mark.parametrize(
    "rows",
    [
        [[0.0, *CHARGING[1:]]] * 30,  # it never carried any
        [[0.3, *CHARGING[1:]]] * 30,  # steady
        FULL_FIRST + [OFF] * 20,  # it is full before the others
        [CHARGING] * 4 + [[0.0] * 4] * 20,  # charging ends for all
        [CHARGING] * 4 + [[0.0, 2.0, -2.0, 1.5]] * 20,  # it ends, and the others balance
        [[0.0] * 4] * 5 + [[-80.0] * 4] * 5 + [[0.0, 9.0, 8.0, 9.0]] * 20,  # mains fails, returns
        [[0.0] * 4] * 5 + [[0.0, -90.0, -95.0, -93.0]] * 20,  # mains fails; it was off before
        [CHARGING] * 4 + [[None, *CHARGING[1:]]] * 20,  # unknown is not zero
        [CHARGING] * 4 + [[0.1, *CHARGING[1:]], [0.2, *CHARGING[1:]]] * 10,  # it moves
    ],
)
def test_what_is_no_pinned_current(rows):
    assert bus(witness(), *rows) == []


def test_while_its_own_contactor_is_known_to_be_open_zero_says_nothing_more():
    signs = bus(witness(), *[CHARGING] * 4, *[OFF] * 20, values={"-:breaker_closed": 0.0})

    assert signs == []


def test_a_rack_without_a_bus_or_without_neighbours_has_nothing_to_compare_with():
    rows = [CHARGING] * 4 + [OFF] * 20

    assert bus(witness("rack-1"), *[row[:1] for row in rows]) == []
    assert bus(witness(dc_bus_id=None), *rows) == []


def test_neighbours_that_have_not_been_read_for_a_minute_say_nothing():
    eyes = witness()
    bus(eyes, *[CHARGING] * 4)

    alone = [poll(at_s=100.0 + 10 * n, values={AMPERE: 0.0}) for n in range(20)]

    assert run(eyes, *alone) == []


def test_strings_of_one_battery_are_neighbours_of_each_other():
    layout = Layout.of(parse_column(f"{place}:current_a") for place in ("-", "s1", "s2", "s3"))
    quality = np.zeros(4, dtype=np.uint8)
    rows = [[60.0, 20.0, 20.1, 19.9]] * 4 + [[40.0, 20.0, 0.0, 20.0]] * 8

    signs = run(
        witness("rack-1"),
        *(
            Snapshot("rack-1", NOON_S + 10 * n, layout, np.array(row), quality)
            for n, row in enumerate(rows)
        ),
    )

    assert seen(signs) == [("rack-1", "current_pinned", "s2", "began")]


# ------------------------------------------------------------------------------- what always holds


def all_signs():
    """Return a witness's signs of every kind, one after the other."""
    eyes = witness()
    door = {"-:door_open": 1.0}
    signs = run(eyes, *every_ten_seconds({}, OPEN, {"-:breaker_closed": 0.0, **OPEN}, door))
    signs += run(witness(), *every_ten_seconds({}, PULLED, PULLED))
    signs += room(witness(), [[ANSWERS] * 4] + [[SILENT] + [ANSWERS] * 3] * 7)
    signs += bus(witness(), *[CHARGING] * 4, *[OFF] * 8)
    return [sign for sign in signs if not sign.is_over]


def test_a_sign_is_read_back_from_its_evidence():
    signs = all_signs()

    assert len({sign.key.kind for sign in signs}) == 6
    assert [sign_of("rack-1", sign.as_evidence()) for sign in signs] == signs


@pytest.mark.parametrize("sign", all_signs(), ids=lambda sign: sign.key.kind)
def test_after_a_restart_the_end_of_a_sign_is_still_seen(sign: Sign):
    eyes = witness()
    eyes.restore(sign)

    over = eyes.step(poll(at_s=600.0))

    assert [(s.key, s.is_over) for s in over] == [(sign.key, True)]


@pytest.mark.parametrize("sign", all_signs(), ids=lambda sign: sign.key.kind)
def test_what_is_forgotten_is_looked_at_anew(sign: Sign):
    eyes = witness()
    eyes.restore(sign)

    eyes.replace(rack_inventory("rack-2").assets)
    eyes.replace(rack_inventory(*RACKS).assets)

    assert eyes.step(poll(at_s=600.0)) == ()


@pytest.mark.parametrize("evidence", [None, {}, {"kind": "rain"}, "signs", {"kind": 3}])
def test_what_is_no_sign_is_not_read_as_one(evidence):
    assert sign_of("rack-1", evidence) is None


def test_a_reload_changes_nothing_for_what_stays():
    eyes = witness()
    eyes.step(poll())

    eyes.replace(rack_inventory(*RACKS).assets)

    assert seen(eyes.step(poll(at_s=10, values=OPEN))) == [
        ("rack-1", "contactor_opened", "-", "began")
    ]


def test_an_asset_that_nobody_watches_is_not_looked_at():
    assert run(witness("rack-2"), poll(), poll(at_s=10, values=OPEN)) == []


STATES = st.fixed_dictionaries(
    {
        "-:contactor_closed": st.sampled_from([0.0, 1.0, None]),
        "-:door_open": st.sampled_from([0.0, 1.0]),
        AMPERE: st.sampled_from([0.0, 0.02, 0.3, 12.0, -40.0, None]),
        "s1/m01/t1:temperature_c": st.sampled_from([24.0, None]),
    }
)


@given(states=st.tuples(STATES, STATES, STATES, STATES), polls=st.integers(1, 40))
def test_steady_data_without_noise_shows_nothing(states, polls):
    eyes = witness()

    signs = [
        sign
        for n in range(polls)
        for name, values in zip(RACKS, states, strict=True)
        for sign in eyes.step(poll(name, at_s=10.0 * n, values=values))
    ]

    assert signs == []


MOVES = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([{}, OPEN, PULLED, {AMPERE: 0.0}, None])),
    max_size=60,
)


@given(moves=MOVES, order=st.permutations(RACKS))
def test_other_names_for_the_same_racks_are_other_names_on_the_same_signs(moves, order):
    def signs_of(names):
        eyes = witness()
        shots = [
            no_answer(names[rack], at_s=7.0 * n)
            if values is None
            else poll(names[rack], at_s=7.0 * n, values=values)
            for n, (rack, values) in enumerate(moves)
        ]
        return seen(run(eyes, *shots))

    renamed = dict(zip(RACKS, order, strict=True))
    expected = [(renamed[name], *rest) for name, *rest in signs_of(RACKS)]

    assert signs_of(order) == expected
