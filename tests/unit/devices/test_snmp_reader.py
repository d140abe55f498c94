from datetime import date
from typing import Any

import pytest

from batteryd.devices.link import SnmpValue
from batteryd.devices.snmp_reader import LISTED_ROWS_MAX, SYS_UP_TIME, SnmpReader
from batteryd.domain.component import WHOLE_BATTERY, parse_component
from batteryd.domain.inventory import Geometry
from batteryd.domain.nameplate import UNKNOWN_NAMEPLATE, DeviceDate
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Column
from batteryd.errors import DeviceRejected, LinkTimeout
from tests.snmp_devices import (
    ALARM_COUNT,
    ALARMS,
    BATTERY_BAD,
    CHARGE,
    ON_BATTERY,
    STATUS,
    TEMPERATURES,
    FakeAgent,
    make_profile,
    replace_flag,
    scalar,
    table,
)

UNKNOWN = Geometry()
SERIAL = "1.3.6.1.4.1.59999.1.1.3.0"
OTHER_SERIAL = "1.3.6.1.4.1.59999.1.1.9.0"
MADE_ON = "1.3.6.1.4.1.59999.1.1.4.0"


def reader_of(agent: FakeAgent, *points: dict[str, Any], **said: Any) -> SnmpReader:
    return SnmpReader(make_profile(*points, **said), geometry=UNKNOWN, link=agent)


async def read(reader: SnmpReader) -> dict[str, tuple[float | None, Quality]]:
    """Read once, and name every value as people do."""
    values, quality = await reader.read()
    return {
        str(column): (None if value != value else value, Quality(code))
        for column, value, code in zip(
            reader.layout.columns, values.tolist(), quality.tolist(), strict=True
        )
    }


async def test_a_poll_of_scalars_is_one_request() -> None:
    agent = FakeAgent({CHARGE: 97, STATUS: 2})
    reader = reader_of(agent, scalar(), scalar("battery_status", oid=STATUS))

    found = await read(reader)

    assert found == {"-:soc_pct": (97.0, Quality.GOOD), "-:battery_status": (2.0, Quality.GOOD)}
    assert (agent.asked, agent.walked) == ([(CHARGE, STATUS, SYS_UP_TIME)], [])


async def test_an_agent_that_has_nothing_of_the_profile_is_not_read() -> None:
    reader = reader_of(FakeAgent({"1.3.6.1.2.1.1.1.0": b"a printer"}))

    with pytest.raises(DeviceRejected, match="none of the 1 objects"):
        await reader.read()


async def test_a_silent_device_fails_the_poll() -> None:
    agent = FakeAgent({CHARGE: 97})
    agent.failing[CHARGE] = LinkTimeout("no answer in 1.0 s")

    with pytest.raises(LinkTimeout):
        await reader_of(agent).read()


async def test_rows_are_found_once_and_then_asked_for_by_name() -> None:
    agent = FakeAgent({CHARGE: 97, f"{TEMPERATURES}.1": 245, f"{TEMPERATURES}.2": 251})
    reader = reader_of(agent, scalar(), table())

    await read(reader)
    found = await read(reader)

    assert found["m01:temperature_c"] == (24.5, Quality.GOOD)
    assert found["m02:temperature_c"] == (25.1, Quality.GOOD)
    assert agent.walked == [TEMPERATURES]
    assert agent.asked == [(CHARGE, f"{TEMPERATURES}.1", f"{TEMPERATURES}.2", SYS_UP_TIME)] * 2


async def test_a_row_that_vanishes_is_a_value_without_a_number() -> None:
    agent = FakeAgent({CHARGE: 97, f"{TEMPERATURES}.1": 245, f"{TEMPERATURES}.2": 251})
    reader = reader_of(agent, scalar(), table())
    await read(reader)
    del agent.objects[f"{TEMPERATURES}.2"]

    await reader.read_nameplate()
    found = await read(reader)

    assert found["m02:temperature_c"] == (None, Quality.MISSING)


async def test_a_new_row_is_found_with_the_nameplate() -> None:
    agent = FakeAgent({CHARGE: 97, f"{TEMPERATURES}.1": 245})
    reader = reader_of(agent, scalar(), table())
    before = (await read(reader)).keys()
    agent.objects[f"{TEMPERATURES}.2"] = 251

    await reader.read_nameplate()
    after = (await read(reader)).keys()

    assert after - before == {"m02:temperature_c"}


