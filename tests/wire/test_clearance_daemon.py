"""The Daejeon replay, through the daemon on simulated devices: the gate before the work, and after.

The clock of the room starts a quarter of an hour into the scenario: the UPS and rack 1 are open,
racks 2 to 8 are closed, and forty minutes are left until the first flash.
"""

import asyncio
import json
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from batteryd.cli.main import main
from batteryd.clock import ScaledClock
from batteryd.domain.component import WHOLE_BATTERY
from batteryd.domain.snapshot import Column
from batteryd.domain.work import Finding
from batteryd.store.ledger import Ledger
from batteryd.store.records import FINDINGS
from simulators.receiver import Receiver
from simulators.room import SimulatedRoom
from simulators.scenario import SHIPPED, parse_scenario
from simulators.scenario_model import Scenario
from tests.journals import open_journal
from tests.simulated import rack_profile
from tests.sites import DaemonSite, wait_until
from tests.work_site import BEFORE_WORK

pytestmark = pytest.mark.wire

RACKS = tuple(f"UPS-5-R{number}" for number in range(1, 9))
MINUTE = 15
POLL_INTERVAL_S = 1.0  # as DaemonSite writes it
PEOPLE = ("김민수", "Lee Jiwon")
SERVICES = ("Government service of grade 1", "Government service of grade 2")

NOTIFY = """
[channel.pager]
kind = "webhook"
url = "{pager}"

[channel.kim_phone]
kind = "webhook"
url = "{phone}"

[person."김민수"]
channels = ["kim_phone"]

[[route]]
channels = ["pager"]
"""


def as_it_was() -> Scenario:
    """Return the shipped scenario."""
    return parse_scenario(tables(), file="daejeon.toml")


def prepared() -> Scenario:
    """Return the room as it should have been: every rack open, 18 %, and the BMS tells no lie."""
    every_rack = tables()["every_rack"] | {"soc_pct": 18, "soc_error_pct": 0}
    before = [row for row in tables()["at"] if row["minute"] < 12]
    opened = [{"minute": 12, "action": "open", "target": rack} for rack in RACKS]
    return parse_scenario(
        tables() | {"every_rack": every_rack, "at": before + opened}, file="test.toml"
    )


def tables() -> dict[str, Any]:
    return tomllib.loads((SHIPPED / "daejeon.toml").read_text(encoding="utf-8"))


