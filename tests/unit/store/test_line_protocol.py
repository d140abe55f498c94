import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Layout, Snapshot, failed_snapshot, parse_column
from batteryd.store.line_protocol import LineEncoder, Place
from tests.builders import NOON_S, make_snapshot

ROOM_5B = Place("daejeon", "room-5b")
TIME = "1764072000000"


def encode(snapshot: Snapshot, place: Place = ROOM_5B) -> list[str]:
    return LineEncoder(lambda _: place).encode(snapshot).splitlines()


def snapshot_of(
    columns: dict[str, float], *, asset_id: str = "rack-1", quality: int = 0
) -> Snapshot:
    layout = Layout.of(parse_column(text) for text in columns)
    qualities = np.full(len(columns), quality, np.uint8)
    return Snapshot(asset_id, NOON_S, layout, np.array(list(columns.values())), qualities)


def test_a_component_is_a_line_and_its_quantities_are_fields() -> None:
    lines = encode(
        snapshot_of({"-:soc_pct": 80.0, "s1/m02/c07:cell_voltage_v": 3.652, "-:voltage_v": 54.6})
    )

    assert lines == [
        f"poll,asset=rack-1,room=room-5b,site=daejeon"
        f" failed=0,duration_s=0.0,bad=0,uncertain=0 {TIME}",
        f"battery,asset=rack-1,component=-,room=room-5b,site=daejeon"
        f" soc_pct=80.0,voltage_v=54.6 {TIME}",
        f"battery,asset=rack-1,component=s1/m02/c07,room=room-5b,site=daejeon"
        f" cell_voltage_v=3.652 {TIME}",
    ]


def test_a_bad_value_is_left_out_and_counted() -> None:
    snapshot = make_snapshot(values={"-:soc_pct": None, "s1/m02/t1:temperature_c": None})

    lines = encode(snapshot)

    assert " failed=0,duration_s=0.0,bad=2,uncertain=0 " in lines[0]
    assert "soc_pct" not in lines[1]
    assert not any("component=s1/m02/t1," in line for line in lines)


def test_an_uncertain_value_is_sent_and_counted() -> None:
    lines = encode(snapshot_of({"-:soc_pct": 12.0}, quality=Quality.UNCONFIRMED_JUMP))

    assert "bad=0,uncertain=1 " in lines[0]
    assert " soc_pct=12.0 " in lines[1]


def test_a_failed_poll_is_one_line() -> None:
    failed = failed_snapshot(
        "rack-1", make_snapshot().layout, at_s=NOON_S, failure="timeout", duration_s=1.25
    )

    (line,) = encode(failed)

    assert " failed=1,duration_s=1.25,bad=16,uncertain=0 " in line


def test_an_infinite_value_is_left_out() -> None:
    assert len(encode(snapshot_of({"-:voltage_v": float("inf")}))) == 1


@pytest.mark.parametrize(
    ("asset_id", "tag"),
    [
        ("rack 1", r"rack\ 1"),
        ("a,b=c", r"a\,b\=c"),
        ("100%r", "100%r"),
        ("배터리-1", "배터리-1"),
        ("back\\", "back/"),
        ("two\nlines", "two_lines"),
    ],
)
def test_an_asset_id_is_escaped(asset_id: str, tag: str) -> None:
    lines = encode(snapshot_of({"-:soc_pct": 80.0}, asset_id=asset_id))

    assert len(lines) == 2
    assert lines[1].startswith(f"battery,asset={tag},component=-,")


def test_an_asset_that_is_in_no_register_has_no_place() -> None:
    lines = encode(snapshot_of({"-:soc_pct": 80.0}), Place())

    assert lines[1].startswith("battery,asset=rack-1,component=- soc_pct")


def test_a_reloaded_register_shows_at_once() -> None:
    place = ROOM_5B
    encoder = LineEncoder(lambda _: place)
    encoder.encode(make_snapshot())

    place = Place("daejeon", "room-6a")

    assert ",room=room-6a," in encoder.encode(make_snapshot())


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=9))
def test_every_float32_survives_the_text(values: list[float]) -> None:
    lines = encode(
        snapshot_of({f"s1/m01/c{i:02d}:cell_voltage_v": v for i, v in enumerate(values)})
    )

    written = [line.split(" ")[1].removeprefix("cell_voltage_v=") for line in lines[1:]]

    assert [np.float32(text) for text in written] == [np.float32(v) for v in values]


def test_templates_are_bounded_however_many_columns_come_and_go() -> None:
    encoder = LineEncoder(lambda _: ROOM_5B)
    columns = [f"s1/m01/c{i:02d}:cell_voltage_v" for i in range(1, 11)]

    for pattern in range(1, 1024):
        has_value = [bool(pattern >> i & 1) for i in range(10)]
        values = {c: 3.6 if has else np.nan for c, has in zip(columns, has_value, strict=True)}
        assert encoder.encode(snapshot_of(values)).count("battery,") == sum(has_value)

    assert len(encoder._templates) <= 1000
