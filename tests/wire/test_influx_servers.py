"""The follower against real servers, which are killed in the middle."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from pydantic import SecretStr

from batteryd.clock import SystemClock
from batteryd.domain.snapshot import Snapshot, parse_column
from batteryd.errors import StoreError
from batteryd.store.influx import InfluxFollower, StepReason
from batteryd.store.influx_query import InfluxReader
from batteryd.store.influx_target import InfluxApi, InfluxTarget
from batteryd.store.influx_write import InfluxWriter
from batteryd.store.journal import Journal
from batteryd.store.line_protocol import LineEncoder, Place
from batteryd.store.pause import Pause
from batteryd.store.trend import Trend
from tests.builders import make_snapshot
from tests.journals import open_journal
from tests.wire.servers import Server, influxdb, influxql, victoria_metrics

pytestmark = pytest.mark.wire

POLLS = 300
START_S = 1_764_072_000.0

Samples = dict[tuple[str, str, str], list[tuple[int, float]]]  # by asset, component, quantity


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = open_journal(tmp_path / "journal.db")
    yield journal
    journal.file.close()


@pytest.fixture
def influx(tmp_path: Path) -> Iterator[Server]:
    with influxdb(tmp_path) as server:
        influxql(server, "CREATE DATABASE batteryd")
        yield server


@pytest.fixture
def victoria(tmp_path: Path) -> Iterator[Server]:
    with victoria_metrics(tmp_path) as server:
        yield server


@pytest.fixture
def guarded_influx(tmp_path: Path) -> Iterator[Server]:
    with influxdb(tmp_path, with_auth=True) as server:
        influxql(server, "CREATE USER batteryd WITH PASSWORD 's3cret' WITH ALL PRIVILEGES")
        influxql(server, "CREATE DATABASE batteryd", u="batteryd", p="s3cret")
        yield server


def follow(journal: Journal, target: InfluxTarget) -> InfluxFollower:
    encoder = LineEncoder(lambda _: Place("daejeon", "room-5b"))
    return InfluxFollower(
        journal,
        InfluxWriter(target),
        encoder=encoder,
        clock=SystemClock(),
        pause=Pause(first_s=0.02, max_s=0.2),
    )


def poll(number: int) -> list[Snapshot]:
    """Return one round of polls of two racks; values that float32 cannot hold exactly."""
    noise = np.random.default_rng(number)
    at_s = START_S + number * 10
    return [
        make_snapshot(
            asset_id,
            at_s=at_s,
            values={
                "s1/m02/t1:temperature_c": 24.0 + float(noise.normal()) / 3,
                "s1/m03/c02:cell_voltage_v": round(3.6 + float(noise.normal()) / 50, 3),
                "-:soc_pct": None if number % 7 == 0 else 80.0,
            },
        )
        for asset_id in ("rack-1", "rack-2")
    ]


def journalled(journal: Journal) -> Samples:
    """Return every good sample of the journal."""
    samples: Samples = {}
    for _, snapshot in journal.rows_after(0, 10_000):
        at_ms = round(snapshot.observed_at_s * 1000)
        for column, value in zip(snapshot.layout.columns, snapshot.values.tolist(), strict=True):
            if not np.isnan(value):
                key = (snapshot.asset_id, str(column.component), column.quantity)
                samples.setdefault(key, []).append((at_ms, value))
    return samples


def from_influxdb(server: Server) -> Samples:
    samples: Samples = {}
    statement = 'SELECT * FROM "battery" GROUP BY "asset", "component"'
    for series in influxql(server, statement, db="batteryd"):
        tags, columns = series["tags"], series["columns"]
        for row in series["values"]:
            fields = dict(zip(columns, row, strict=True))
            at_ms = fields.pop("time")
            for quantity, value in fields.items():
                if isinstance(value, int | float):
                    key = (tags["asset"], tags["component"], quantity)
                    samples.setdefault(key, []).append((at_ms, float(np.float32(value))))
    return samples


def from_victoria_metrics(server: Server) -> Samples:
    httpx.get(f"{server.url}/internal/force_flush").raise_for_status()
    answer = httpx.get(
        f"{server.url}/api/v1/export",
        params={
            "match[]": '{__name__=~"battery_.*"}',
            "start": START_S - 60,
            "end": START_S + POLLS * 10,
            "reduce_mem_usage": 0,
        },
    )
    samples: Samples = {}
    for line in answer.text.splitlines():
        series = json.loads(line)
        metric = series["metric"]
        key = (metric["asset"], metric["component"], metric["__name__"].removeprefix("battery_"))
        values = (float(np.float32(value)) for value in series["values"])
        samples[key] = sorted(zip(series["timestamps"], values, strict=True))
    return samples


def append_through_an_outage(journal: Journal, server: Server, follower: InfluxFollower) -> None:
    """Append and follow; the server is killed after a third and is back after two thirds."""
    stop = threading.Event()
    thread = threading.Thread(target=follower.run, args=(stop,))
    thread.start()
    try:
        for number in range(POLLS):
            journal.append(poll(number))
            if number == POLLS // 3:
                _until(lambda: follower.counters.rows_sent > 0)
                server.kill()
            if number == 2 * POLLS // 3:
                _until(lambda: follower.trouble is not None)
                server.start()
        _until(lambda: follower.lag_rows == 0)
    finally:
        stop.set()
        thread.join()


def _until(holds: Callable[[], bool]) -> None:
    for _ in range(1500):
        if holds():
            return
        threading.Event().wait(0.02)
    pytest.fail("did not come true in 30 s")


def test_influxdb_killed_in_the_middle_has_every_sample_once_and_exact(
    journal: Journal, influx: Server
) -> None:
    follower = follow(journal, InfluxTarget(influx.url, "batteryd", api=InfluxApi.V1))

    append_through_an_outage(journal, influx, follower)

    assert from_influxdb(influx) == journalled(journal)
    assert follower.counters.lines_quarantined == 0


def test_victoria_metrics_killed_in_the_middle_has_every_sample_once_and_exact(
    journal: Journal, victoria: Server
) -> None:
    follower = follow(journal, InfluxTarget(victoria.url, "batteryd", api=InfluxApi.V2, org="x"))

    append_through_an_outage(journal, victoria, follower)

    assert from_victoria_metrics(victoria) == journalled(journal)


def test_influxdb_isolates_the_line_whose_field_has_another_type(
    journal: Journal, influx: Server
) -> None:
    # Somebody else has written text into the field that rack-2's values go to, in the same week.
    taken = f'battery,asset=other,component=- soc_pct="full" {int(START_S)}'
    url = f"{influx.url}/write?db=batteryd&precision=s"
    httpx.post(url, content=taken).raise_for_status()
    journal.append([s for number in range(1, 7) for s in poll(number)])
    follower = follow(journal, InfluxTarget(influx.url, "batteryd", api=InfluxApi.V1))

    reasons = _drain(follower)

    entries = follower.quarantine.entries()
    assert StepReason.SPLIT in reasons
    assert {entry.line.split()[0].split(",")[2] for entry in entries} == {"component=-"}
    assert len(entries) == 12  # one a poll: the lines of the other components went through
    assert "field type conflict" in entries[0].answer
    stored = from_influxdb(influx)
    wanted = {key: v for key, v in journalled(journal).items() if key[1] != "-"}
    assert {key: v for key, v in stored.items() if key[1] != "-"} == wanted


def test_influxdb_that_wants_credentials_gets_them_and_nobody_else_does(
    journal: Journal, guarded_influx: Server, caplog: pytest.LogCaptureFixture
) -> None:
    journal.append(poll(1))
    caplog.set_level("DEBUG")

    def target(password: str) -> InfluxTarget:
        return InfluxTarget(
            guarded_influx.url,
            "batteryd",
            api=InfluxApi.V1,
            username="batteryd",
            password=SecretStr(password),
        )

    refused = follow(journal, target("wr0ng"))
    assert refused.step(START_S) is StepReason.REFUSED
    accepted = follow(journal, target("s3cret"))
    assert accepted.step(START_S) is StepReason.SENT

    assert "authorization failed" in caplog.text
    assert "wr0ng" not in caplog.text
    assert "s3cret" not in caplog.text


def _drain(follower: InfluxFollower) -> list[StepReason]:
    reasons = [StepReason.SENT]
    while reasons[-1] is not StepReason.IDLE:
        reasons.append(follower.step(START_S))
        assert len(reasons) < 500
    return reasons


def test_history_beyond_the_journal_is_read_back_from_influxdb(
    journal: Journal, influx: Server
) -> None:
    target = InfluxTarget(influx.url, "batteryd", api=InfluxApi.V1)
    journal.append([s for number in range(36) for s in poll(number)])
    _drain(follow(journal, target))
    sensor = parse_column("s1/m02/t1:temperature_c")
    _, wanted, _ = journal.series("rack-1", sensor, START_S, START_S + 360)
    with journal.file.write() as db:
        db.execute("DELETE FROM snapshot")
    reader = InfluxReader(target)

    (line,) = Trend(journal, reader).lines(
        "rack-1", [sensor], START_S, START_S + 360, points_max=50
    )
    reader.close()

    minutes = wanted.reshape(6, 6)
    assert line.missing == ""
    assert line.at_s.tolist() == [START_S + 60 * i for i in range(6)]
    assert np.allclose(line.mean, minutes.mean(axis=1), rtol=1e-6)
    assert np.allclose(line.minimum, minutes.min(axis=1), rtol=1e-6)
    assert np.allclose(line.maximum, minutes.max(axis=1), rtol=1e-6)


def test_history_names_what_influxdb_says_against_it(influx: Server) -> None:
    sensor = parse_column("s1/m02/t1:temperature_c")
    reader = InfluxReader(InfluxTarget(influx.url, "elsewhere", api=InfluxApi.V1))

    with pytest.raises(StoreError, match="database not found"):
        reader.summaries("rack-1", sensor, START_S, START_S + 60, period_s=60)
    influx.kill()
    with pytest.raises(StoreError, match="NewConnectionError"):
        reader.summaries("rack-1", sensor, START_S, START_S + 60, period_s=60)
    reader.close()


def test_an_asset_id_cannot_leave_its_place_in_a_query(journal: Journal, influx: Server) -> None:
    asset_id = "it's \\' a \"rack\" = 1, 2\n'; DROP DATABASE batteryd"
    target = InfluxTarget(influx.url, "batteryd", api=InfluxApi.V1)
    journal.append([make_snapshot(asset_id, at_s=START_S)])
    _drain(follow(journal, target))
    reader = InfluxReader(target)

    found = reader.summaries(
        asset_id, parse_column("-:soc_pct"), START_S, START_S + 60, period_s=60
    )
    reader.close()

    assert found.maximum.tolist() == [[80.0]]