class Town:
    """A simulated room and two receivers, alive in a thread of their own."""

    def __init__(self, scenario: Scenario) -> None:
        self.pager: list[dict[str, Any]] = []
        self.phone: list[dict[str, Any]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.room, self._receivers = self.call(self._make(scenario))
        wait_until(lambda: self.room.lag_s < 1, timeout_s=20)

    async def _make(self, scenario: Scenario) -> tuple[SimulatedRoom, tuple[Receiver, Receiver]]:
        starts_at_s = scenario.start_s(now_s=0.0)
        clock = ScaledClock(start_s=starts_at_s + 60 * MINUTE, rate=1)
        room = SimulatedRoom(scenario, profile=rack_profile(), clock=clock)
        receivers = Receiver(self.pager.append), Receiver(self.phone.append)
        await room.start()
        for receiver in receivers:
            await receiver.start()
        return room, receivers

    @property
    def notify_toml(self) -> str:
        pager, phone = (receiver.url for receiver in self._receivers)
        return NOTIFY.format(pager=pager, phone=phone)

    def call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=20)

    def close_rack(self, asset_id: str) -> None:
        """Somebody closes a rack again."""
        rack = self.room.world.racks[asset_id]
        self._loop.call_soon_threadsafe(lambda: rack.switch(part="both", closed=True))

    def stop(self) -> None:
        for receiver in self._receivers:
            self.call(receiver.stop())
        self.call(self.room.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Desk:
    """Types commands about work beside a daemon that runs."""

    def __init__(self, site: DaemonSite, capsys: pytest.CaptureFixture[str]) -> None:
        self._config = str(site.folder / "batteryd.toml")
        self._capsys = capsys

    def type(self, *words: str) -> tuple[int, Any]:
        """Return the exit code and what was answered."""
        code = main(["work", *words, "--json", "-c", self._config])
        said = self._capsys.readouterr()
        assert code in (0, 1), said.err
        return code, json.loads(said.out)

    def open(self) -> None:
        start = datetime.fromtimestamp(time.time(), UTC)
        self.type(
            "open", "--kind", "relocate", "--dc-bus", "DC-5", "--person", *PEOPLE,
            "--from", start.isoformat(), "--to", (start + timedelta(hours=2)).isoformat(),
            "--title", "move to the basement", "--by", "Park",
        )  # fmt: skip

    def say_everything(self) -> None:
        for kind in BEFORE_WORK:
            people = ("--person", *PEOPLE) if kind.value == "briefing" else ()
            self.type("attest", "WO-1", "--kind", kind.value, "--by", "Park", *people)
        for service in SERVICES:
            for of_service in ("owner_notified", "recovery_copy_confirmed"):
                about = ("--kind", of_service, "--service", service, "--by", "Choi")
                self.type("attest", "WO-1", *about)

    def accept(self) -> None:
        until = datetime.fromtimestamp(time.time(), UTC) + timedelta(hours=3)
        self.type(
            "accept-risk", "WO-1", "--code", "PW-01", "--by", "Park", "--by", "Choi",
            "--until", until.isoformat(), "--reason", "replaced next year; moved once",
        )  # fmt: skip

    def codes(self) -> tuple[str, ...]:
        """Return what holds at present."""
        held = self.type("check", "WO-1", "--by", "Park")[1]["holds"]
        return tuple(dict.fromkeys(hold["code"] for hold in held))


@contextmanager
def watched(scenario: Scenario, folder: Path) -> Iterator[tuple[Town, DaemonSite]]:
    """Start a room and a daemon that has read every rack of it."""
    town = Town(scenario)
    site = DaemonSite(folder, town.room, notify=town.notify_toml)
    try:
        site.start()

        def all_read() -> bool:
            assets: Any = site.status()["assets"]
            return all(a["age_s"] is not None and a["failure"] is None for a in assets)

        wait_until(all_read, timeout_s=20, what=site.log)
        yield town, site
        assert "Traceback" not in site.log()
    finally:
        site.close()
        town.stop()


def record_finding(site: DaemonSite) -> None:
    """Write down what the inspection of June 2024 noted."""
    finding = Finding(
        "F-1", RACKS[3], date(2024, 6, 27), "inspector", "temperature deviation while charging"
    )
    with closing(Ledger(site.state / "ledger.db")) as ledger, ledger.transaction(time.time()) as tx:
        tx.records.put(FINDINGS, "F-1", finding, actor="inspector", action="opened")


# What shows that a rack is connected again: whichever is read first, of whichever rack.
CONNECTED = {"bus_voltage_v": 5.0, "contactor_closed": 0.5, "breaker_closed": 0.5}


def first_live_at_s(site: DaemonSite, *, since_s: float) -> float:
    """Return when the first snapshot was read that shows a rack connected."""
    journal = open_journal(site.state / "journal.db")
    try:
        read = [
            (journal.series(rack, Column(WHOLE_BATTERY, quantity), since_s, since_s + 60), beyond)
            for rack in RACKS
            for quantity, beyond in CONNECTED.items()
        ]
    finally:
        journal.file.close()
    return min(
        float(series.at_s[live][0]) for series, beyond in read if any(live := series.value > beyond)
    )


def test_forty_minutes_before_the_flash_the_answer_was_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with watched(as_it_was(), tmp_path) as (_, site):
        desk = Desk(site, capsys)
        desk.open()
        record_finding(site)

        code, answer = desk.type("check", "WO-1", "--by", "Park")
        codes = tuple(dict.fromkeys(hold["code"] for hold in answer["holds"]))
        assert (code, answer["decision"]) == (1, "HOLD")
        assert codes == ("PW-01", "PW-02", "PW-03", "PW-04", "PW-07", "PW-08")
        live = {hold["subject"] for hold in answer["holds"] if hold["code"] == "PW-04"}
        assert live >= set(RACKS[1:])

        desk.say_everything()
        assert desk.codes() == ("PW-01", "PW-02", "PW-03", "PW-04")
        assert desk.type("list")[1][0]["state"] == "planned"


def test_a_rack_that_closes_during_work_reaches_everyone_on_the_permit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with watched(prepared(), tmp_path) as (town, site):
        desk = Desk(site, capsys)
        desk.open()
        desk.say_everything()
        assert desk.codes() == ("PW-01",)
        desk.accept()
        code, answer = desk.type("check", "WO-1", "--by", "Park")
        assert (code, answer["decision"], answer["accepted"]) == (0, "GO", ["PW-01"])
        assert desk.type("start", "WO-1", "--by", "김민수")[0] == 0
        time.sleep(2 * POLL_INTERVAL_S)
        assert desk.type("list")[1][0]["state"] == "started"

        closed_at_s = time.time()
        town.close_rack("UPS-5-R3")

        def all_told() -> bool:
            heard = (town.pager, town.phone)
            return all(any(m["rule"] == "clearance_revoked" for m in told) for told in heard)

        wait_until(all_told, timeout_s=20, what=site.log)

        (order,) = desk.type("list")[1]
        assert order["state"] == "revoked"
        assert any(reason.startswith("PW-04") for reason in order["revoked_because"])
        with closing(Ledger(site.state / "ledger.db")) as ledger:
            told = [n for n in ledger.notifications() if n.body["rule"] == "clearance_revoked"]
            assert ledger.verify() is None
        assert {n.channel for n in told} == {"pager", "kim_phone"}
        seen_at_s = first_live_at_s(site, since_s=closed_at_s)
        latency_s = max(n.created_at_s for n in told) - seen_at_s
        assert 0 <= latency_s <= POLL_INTERVAL_S + 1.0

        (message,) = [m for m in town.phone if m["rule"] == "clearance_revoked"]
        assert message["people"] == list(PEOPLE)
        assert message["priority"] == "critical"
        assert message["work_order_id"] == "WO-1"
        assert "is not proven isolated" in message["why"]
        assert message["action"].startswith("Stop work on")
        assert "김민수, Lee Jiwon" in message["action"]
        assert [s["grade"] for s in message["services"]] == [1, 2, 3, 4]