async def test_only_rows_that_fit_are_taken() -> None:
    kinds = "1.3.6.1.4.1.59999.4.1.2"
    agent = FakeAgent(
        {
            f"{kinds}.1": b"fan", f"{kinds}.2": b"pack",
            f"{TEMPERATURES}.1": 500, f"{TEMPERATURES}.2": 251,
        }
    )  # fmt: skip
    reader = reader_of(agent, table(where={"oid": kinds, "equals": ["pack"]}))

    assert await read(reader) == {"m02:temperature_c": (25.1, Quality.GOOD)}


async def test_a_geometry_lays_out_the_battery_before_the_first_poll() -> None:
    reader = SnmpReader(
        make_profile(scalar(), table()),
        geometry=Geometry(module_count_per_string=2),
        link=FakeAgent({}),
    )

    assert reader.layout.columns == (
        Column(WHOLE_BATTERY, "soc_pct"),
        Column(parse_component("m01"), "temperature_c"),
        Column(parse_component("m02"), "temperature_c"),
    )


@pytest.mark.parametrize(
    ("count", "rows", "outcome"),
    [
        (0, [], (0.0, Quality.GOOD)),
        (1, [ON_BATTERY], (0.0, Quality.GOOD)),
        (2, [ON_BATTERY, BATTERY_BAD], (1.0, Quality.GOOD)),
        (1, [], (None, Quality.MISSING)),
        (999, [ON_BATTERY] * LISTED_ROWS_MAX, (None, Quality.MISSING)),
        (None, [BATTERY_BAD], (None, Quality.MISSING)),
        (-1, [BATTERY_BAD], (None, Quality.MISSING)),
    ],
    ids=["none", "another", "this", "not shown", "more than are read", "no count", "count unknown"],
)  # fmt: skip
async def test_a_flag_is_up_while_its_alarm_is_listed(
    count: int | None, rows: list[str], outcome: tuple[float | None, Quality]
) -> None:
    objects: dict[str, SnmpValue] = {CHARGE: 97}
    objects |= {f"{ALARMS}.{number}": alarm for number, alarm in enumerate(rows, start=1)}
    if count is not None:
        objects[ALARM_COUNT] = count

    found = await read(reader_of(FakeAgent(objects), scalar(), replace_flag()))

    assert found["-:replace_indicator"] == outcome


async def test_no_table_of_alarms_is_read_while_there_are_none() -> None:
    agent = FakeAgent({CHARGE: 97, ALARM_COUNT: 0})

    await read(reader_of(agent, scalar(), replace_flag()))

    assert agent.walked == []


@pytest.mark.parametrize(
    "failure", [LinkTimeout("no answer in 1.0 s"), DeviceRejected("genErr", code=5)]
)
async def test_a_table_of_alarms_that_is_not_answered_costs_its_flag_only(
    failure: LinkTimeout | DeviceRejected,
) -> None:
    agent = FakeAgent({CHARGE: 97, ALARM_COUNT: 1, f"{ALARMS}.1": BATTERY_BAD})
    agent.failing[ALARMS] = failure

    found = await read(reader_of(agent, scalar(), replace_flag()))

    assert found == {
        "-:soc_pct": (97.0, Quality.GOOD),
        "-:replace_indicator": (None, Quality.MISSING),
    }


async def test_people_are_told_which_object_a_value_came_from() -> None:
    agent = FakeAgent({CHARGE: 97})
    reader = reader_of(
        agent,
        scalar(oid=STATUS, source="makersCharge"),
        scalar(source="upsEstimatedChargeRemaining"),
    )

    await reader.read()

    assert reader.sources == [f"upsEstimatedChargeRemaining ({CHARGE})"]


async def test_a_nameplate_is_asked_for_at_once_and_takes_the_first_that_says_something() -> None:
    agent = FakeAgent({SERIAL: b"  \0", OTHER_SERIAL: b"AS2231\0\0", MADE_ON: b"07/30/2023"})
    agent.objects[SERIAL] = b""
    reader = reader_of(
        agent,
        date_formats=["%m/%d/%Y"],
        nameplate={"serial": [SERIAL, OTHER_SERIAL], "manufactured_on": [MADE_ON]},
    )

    nameplate = await reader.read_nameplate()

    assert nameplate.serial == "AS2231"
    assert nameplate.manufactured_on == DeviceDate(date(2023, 7, 30), "07/30/2023")
    assert nameplate.manufacturer is None
    assert len(agent.asked) == 1


