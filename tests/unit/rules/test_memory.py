"""What outlives a detector: all of it or nothing, and one bad number costs its own place."""

from typing import ClassVar

import numpy as np
import pytest

from batteryd.rules.memory import recollect, remind


class Sensors:
    """What is remembered of three sensors."""

    REMEMBERED: ClassVar[tuple[str, ...]] = ("offset_k", "learned_s", "mean_c", "waiting", "clock")

    def __init__(self) -> None:
        self.offset_k = np.zeros(3)
        self.learned_s = np.zeros(3, dtype=np.int16)
        self.mean_c = np.full(3, np.nan)
        self.waiting = np.zeros((0, 2))
        self.clock = np.array([-np.inf, np.nan])


def learned() -> dict[str, np.ndarray]:
    sensors = Sensors()
    sensors.offset_k[:] = 0.4, -1.2, 2.5
    sensors.learned_s[:] = 3600
    sensors.mean_c[:2] = 24.1, 23.0
    sensors.waiting = np.array([[1.0, 60.0]])
    sensors.clock[0] = 1000.0
    return recollect({"heat": sensors})


def test_what_was_learned_goes_over_to_another_one() -> None:
    after = Sensors()

    assert remind({"heat": after}, learned())

    for name, array in learned().items():
        assert np.array_equal(getattr(after, name.removeprefix("heat.")), array, equal_nan=True)


def test_what_was_taken_out_stays_as_it_was() -> None:
    sensors = Sensors()
    kept = recollect({"heat": sensors})
    after = Sensors()
    remind({"heat": after}, kept)

    sensors.offset_k += 1.0
    after.offset_k += 2.0

    assert not kept["heat.offset_k"].any()


@pytest.mark.parametrize(
    "odd",
    [
        {"heat.offset_k": np.zeros(4)},
        {"heat.offset_k": np.zeros((3, 1))},
        {"heat.offset_k": np.zeros(3, dtype=np.float32)},
        {"heat.offset_k": np.array(["a", "b", "c"])},
        {"heat.offset_k": [0.0, 0.0, 0.0]},
        {"heat.waiting": np.zeros((2, 3))},
        {"heat.waiting": np.zeros(2)},
    ],
)
def test_what_does_not_fit_changes_nothing(odd: dict[str, object]) -> None:
    after = Sensors()

    assert not remind({"heat": after}, {**learned(), **odd})

    assert not after.learned_s.any()


def test_a_name_that_is_missing_changes_nothing() -> None:
    kept = learned()
    del kept["heat.clock"]
    after = Sensors()

    assert not remind({"heat": after}, kept)
    assert not after.offset_k.any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_none_costs_its_sensor_what_was_learned_and_no_other(bad: float) -> None:
    kept = learned()
    kept["heat.offset_k"][1] = bad
    after = Sensors()

    assert remind({"heat": after}, kept)

    assert after.offset_k.tolist() == [0.4, 0.0, 2.5]
    assert after.learned_s.tolist() == [3600, 0, 3600]
    assert after.clock[0] == 1000.0


def test_what_was_not_read_yet_is_no_damage() -> None:
    after = Sensors()

    assert remind({"heat": after}, learned())

    assert np.isnan(after.mean_c[2])
    assert after.offset_k[2] == 2.5


@pytest.mark.parametrize("endless", [np.inf, -np.inf])
def test_an_endless_number_where_nothing_was_read_yet_is_one(endless: float) -> None:
    kept = learned()
    kept["heat.mean_c"][0] = endless
    after = Sensors()

    assert remind({"heat": after}, kept)

    assert np.isnan(after.mean_c[0])
    assert after.learned_s.tolist() == [0, 3600, 3600]


def test_a_part_that_is_new_begins_anew_and_the_others_go_on() -> None:
    known, new = Sensors(), Sensors()

    assert remind({"heat": known, "of a new rule": new}, learned())

    assert known.offset_k.any()
    assert not new.offset_k.any()
