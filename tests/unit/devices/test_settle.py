"""What lives as long as the daemon is not looked through again; what was in a cycle still goes."""

import gc
import weakref

import pytest

from batteryd.devices.settle import settle


class Rack:
    """Something that refers to itself, so that only the collector can free it."""

    def __init__(self) -> None:
        self.myself = self


@pytest.fixture(autouse=True)
def collector_as_before():
    yield
    gc.unfreeze()


def test_what_is_alive_is_taken_out_of_the_collectors_sight():
    rack = Rack()

    settle()

    assert not any(seen is rack for seen in gc.get_objects())
    assert gc.get_freeze_count() > 0


def test_a_cycle_that_was_frozen_goes_at_the_next_settling():
    rack = Rack()
    settle()
    alive = weakref.ref(rack)

    del rack
    gc.collect()
    was_kept = alive() is not None
    settle()

    assert was_kept
    assert alive() is None
