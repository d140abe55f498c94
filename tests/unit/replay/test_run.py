"""Replays: rules on a recording, with silence as it was on site."""

import json
from datetime import UTC, datetime

import pytest

from batteryd.domain.inventory import Chemistry, Geometry
from batteryd.domain.snapshot import Layout, parse_column
from batteryd.errors import ConfigError
from batteryd.replay.battery import described_asset, described_in
from batteryd.replay.run import event_as_json, recorded, replayed
from tests.rulebooks import rulebook, shipped_rulebook

T1 = "s1/m02/t1:temperature_c"
RULES = """
[rule.module_temperature]
kind = "limit"
quantities = ["temperature_c"]
direction = "high"
setpoint = { medium = 40.0, critical = 50.0 }
deadband = 2.0
on_delay_s = { medium = 60.0 }
off_delay_s = 60.0
[rule.silence]
kind = "silence"
polls = 3
after_s = { medium = 0.0, high = 60.0 }
"""


@pytest.fixture
def replay(tmp_path):
    """Replay lines of (seconds after nine, degrees); None is a failed poll."""

    def replay(*readings, battery="", rules=RULES):
        lines = [
            f"{clock(second)}" + ("" if degrees is None else f",{degrees}")
            for second, degrees in readings
        ]
        (tmp_path / "rack-7.csv").write_text("\n".join([f"time,{T1}", *lines]))
        (tmp_path / "battery.toml").write_text(battery)
        found = recorded(tmp_path / "rack-7.csv", battery=tmp_path / "battery.toml")
        return [event_as_json(event) for event in replayed(found, rulebook=rulebook(rules))]

    return replay


def clock(second):
    return datetime.fromtimestamp(1_772_355_600 + second, UTC).isoformat().replace("+00:00", "Z")


def short(events):
    return [(e["at"][11:19], e["event"], e["rule"], e["priority"]) for e in events]


def test_a_heating_module_is_raised_grows_and_returns(replay):
    degrees = [30.0] * 6 + [42.0] * 9 + [50.5] * 3 + [30.0] * 9

    events = replay(*((10 * n, d) for n, d in enumerate(degrees)))

    assert short(events) == [
        ("09:02:00", "raised", "module_temperature", "medium"),
        ("09:02:30", "raised", "module_temperature", "critical"),
        ("09:04:00", "returned", "module_temperature", "critical"),
    ]


def test_an_event_is_one_line_with_the_fields_of_the_contract(replay):
    events = replay((0, 30.0), (10, 51.25))

    assert [json.loads(json.dumps(event)) for event in events] == [
        {
            "at": "2026-03-01T09:00:10.000Z",
            "event": "raised",
            "rule": "module_temperature",
            "scope": "module",
            "component": "s1/m02",
            "priority": "critical",
            "value": 51.25,
            "setpoint": 50.0,
            "why": "module 2 of rack-7 (sensor 1): 51.2 °C, above 50.0 °C "
            "(module temperature, critical limit)",
        }
    ]


def test_a_gap_is_as_silent_as_it_was_on_site(replay):
    events = replay(*((10 * n, 30.0) for n in range(6)), (3600, 30.0), (3610, 30.0))

    assert short(events) == [
        ("09:01:20", "raised", "silence", "medium"),
        ("09:01:50", "raised", "silence", "high"),
        ("10:00:00", "returned", "silence", "high"),
    ]


def test_failed_polls_are_silence(replay):
    events = replay(*((10 * n, 30.0) for n in range(3)), *((30 + 10 * n, None) for n in range(4)))

    assert short(events) == [("09:00:50", "raised", "silence", "medium")]
    assert "the recording has no values for this poll" in events[0]["why"]


def test_the_poll_interval_is_that_of_the_recording(replay):
    assert replay(*((300 * n, 30.0) for n in range(10))) == []


def test_a_gap_of_years_costs_no_more_than_one_of_a_day(replay):
    events = replay((0, 30.0), (10, 30.0), (20, 30.0), (20 * 365 * 86400, 30.0))

    assert [event["event"] for event in events] == ["raised", "raised", "returned"]


def test_a_clock_that_runs_back_in_the_recording_stops_nothing(replay):
    events = replay((0, 30.0), (10, 30.0), (-3600, 51.0), (-3590, 30.0))

    assert short(events) == [("08:00:00", "raised", "module_temperature", "critical")]


def test_the_batterys_chemistry_chooses_the_setpoint(replay):
    lfp = RULES + "[rule.module_temperature.chemistry.LFP]\nsetpoint = { critical = 55.0 }\n"

    assert replay((0, 52.0), battery='chemistry = "LFP"', rules=lfp) == []
    assert len(replay((0, 52.0), battery='chemistry = "NMC"', rules=lfp)) == 1


def test_a_recording_without_lines_says_nothing(replay):
    assert replay() == []


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('chemistry = "NCM"', "chemistry"),
        ("capacity_ah = 0", "capacity_ah"),
        ("string_count = 1.5", "string_count"),
        ("modules = 17", "modules"),
        ("capacity_ah = =", "line 1, column 15"),
    ],
)
def test_a_mistake_in_the_battery_file_is_named(replay, text, key):
    with pytest.raises(ConfigError) as caught:
        replay((0, 30.0), battery=text)

    assert [(m.file[-12:], m.key) for m in caught.value.mistakes] == [("battery.toml", key)]


def test_columns_say_how_the_battery_is_built_where_the_file_does_not(tmp_path):
    file = tmp_path / "battery.toml"
    file.write_text('chemistry = "LFP"\ncapacity_ah = 120\ncell_count_per_module = 14\n')
    columns = ("-:current_a", "s2/m17/t2:temperature_c", "s1/m01/c09:cell_voltage_v")
    layout = Layout.of(parse_column(column) for column in columns)

    described, bare = (
        described_asset("rack-7", described_in(source), layout=layout, poll_interval_s=10.0)
        for source in (file, None)
    )

    assert (described.chemistry, described.capacity_ah) == (Chemistry.LFP, 120.0)
    assert described.geometry == Geometry(2, 17, 14, 2)
    assert bare.geometry == Geometry(2, 17, 9, 2)
    assert bare.chemistry is None


def test_the_shipped_rules_can_be_replayed(tmp_path):
    path = tmp_path / "rack.csv"
    path.write_text(f"time,{T1},s1/m02/c01:cell_voltage_v\n0,25.0,3.6\n10,25.0,3.6\n")

    assert list(replayed(recorded(path), rulebook=shipped_rulebook())) == []
