"""Recordings as people have them: gaps, bad cells, torn lines, other spellings of time."""

import gzip
import math

import pytest

from batteryd.domain.quality import Quality
from batteryd.errors import ConfigError
from batteryd.replay.recording import Recording

HEADER = "time,-:current_a,s1/m01/t1:temperature_c,s1/m01/c01:cell_voltage_v"
NINE_O_CLOCK_S = 1_772_355_600.0  # 2026-03-01T09:00:00Z


@pytest.fixture
def read(tmp_path):
    def read(*lines, header=HEADER, encoding="utf-8"):
        path = tmp_path / "rack.csv"
        path.write_bytes("\n".join([header, *lines]).encode(encoding))
        return list(Recording(path).snapshots("rack"))

    return read


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T09:00:00Z",
        "2026-03-01T18:00:00+09:00",
        "2026-03-01 09:00:00",
        "1772355600",
        "1772355600.0",
    ],
)
def test_time_may_be_written_in_several_ways(read, text):
    (snapshot,) = read(f"{text},1.5,24.0,3.652")

    assert snapshot.observed_at_s == NINE_O_CLOCK_S
    assert snapshot.values.tolist() == [1.5, 24.0, 3.652]
    assert not snapshot.quality.any()


@pytest.mark.parametrize(
    ("cell", "quality"),
    [
        ("", Quality.MISSING),
        ("  ", Quality.MISSING),
        ("n/a", Quality.UNDECODABLE),
        ("nan", Quality.UNDECODABLE),
        ("inf", Quality.IMPLAUSIBLE),
        ("2000000000", Quality.IMPLAUSIBLE),
        ("-41", Quality.IMPLAUSIBLE),
    ],
)
def test_a_bad_cell_costs_itself_and_not_its_line(read, cell, quality):
    (snapshot,) = read(f"2026-03-01T09:00:00Z,1.5,{cell},3.652")

    assert snapshot.quality.tolist() == [Quality.GOOD, quality, Quality.GOOD]
    assert math.isnan(snapshot.values[1])
    assert (snapshot.values[0], snapshot.values[2]) == (1.5, 3.652)


@pytest.mark.parametrize("line", ["2026-03-01T09:00:00Z", "2026-03-01T09:00:00Z,,,"])
def test_a_line_with_only_the_time_is_a_failed_poll(read, line):
    (snapshot,) = read(line)

    assert snapshot.is_failed
    assert snapshot.observed_at_s == NINE_O_CLOCK_S


def test_a_torn_line_keeps_what_it_has_and_a_long_one_loses_what_nobody_named(read):
    torn, long = read("1772355600,1.5,24.0", "1772355610,1.5,24.0,3.652,99")

    assert torn.quality.tolist() == [Quality.GOOD, Quality.GOOD, Quality.MISSING]
    assert long.values.tolist() == [1.5, 24.0, 3.652]


def test_empty_lines_and_a_byte_order_mark_are_nothing(read):
    found = read("", "1772355600,1.5,24.0,3.652", "", encoding="utf-8-sig")

    assert len(found) == 1


def test_bytes_that_are_no_text_cost_their_cell(tmp_path):
    path = tmp_path / "rack.csv"
    path.write_bytes(HEADER.encode() + b"\n1772355600,1.5,\xff\xfe,3.652\n")

    (snapshot,) = Recording(path).snapshots("rack")

    assert snapshot.quality.tolist() == [Quality.GOOD, Quality.UNDECODABLE, Quality.GOOD]


def test_what_is_no_number_at_all_costs_its_cells(read):
    (snapshot,) = read("1772355600,\x00," + "1" * 200_000 + ",3.652")

    assert snapshot.quality.tolist() == [Quality.UNDECODABLE, Quality.IMPLAUSIBLE, Quality.GOOD]
    assert snapshot.values[2] == 3.652


def test_quotes_belong_to_the_file_and_a_comma_inside_of_them_parts_no_cells(read):
    (snapshot,) = read('"1772355600","1.5","24,5","3.652"')

    assert snapshot.quality.tolist() == [Quality.GOOD, Quality.UNDECODABLE, Quality.GOOD]
    assert (snapshot.values[0], snapshot.values[2]) == (1.5, 3.652)


def test_a_bad_line_leaves_the_hundreds_around_it_as_they_are(read):
    lines = [f"{1772355600 + 10 * n},1.5,{20 + n % 8},3.652" for n in range(600)]
    alone = [read(line)[0] for line in lines]
    lines[300:300] = ["1772358595,1.5,n/a", "1772358596", "1772358597,,24.0,"]

    found = read(*lines)

    assert [one.is_failed for one in found].count(True) == 1
    torn, failed, sparse = found[300:303]
    assert torn.quality.tolist() == [Quality.GOOD, Quality.UNDECODABLE, Quality.MISSING]
    assert failed.is_failed
    assert sparse.quality.tolist() == [Quality.MISSING, Quality.GOOD, Quality.MISSING]
    others = found[:300] + found[303:]
    assert [(s.observed_at_s, *s.values) for s in others] == [
        (s.observed_at_s, *s.values) for s in alone
    ]


def test_a_compressed_recording_is_read_as_it_is(tmp_path):
    path = tmp_path / "rack.csv.gz"
    path.write_bytes(gzip.compress(f"{HEADER}\n1772355600,1.5,24.0,3.652\n".encode(), mtime=0))

    (snapshot,) = Recording(path).snapshots("rack")

    assert snapshot.values.tolist() == [1.5, 24.0, 3.652]


@pytest.mark.parametrize(
    ("header", "mistakes"),
    [
        ("", [("column 1", "")]),
        ("when,-:soc_pct", [("column 1", "when")]),
        ("time,soc", [("column 2", "soc")]),
        ("time,x1:soc_pct,-:socc_pct", [("column 2", "x1:soc_pct"), ("column 3", "-:socc_pct")]),
        ("time,-:soc_pct,-:soc_pct", [("column 3", "-:soc_pct")]),
    ],
)
def test_every_column_that_cannot_be_read_is_named(read, header, mistakes):
    with pytest.raises(ConfigError) as caught:
        read(header=header)

    assert [(m.key, m.value) for m in caught.value.mistakes] == mistakes
    assert caught.value.mistakes[0].file.endswith("rack.csv")


@pytest.mark.parametrize("text", ["yesterday", "", "nan", "inf", "2026-02-30T00:00:00Z"])
def test_a_time_that_cannot_be_read_is_named_with_its_line(read, text):
    with pytest.raises(ConfigError) as caught:
        read("1772355600,1.5,24.0,3.652", f"{text},1.5,24.0,3.652")

    (mistake,) = caught.value.mistakes
    assert (mistake.key, mistake.value) == ("line 3", text)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rack.csv.gz", b"this is no gzip"),
        ("rack.csv.gz", gzip.compress(HEADER.encode() * 500, mtime=0)[:40]),
    ],
)
def test_a_file_that_breaks_off_is_a_mistake_and_not_a_crash(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(ConfigError):
        list(Recording(path).snapshots("rack"))


def test_a_missing_file_is_a_mistake(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        Recording(tmp_path / "nothing.csv")
