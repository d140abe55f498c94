"""People see which values are not to be trusted, and why."""

from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Snapshot, parse_column
from batteryd.web.battery import BatteryFacts, build_battery
from batteryd.web.doubts import PLACES_MAX, Doubt, doubts_of
from tests.builders import NOON_S, make_snapshot
from tests.looks import get, make_app, make_look

TEMPERATURES = "temperature_c"


def spoilt(**qualities: Quality) -> Snapshot:
    """Return a snapshot in which every column of a quantity has a quality."""
    snapshot = make_snapshot()
    for quantity, quality in qualities.items():
        snapshot.quality[snapshot.layout.indices(quantity)] = quality
    return snapshot


def test_good_values_and_what_a_device_does_not_have_are_no_doubts():
    assert doubts_of(None) == ()
    assert doubts_of(make_snapshot()) == ()
    assert doubts_of(spoilt(soc_pct=Quality.NOT_IMPLEMENTED)) == ()


def test_values_with_the_same_reason_are_told_together_and_uncertain_ones_first():
    snapshot = spoilt(soc_pct=Quality.SENTINEL, temperature_c=Quality.FROZEN)

    frozen, unknown = doubts_of(snapshot)

    assert (unknown.level, unknown.reason) == ("bad", "the device's number for unknown")
    assert (frozen.level, frozen.quantity) == ("uncertain", TEMPERATURES)
    assert frozen.count == len(snapshot.layout.indices(TEMPERATURES))
    assert len(frozen.places) == min(frozen.count, PLACES_MAX)


def test_a_sensor_is_named_by_its_place():
    snapshot = make_snapshot()
    at = snapshot.layout.index[parse_column("s1/m02/t1:temperature_c")]
    snapshot.quality[at] = Quality.UNCONFIRMED_JUMP

    assert doubts_of(snapshot) == (
        Doubt(
            TEMPERATURES, "uncertain", "jumped in a single read, not yet confirmed",
            ("s1/m02/t1",), 1,
        ),
    )  # fmt: skip


async def test_the_page_of_a_battery_and_its_json_say_so():
    look = make_look(spoilt(temperature_c=Quality.FROZEN))
    app = make_app(battery=lambda name: build_battery(BatteryFacts(look), name, now_s=NOON_S))

    page = (await get(app, "/battery/rack-1")).text
    found = (await get(app, "/api/battery/rack-1")).json()

    assert "unchanged although its neighbours moved" in page
    assert found["doubts"][0]["level"] == "uncertain"
