"""Faster polls around started work: which assets, how fast, and back again."""

from dataclasses import dataclass

import pytest

from batteryd.app.pace import Pace, faster_intervals


@dataclass
class Device:
    interval_s: float


class FakePoller:
    """Notes what it is told; like the real one, it knows no asset that has left."""

    def __init__(self, **configured_s: float) -> None:
        self.devices = {name: Device(s) for name, s in configured_s.items()}
        self.told: list[tuple[str, float | None]] = []

    def override_interval(self, asset_id: str, *, interval_s: float | None) -> None:
        assert asset_id in self.devices
        self.told.append((asset_id, interval_s))


@pytest.mark.parametrize(
    ("configured_s", "faster_s"),
    [(300.0, 150.0), (10.0, 5.0), (4.0, 2.0), (3.0, 2.0), (2.0, None), (1.0, None)],
)
def test_half_the_interval_and_never_below_the_least(configured_s, faster_s):
    found = faster_intervals(["rack-1"], {"rack-1": configured_s}, interval_s_min=2.0)

    assert found.get("rack-1") == faster_s


def test_an_asset_that_is_not_polled_is_left_alone():
    assert faster_intervals(["rack-9"], {"rack-1": 10.0}, interval_s_min=2.0) == {}


def test_what_is_around_work_is_polled_faster_until_the_work_is_over():
    poller = FakePoller(rack_1=10.0, rack_2=10.0)
    pace = Pace(poller, interval_s_min=2.0)

    pace.follow([])
    pace.follow(["rack_1"])
    pace.follow(["rack_1"])
    pace.follow([])
    pace.follow([])

    assert poller.told == [("rack_1", 5.0), ("rack_1", None)]


def test_a_reload_that_changes_the_interval_changes_the_faster_one():
    poller = FakePoller(rack_1=10.0)
    pace = Pace(poller, interval_s_min=2.0)
    pace.follow(["rack_1"])

    poller.devices["rack_1"] = Device(60.0)
    pace.follow(["rack_1"])
    poller.devices["rack_1"] = Device(2.0)
    pace.follow(["rack_1"])

    assert poller.told == [("rack_1", 5.0), ("rack_1", 30.0), ("rack_1", None)]


def test_an_asset_that_leaves_during_work_and_comes_back_after_it_is_polled_as_configured():
    poller = FakePoller(rack_1=10.0)
    pace = Pace(poller, interval_s_min=2.0)
    pace.follow(["rack_1"])

    rack = poller.devices.pop("rack_1")
    pace.follow([])
    poller.devices["rack_1"] = rack
    pace.follow([])

    assert poller.told == [("rack_1", 5.0), ("rack_1", None)]
