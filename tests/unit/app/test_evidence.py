"""What the daemon keeps for later: register, nameplates, conditions, and the seal on all of it."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from batteryd.app.evidence import SEAL_RULE, Evidence
from batteryd.domain.alarm import AlarmEvent, Change
from batteryd.domain.nameplate import Nameplate
from batteryd.registrar.history import nameplates
from batteryd.store.ledger import Ledger
from batteryd.store.records import REGISTER
from batteryd.store.signing import key_path
from batteryd.store.usage_account import UsageAccount
from batteryd.store.verify_file import examine_file
from tests.builders import NOON_S, make_battery, make_inventory
from tests.journals import open_journal


@dataclass
class Stopped:
    """A clock that stands."""

    time_s: float = NOON_S
    rate: float = 1.0

    def now_s(self) -> float:
        return self.time_s

    def monotonic_s(self) -> float:
        return self.time_s

    async def sleep(self, duration_s: float) -> None:
        self.time_s += duration_s


@dataclass
class Kept:
    """An installation's evidence, and the events that it told."""

    ledger: Ledger
    folder: Path
    evidence: Evidence
    events: list[AlarmEvent] = field(default_factory=list)

    def record(self, events: Iterable[AlarmEvent]) -> None:
        self.events += events


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    with closing(Ledger(tmp_path / "ledger.db")) as ledger:
        account = UsageAccount(open_journal(tmp_path / "journal.db"), ledger)
        evidence = Evidence(ledger, account=account, state_dir=tmp_path, clock=Stopped())
        yield Kept(ledger, tmp_path, evidence)


def test_the_inventory_is_recorded_once_and_again_where_it_changed(kept: Kept) -> None:
    inventory = make_inventory(make_battery())
    said = replace(inventory, registered=dict(inventory.batteries), source="inventory.toml")

    kept.evidence.take_inventory(said)
    kept.evidence.take_inventory(said)
    other = {"rack-1": replace(inventory.batteries["rack-1"], serial_number="EC-0009")}
    kept.evidence.take_inventory(replace(said, batteries=other, registered=other))

    serials = [
        r.value.battery.serial_number for r in kept.ledger.records.history(REGISTER, "rack-1")
    ]
    assert serials == ["EC-0001", "EC-0009"]


def test_a_nameplate_is_recorded_when_it_says_something_new(kept: Kept) -> None:
    for firmware in ("2.04", "2.04", "2.05"):
        kept.evidence.take_nameplates({"rack-1": Nameplate(firmware=firmware)})

    assert nameplates(kept.ledger.records)["rack-1"].firmware == "2.05"
    assert len([e for e in kept.ledger.audit() if e.action == "said"]) == 2


def test_the_seal_is_there_from_the_first_start_with_a_key_of_its_own(kept: Kept) -> None:
    kept.evidence.take_nameplates({"rack-1": Nameplate(firmware="2.04")})

    kept.evidence.seal(anchor=kept.folder / "anchor.jsonl")

    assert kept.evidence.trouble == ()
    assert key_path(kept.folder).stat().st_mode & 0o777 == 0o600
    assert (kept.folder / "anchor.jsonl").read_text().count("\n") == 1
    assert examine_file(kept.folder / "ledger.db").first_broken is None


def test_a_seal_that_cannot_be_made_is_an_alarm_until_it_can(kept: Kept) -> None:
    kept.evidence.take_nameplates({"rack-1": Nameplate(firmware="2.04")})
    nowhere = kept.folder / "unmounted" / "anchor.jsonl"

    kept.evidence.seal(anchor=nowhere)
    kept.evidence.tell_of_seal(kept.record)

    (raised,), trouble = kept.events, kept.evidence.trouble
    assert (raised.key.rule, raised.change) == (SEAL_RULE, Change.RAISED)
    assert "not anchored" in raised.why
    assert trouble == (raised.why,)

    nowhere.parent.mkdir()
    kept.evidence.seal(anchor=nowhere)
    assert kept.evidence.trouble == ()


def test_without_trouble_nobody_is_told_of_the_seal(kept: Kept) -> None:
    kept.evidence.seal(anchor=None)

    kept.evidence.tell_of_seal(kept.record)

    assert kept.events == []
