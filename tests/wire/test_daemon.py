"""The daemon as a process, on simulated devices and real sockets: start, reload, stop, kill -9."""

import asyncio
import contextlib
import random
import re
import signal
import socket
import subprocess
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from batteryd.cli.main import main
from batteryd.clock import ScaledClock, SystemClock
from batteryd.rules.lifecycle_table import Reason
from batteryd.store.journal import Journal
from batteryd.store.learned import LEARNED_FILE, Kept, LearnedStore
from batteryd.store.ledger import Ledger
from batteryd.store.records import REGISTER
from simulators.receiver import Receiver
from simulators.room import SimulatedRoom
from simulators.scenario import find_scenario
from simulators.snmp_agent import COMMUNITY
from tests.journals import open_journal
from tests.simulated import rack_profile
from tests.sites import NERVOUS_RULES, DaemonSite, notify_toml, wait_until
from tests.wire.lying_agent import free_port as free_udp_port
from tests.wire.servers import influxdb, influxql, program
from tests.wire.trap_sender import send_from, trap

pytestmark = pytest.mark.wire

KILLS = 20


class World:
    """A simulated room and a receiver, alive in a thread of their own."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.room, self.receiver = self.call(self._make())

    async def _make(self) -> tuple[SimulatedRoom, Receiver]:
        scenario = find_scenario("quiet")
        start_s = scenario.start_s(now_s=SystemClock().now_s())
        clock = ScaledClock(start_s=start_s, rate=10)
        room = SimulatedRoom(scenario, profile=rack_profile(), clock=clock)
        receiver = Receiver(self.messages.append)
        await room.start()
        await receiver.start()
        return room, receiver

    def call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=20)

    def stop(self) -> None:
        self.call(self.receiver.stop())
        self.call(self.room.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World()
    yield made
    made.stop()


@pytest.fixture
def site(world: World, tmp_path: Path) -> Iterator[DaemonSite]:
    made = DaemonSite(tmp_path, world.room, notify=notify_toml(world.receiver.url))
    yield made
    made.close()


def journal_of(site: DaemonSite) -> Journal:
    return open_journal(site.state / "journal.db")


def rows_in(site: DaemonSite) -> int:
    journal = journal_of(site)
    try:
        return journal.last_row()
    finally:
        journal.file.close()


def learned_in(site: DaemonSite) -> dict[str, Kept]:
    """Return what rules have learned, by asset."""
    with closing(LearnedStore.open(site.state / LEARNED_FILE)) as store:
        inventory = tomllib.loads((site.folder / "inventory.toml").read_text(encoding="utf-8"))
        asset_ids = [battery["asset_id"] for battery in inventory["battery"]]
        return {kept.asset_id: kept for asset_id in asset_ids for kept in store.of(asset_id)}


def test_the_daemon_reads_every_device_and_stops_within_five_seconds(
    site: DaemonSite, world: World
) -> None:
    process = site.start()

    def all_read() -> bool:
        assets: Any = site.status()["assets"]
        return all(a["age_s"] is not None and a["failure"] is None for a in assets)

    wait_until(all_read, timeout_s=20, what=lambda: f"{site.status()} {site.log()}")
    took_s = site.stop()

    assert process.returncode == 0, site.log()
    assert took_s < 5.0
    assert set(world.room.function_codes) <= {1, 2, 3, 4, 43}
    assert "Traceback" not in site.log()


def test_systemd_hears_of_readiness_of_life_and_of_the_end(
    site: DaemonSite, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)
        site.start(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="3000000")
        time.sleep(2.5)
        site.stop()
        manager.settimeout(0)
        said = []
        with contextlib.suppress(BlockingIOError):
            while True:
                said.append(manager.recv(500).decode())

    assert said.index("READY=1") < said.index("STOPPING=1")
    assert said.count("WATCHDOG=1") >= 2
    assert any(line.startswith("STATUS=") and "3 assets, 3 polls" in line for line in said), said


def test_status_tells_of_every_asset(site: DaemonSite, capsys: pytest.CaptureFixture[str]) -> None:
    site.start()
    wait_until(lambda: rows_in(site) > 20, timeout_s=20, what=site.log)

    assert main(["status", "-c", str(site.folder / "batteryd.toml")]) == 0

    said = capsys.readouterr().out
    assert "missed 0" in said
    assets: Any = site.status()["assets"]
    assert all(a["asset_id"] in said for a in assets)


def test_a_trap_has_the_devices_at_its_address_polled_before_and_after_a_reload(
    site: DaemonSite,
) -> None:
    port = free_udp_port()
    settings = {"ENABLED": "true", "PORT": str(port), "INTERVAL_S": "1"}
    process = site.start(**{f"BATTERYD_TRAPS__{key}": value for key, value in settings.items()})
    assets: Any = site.status()["assets"]

    def polls() -> int:
        traps: Any = site.status()["traps"]
        return int(traps["polls"])

    send_from("127.0.0.1", port, trap(COMMUNITY))
    wait_until(lambda: polls() == len(assets), timeout_s=20, what=site.log)
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: "configuration reloaded" in site.log(), timeout_s=20, what=site.log)
    time.sleep(0.2)
    send_from("127.0.0.1", port, trap(COMMUNITY))

    wait_until(lambda: polls() == 2 * len(assets), timeout_s=20, what=site.log)
    assert site.stop() < 5.0
    assert "Traceback" not in site.log()


def test_a_browser_shows_every_rack_and_keeps_the_page_alive(
    site: DaemonSite, tmp_path: Path
) -> None:
    site.start()
    wait_until(lambda: rows_in(site) > 20, timeout_s=20, what=site.log)

    # The budget of virtual time lets the page refresh itself twice before it is read.
    page = subprocess.run(
        [
            program("chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={tmp_path / 'browser'}", "--virtual-time-budget=5000", "--dump-dom",
            f"http://127.0.0.1:{site.port}/",
        ],
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout  # fmt: skip

    assert page.count('<article class="cabinet') == 2
    assert "decision support" in page
    assert "never read" not in page
    assert 'class="lost"' not in page


def test_a_wrong_configuration_keeps_the_old_one_and_no_poll_is_dropped(site: DaemonSite) -> None:
    process = site.start()
    good = (site.folder / "inventory.toml").read_text()

    site.write("inventory.toml", good.replace("chemistry", "chemisty"))
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: "not reloaded" in site.log(), timeout_s=10, what=site.log)
    before: Any = site.status()

    def goes_on() -> bool:
        now: Any = site.status()
        return bool(now["polls"]["polls"] > before["polls"]["polls"] + 10)

    wait_until(goes_on, timeout_s=10, what=site.log)
    after: Any = site.status()
    assert after["polls"]["missed"] == 0
    assert len(after["assets"]) == len(before["assets"])
    assert "chemisty" in site.log()


def test_a_reload_takes_a_battery_out_without_touching_the_others(site: DaemonSite) -> None:
    process = site.start()
    before: Any = site.status()
    head, *batteries = (site.folder / "inventory.toml").read_text().split("[[battery]]")

    last, service, rest = batteries[-1].partition("[[service]]")
    assert "asset_id" in last
    site.write("inventory.toml", "[[battery]]".join([head, *batteries[:-1]]) + service + rest)
    process.send_signal(signal.SIGHUP)

    def one_less() -> bool:
        now: Any = site.status()
        return len(now["assets"]) == len(before["assets"]) - 1

    wait_until(one_less, timeout_s=10, what=site.log)
    after: Any = site.status()
    assert after["polls"]["missed"] == 0
    assert after["inventory_revision"] != before["inventory_revision"]


def test_terms_count_from_the_start_after_they_were_changed_and_soon_after_an_import(
    site: DaemonSite,
) -> None:
    site.start()
    site.stop()
    assert expired_in(site) == set()
    inventory = (site.folder / "inventory.toml").read_text()
    short = re.sub(r"(?m)^warranty_(ends_on|months) = .*\n", "", inventory)
    site.write(
        "inventory.toml", short.replace('"installed"\n', '"installed"\nwarranty_months = 1\n')
    )

    site.start()
    assert expired_in(site)

    with closing(Ledger(site.state / "ledger.db")) as ledger, ledger.transaction(time.time()) as tx:
        for asset_id, entry in tx.records.current(REGISTER).items():
            terms = replace(entry.battery.warranty, months=None, ends_on=date(2099, 12, 31))
            extended = replace(entry, battery=replace(entry.battery, warranty=terms))
            tx.records.put(REGISTER, asset_id, extended, actor="J. Kim", action="entered")
    wait_until(lambda: not expired_in(site), timeout_s=15, what=site.log)


def expired_in(site: DaemonSite) -> set[str]:
    """Return the batteries whose warranty is over, as the alarms say."""
    with closing(Ledger(site.state / "ledger.db")) as ledger:
        return {a.key.asset_id for a in ledger.alarms() if a.key.rule == "warranty" and a.is_active}


def test_influxdb_follows_the_daemon_through_a_crash_of_its_own(
    site: DaemonSite, tmp_path: Path
) -> None:
    folder = tmp_path / "influxdb"
    folder.mkdir()
    with influxdb(folder) as server:
        influxql(server, "CREATE DATABASE batteryd")
        settings = (site.folder / "batteryd.toml").read_text()
        influx = f'[influx]\nenabled = true\nversion = 1\nurl = "{server.url}"\n'
        site.write("batteryd.toml", settings + influx)
        site.start()
        wait_until(lambda: rows_in(site) > 20, timeout_s=20, what=site.log)
        server.kill()
        rows_before = rows_in(site)
        wait_until(lambda: rows_in(site) > rows_before + 20, timeout_s=20, what=site.log)
        server.start()

        def caught_up() -> bool:
            state: Any = site.status()["influx"]
            return bool(state["lag_rows"] == 0)

        wait_until(caught_up, timeout_s=40, what=site.log)
        site.stop()
        found = influxql(server, 'SELECT count("failed") FROM "poll"', db="batteryd")

    (series,) = found
    rows: Any = series["values"]
    # What was read while the daemon stopped may still be on its way; nothing may be there twice.
    assert rows_in(site) - 20 <= rows[0][1] <= rows_in(site)


@pytest.mark.slow
def test_kill_9_loses_nothing_acknowledged_and_leaves_nothing_half_done(
    world: World, tmp_path: Path
) -> None:
    notify = notify_toml(world.receiver.url)
    site = DaemonSite(tmp_path, world.room, notify=notify, rules=NERVOUS_RULES)
    chance = random.Random(26092025)
    acknowledged = 0
    try:
        for _ in range(KILLS):
            site.start()
            time.sleep(chance.uniform(0.05, 1.2))
            acknowledged = max(acknowledged, rows_in(site))
            site.stop(with_signal=signal.SIGKILL)
            assert rows_in(site) >= acknowledged
        told_by_s = SystemClock().now_s()
        site.start()
        wait_until(lambda: not waiting(site, before_s=told_by_s), timeout_s=30, what=site.log)
        site.stop()
    finally:
        site.close()

    assert acknowledged > KILLS
    assert_journal_is_whole(site, acknowledged=acknowledged)
    told = {m["idempotency_key"] for m in world.messages}
    assert_ledger_is_whole(site, told=told, told_by_s=told_by_s)


def waiting(site: DaemonSite, *, before_s: float) -> int:
    ledger = Ledger(site.state / "ledger.db")
    try:
        rows = ledger.notifications(limit=10**6)
        return sum(n.finished_at_s is None and n.created_at_s < before_s for n in rows)
    finally:
        ledger.close()


def assert_journal_is_whole(site: DaemonSite, *, acknowledged: int) -> None:
    journal = journal_of(site)
    rows = journal.rows_after(0, 10**6)
    journal.file.close()
    numbers = [row.row for row in rows]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= acknowledged
    assert {len(r.snapshot.values) for r in rows if not r.snapshot.is_failed}


def assert_ledger_is_whole(site: DaemonSite, *, told: set[str], told_by_s: float) -> None:
    ledger = Ledger(site.state / "ledger.db")
    events, notifications = ledger.events(limit=10**6), ledger.notifications(limit=10**6)
    alarms, broken = ledger.alarms(open_only=False), ledger.verify()
    ledger.close()
    moved = {
        e.event_id
        for e in events
        if e.action in ("raised", "returned") and e.reason != Reason.MORE_SEEN
    }
    assert len(moved) > KILLS
    assert {n.event_id for n in notifications} == moved
    assert len(notifications) == len(moved)
    # The last daemon raised some more between the check and its end; those wait for the next.
    assert {n.idempotency_key for n in notifications if n.created_at_s < told_by_s} <= told
    assert len({a.key for a in alarms}) == len(alarms)
    assert broken is None


def test_what_rules_have_learned_outlives_the_daemon_and_is_forgotten_when_somebody_says_so(
    site: DaemonSite, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(site.folder / "batteryd.toml")
    site.start()
    wait_until(lambda: rows_in(site) > 20, timeout_s=20, what=site.log)
    site.stop()
    first = learned_in(site)

    site.start()
    asset_id = min(first)
    assert main(["rules", "reset", asset_id, "--by", "Kim", "--why", "moved", "-c", config]) == 0
    wait_until(lambda: f"learned state reset asset={asset_id}" in site.log(), timeout_s=20)
    rows = rows_in(site)
    wait_until(lambda: rows_in(site) > rows + 6, timeout_s=20, what=site.log)
    site.stop()

    second = learned_in(site)
    assert first
    assert second[asset_id].began_because == "reset by Kim: moved"
    assert second[asset_id].since_s > first[asset_id].since_s
    others = first.keys() - {asset_id}
    assert {second[a].since_s - first[a].since_s for a in others} == {0.0}
    assert main(["rules", "show", asset_id, "-c", config]) == 0
    assert "reset by Kim: moved" in capsys.readouterr().out
    assert "Traceback" not in site.log()