@pytest.mark.parametrize("said", [b"CPS", b"07/30/20:7", b"01/01/2001", b"", b"07/30/1970"])
async def test_a_date_that_is_none_stays_unknown_and_keeps_its_text(said: bytes) -> None:
    agent = FakeAgent({SERIAL: b"AS2231", MADE_ON: said})
    reader = reader_of(
        agent,
        date_formats=["%m/%d/%Y"],
        unset_dates=[date(2001, 1, 1)],
        nameplate={"serial": [SERIAL], "manufactured_on": [MADE_ON]},
    )

    nameplate = await reader.read_nameplate()

    assert nameplate.serial == "AS2231"
    assert nameplate.manufactured_on == DeviceDate(raw=said.decode())


async def test_a_profile_without_a_nameplate_asks_for_none() -> None:
    agent = FakeAgent({CHARGE: 97})

    assert await reader_of(agent).read_nameplate() == UNKNOWN_NAMEPLATE
    assert agent.asked == []


async def test_closing_lets_go_of_the_link() -> None:
    agent = FakeAgent({})

    await reader_of(agent).close()

    assert agent.is_closed


async def test_several_flags_may_look_through_one_table_of_alarms() -> None:
    agent = FakeAgent({ALARM_COUNT: 1, f"{ALARMS}.1": BATTERY_BAD, CHARGE: 97})
    other = {"any_of": [ON_BATTERY], "count": ALARM_COUNT}
    lost = scalar("communication_lost", oid=ALARMS, listed=other)
    reader = reader_of(agent, replace_flag(), lost)

    found = await read(reader)

    assert found["-:replace_indicator"] == (1.0, Quality.GOOD)
    assert found["-:communication_lost"] == (0.0, Quality.GOOD)
    assert agent.walked == [ALARMS]


@pytest.mark.parametrize(("state", "expected"), [(1, 1.0), (2, 0.0)])
async def test_a_listed_row_may_have_to_be_active(state: int, expected: float) -> None:
    states = "1.3.6.1.4.1.59999.6.1.4"
    agent = FakeAgent({ALARM_COUNT: 1, f"{ALARMS}.7": BATTERY_BAD, f"{states}.7": state})
    flag = replace_flag() | {"where": {"oid": states, "equals": [1]}}

    found = await read(reader_of(agent, flag))

    assert found["-:replace_indicator"] == (expected, Quality.GOOD)


async def test_a_part_of_the_nameplate_may_stand_in_the_first_row_that_has_it() -> None:
    packs = "1.3.6.1.4.1.59999.7.1.5"
    agent = FakeAgent({f"{packs}.1": b"", f"{packs}.2": b"LR-7788", f"{packs}.3": b"LR-7789"})
    reader = reader_of(agent, scalar(), nameplate={"serial": [CHARGE, f"{packs}.*"]})

    assert (await reader.read_nameplate()).serial == "LR-7788"


async def test_a_date_that_can_be_read_comes_before_one_that_cannot() -> None:
    first, second = f"{CHARGE}.1", f"{CHARGE}.2"
    agent = FakeAgent({first: b"CPS", second: 8165})
    reader = reader_of(
        agent,
        scalar(),
        nameplate={"replace_by": [first, second]},
        date_formats=["%m/%d/%Y", "DaysSince2000"],
    )

    assert (await reader.read_nameplate()).replace_by.value == date(2022, 5, 10)


async def test_rows_are_found_again_after_a_restart() -> None:
    agent = FakeAgent({SYS_UP_TIME: 8_640_000, f"{TEMPERATURES}.1": 245})
    reader = reader_of(agent, table())
    await read(reader)

    agent.objects |= {SYS_UP_TIME: 1_500, f"{TEMPERATURES}.2": 251}
    await read(reader)
    found = await read(reader)

    assert reader.restart_count == 1
    assert found["m02:temperature_c"] == (25.1, Quality.GOOD)


@pytest.mark.parametrize("later", [9_000_000, b"no number", None])
async def test_a_clock_that_goes_on_or_is_none_is_no_restart(later: SnmpValue | None) -> None:
    agent = FakeAgent({SYS_UP_TIME: 8_640_000, CHARGE: 97})
    reader = reader_of(agent, scalar())
    await read(reader)

    if later is None:
        del agent.objects[SYS_UP_TIME]
    else:
        agent.objects[SYS_UP_TIME] = later
    await read(reader)

    assert reader.restart_count == 0


async def test_an_agent_that_has_nothing_but_its_clock_is_not_read() -> None:
    with pytest.raises(DeviceRejected):
        await read(reader_of(FakeAgent({SYS_UP_TIME: 100}), scalar()))
