"""The commands about work, on a ledger and a journal without a daemon."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from batteryd.cli.main import main
from batteryd.domain.work import WorkState
from batteryd.store.ledger import Ledger
from batteryd.store.records import WORK_ORDERS
from tests.work_site import BEFORE_WORK, PEOPLE, now_s, racks, write_journal, write_site

CLOSED = {"contactor_closed": 1.0, "breaker_closed": 1.0, "bus_voltage_v": 838.0}


class Desk:
    """Types commands; remembers nothing but the folder."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._config = str(write_site(folder))
        self._capsys = capsys
        self.err = ""

    def type(self, *words: str) -> tuple[int, str]:
        """Return the exit code and what was printed; `err` has the rest."""
        code = main(["work", *words, "-c", self._config])
        out, self.err = self._capsys.readouterr()
        return code, out

    def json(self, *words: str) -> tuple[int, Any]:
        code, out = self.type(*words, "--json")
        return code, json.loads(out)

    def open(self, *words: str, batteries: tuple[str, ...] = ("R1", "R2")) -> tuple[int, str]:
        named = [word for battery in batteries for word in ("--battery", battery)]
        return self.type(
            "open", "--kind", "relocate", *named, "--from", at(0), "--to", at(7200),
            "--person", *PEOPLE, "--by", "Park", *words,
        )  # fmt: skip

    def read(self, **changed: Mapping[str, float | None]) -> None:
        write_journal(self.folder, racks(at_s=now_s(), **changed).values())

    def say_everything(self) -> None:
        for kind in BEFORE_WORK:
            people = ("--person", *PEOPLE) if kind.value == "briefing" else ()
            assert self.type("attest", "WO-1", "--kind", kind, "--by", "Park", *people)[0] == 0
        for of_service in ("owner_notified", "recovery_copy_confirmed"):
            told = ("--service", "mobile identity")
            assert self.type("attest", "WO-1", "--kind", of_service, "--by", "Choi", *told)[0] == 0


def at(seconds: float) -> str:
    when = datetime.fromtimestamp(now_s(), UTC) + timedelta(seconds=seconds)
    return when.isoformat(timespec="seconds")


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


def test_a_work_order_lives_from_its_plan_to_its_end(desk: Desk) -> None:
    assert desk.open("--title", "move to the basement")[0] == 0
    desk.read()

    assert desk.type("check", "WO-1")[0] == 1
    desk.say_everything()
    code, cleared = desk.json("check", "WO-1", "--by", "Park")
    assert (code, cleared["decision"]) == (0, "GO"), cleared["holds"]
    assert cleared["order"]["state"] == "cleared"
    assert [s["name"] for s in cleared["impact"]] == ["mobile identity", "staff canteen"]
    assert desk.type("start", "WO-1", "--by", "Kim Minsu")[0] == 0

    desk.read(R1=CLOSED, R2=CLOSED, R3=CLOSED)
    code, told = desk.json("close", "WO-1")
    assert (code, len(told["reasons"])) == (1, 1)
    desk.type("attest", "WO-1", "--kind", "findings_recorded", "--by", "Kim Minsu")
    assert desk.type("close", "WO-1", "--by", "Kim Minsu")[0] == 0

    code, shown = desk.json("show", "WO-1")
    assert [h["action"] for h in shown["history"]] == ["opened", "cleared", "started", "closed"]
    assert len(shown["attestations"]) == 8
    assert desk.json("list")[1] == []
    assert [o["work_order_id"] for o in desk.json("list", "--all")[1]] == ["WO-1"]


def test_an_old_reading_holds_because_a_dead_daemon_reads_nothing(desk: Desk) -> None:
    desk.open()
    write_journal(desk.folder, racks(at_s=now_s() - 3600).values())
    desk.say_everything()

    code, answer = desk.json("check", "WO-1")

    assert code == 1
    assert {hold["code"] for hold in answer["holds"]} == {"PW-05"}
    assert desk.type("start", "WO-1")[0] == 1
    assert "no GO stands" in desk.err


def test_without_a_journal_nothing_was_observed(desk: Desk) -> None:
    desk.open()

    code, out = desk.type("check", "WO-1")

    assert code == 1
    assert "PW-05  R1" in out
    assert "decision support" in out
    assert not (desk.folder / "state" / "journal.db").exists()


def test_a_rack_that_is_closed_again_revokes_at_the_start(desk: Desk) -> None:
    desk.open()
    desk.read()
    desk.say_everything()
    assert desk.type("check", "WO-1")[0] == 0

    desk.read(R3=CLOSED)
    code, out = desk.type("start", "WO-1")

    assert code == 1
    assert "PW-04  R3" in out
    assert "WO-1 is revoked" in out


def test_orders_are_numbered_and_can_name_a_bus_or_a_room(desk: Desk) -> None:
    desk.open()
    code, out = desk.open("--dc-bus", "DC-5", "--room", "room-4f", batteries=())

    assert code == 0
    assert out.startswith("WO-2")
    order = desk.json("show", "WO-2")[1]["order"]
    assert order["batteries"] == ["R1", "R2", "R3", "R9"]
    assert order["people"] == list(PEOPLE)


def test_people_without_a_channel_of_their_own_are_named_at_once(desk: Desk) -> None:
    desk.open()

    assert "no channel for Lee Jiwon:" in desk.err


def test_every_mistake_of_a_plan_is_told(desk: Desk) -> None:
    code, _ = desk.type(
        "open", "--kind", "relocate", "--battery", "R11", "--dc-bus", "DC-6", "--from", at(60),
        "--to", at(0),
    )  # fmt: skip

    assert code == 2
    assert "battery = R11: unknown battery; did you mean R1?" in desk.err
    assert "dc-bus = DC-6: unknown DC bus; did you mean DC-5?" in desk.err
    assert "to: an end that comes after the beginning" in desk.err
    assert "person: the name of everybody" in desk.err
    assert desk.json("list")[1] == []


@pytest.mark.parametrize("command", ["check", "start", "close"])
def test_nobody_without_a_name_does_anything(
    desk: Desk, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    desk.open()

    with pytest.raises(SystemExit) as ended:
        desk.type(command, "WO-1", "--by", "  ")

    assert ended.value.code == 2
    assert "--by: the name of the person" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["2025-09-26T19:30", "tomorrow", ""])
def test_an_instant_without_an_offset_is_refused(
    desk: Desk, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        desk.type("open", "--kind", "test", "--battery", "R1", "--from", text, "--to", at(60))

    assert ended.value.code == 2
    assert "2025-09-26T19:30+09:00" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["9999-12-31T23:59-12:00", "0001-01-01T00:00+09:00"])
def test_an_instant_that_could_not_be_shown_again_never_reaches_the_ledger(
    desk: Desk, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        desk.type("open", "--kind", "test", "--battery", "R1", "--from", at(0), "--to", text)

    assert ended.value.code == 2
    assert f"'{text}' is not an instant from 1970 to 2999" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--kind", "briefing", "--by", "Park"), 2, "people: needed for briefing"),
        (("--kind", "briefing", "--by", " ", "--person", "Kim"), 2, "by: the name"),
        (("--kind", "absence_of_voltage", "--by", "Park", "--battery", "R1"), 2, "value: needed"),
        (
            ("--kind", "absence_of_voltage", "--by", "P", "--battery", "R8", "--value", "0.4"),
            2,
            "R8: unknown battery",
        ),
        (
            ("--kind", "absence_of_voltage", "--by", "P", "--battery", "R1", "--value", "nan"),
            2,
            "value = nan: what the meter showed",
        ),
        (("--kind", "owner_notified", "--by", "Choi"), 2, "service: needed"),
        (
            ("--kind", "owner_notified", "--by", "Choi", "--service", "mobile identty"),
            2,
            "did you mean mobile identity?",
        ),
        (("--kind", "insulated_tools", "--by", "Park", "--battery", "R1"), 2, "battery: not for"),
    ],
)
def test_what_nobody_can_attest_so_is_refused(
    desk: Desk, words: tuple[str, ...], code: int, told: str
) -> None:
    desk.open()

    assert desk.type("attest", "WO-1", *words)[0] == code
    assert told in desk.err


def test_no_battery_leaves_by_an_inspection(desk: Desk) -> None:
    desk.type(
        "open", "--kind", "inspect", "--battery", "R1", "--from", at(0), "--to", at(60),
        "--person", "Kim",
    )  # fmt: skip

    code, _ = desk.type(
        "attest", "WO-1", "--kind", "battery_removed", "--by", "Kim", "--battery", "R1"
    )

    assert code == 1
    assert "only by relocate or replace" in desk.err


RISK = (
    "--code",
    "PW-01",
    "--by",
    "Park",
    "--by",
    "Choi",
    "--reason",
    "the maker agreed in writing",
)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda w: ("--code", "PW-03", *w[2:]), "nobody may accept PW-03; only PW-01 and PW-02"),
        (lambda w: (*w[:4], "--by", " PARK ", *w[6:]), "two different people"),
        (lambda w: (*w[:6], "--reason", " "), "for a reason"),
    ],
)
def test_a_risk_is_accepted_by_two_people_for_a_reason_or_not_at_all(
    desk: Desk, change: Callable[[tuple[str, ...]], tuple[str, ...]], told: str
) -> None:
    desk.open()

    code, _ = desk.type("accept-risk", "WO-1", *change(RISK), "--until", at(3600))

    assert code == 1
    assert told in desk.err
    assert desk.json("show", "WO-1")[1]["risk_acceptances"] == []


def test_an_acceptance_that_would_be_over_already_is_refused(desk: Desk) -> None:
    desk.open()

    assert desk.type("accept-risk", "WO-1", *RISK, "--until", at(-1))[0] == 1
    assert "over already" in desk.err


def test_an_accepted_risk_lifts_its_hold_and_shows_who_took_it(desk: Desk) -> None:
    desk.open(batteries=("R9",))
    held = desk.json("check", "WO-1")[1]

    assert desk.type("accept-risk", "WO-1", *RISK, "--until", at(3600))[0] == 0
    lifted = desk.json("check", "WO-1")[1]

    assert "PW-01" in {hold["code"] for hold in held["holds"]}
    assert "PW-01" not in {hold["code"] for hold in lifted["holds"]}
    assert lifted["accepted"] == ["PW-01"]


def test_a_finding_that_comes_after_the_signatures_holds(desk: Desk) -> None:
    desk.open()
    finding = ("finding", "open", "R2", "--by", "Han", "-c", str(desk.folder / "batteryd.toml"))
    main([*finding, "--text", "spread grows on charge"])
    risk = ["PW-02" if word == "PW-01" else word for word in RISK]
    desk.type("accept-risk", "WO-1", *risk, "--until", at(3600))
    assert desk.json("check", "WO-1")[1]["accepted"] == ["PW-02"]

    main([*finding, "--text", "a module is swollen"])
    code, out = desk.type("check", "WO-1")

    assert code == 1
    assert "nobody who signed it knew of F-2" in out


def test_an_order_that_never_started_is_abandoned_and_then_at_its_end(desk: Desk) -> None:
    desk.open()

    assert desk.type("close", "WO-1")[0] == 1
    assert "never started" in desk.err
    assert desk.type("close", "WO-1", "--abandon", "--by", "Park")[0] == 0
    assert desk.type("check", "WO-1")[0] == 1
    assert "the work order is closed" in desk.err
    assert desk.type("attest", "WO-1", "--kind", "insulated_tools", "--by", "Park")[0] == 1


def test_an_order_that_nobody_opened_is_a_usage_error(desk: Desk) -> None:
    desk.open()

    assert desk.type("show", "WO-11")[0] == 2
    assert "did you mean WO-1?" in desk.err


def test_an_order_names_a_battery_and_one_site(desk: Desk) -> None:
    inventory = desk.folder / "inventory.toml"
    elsewhere = """
[[site]]
site_id = "gwangju"
[[room]]
room_id = "g-1"
site_id = "gwangju"
[[battery]]
asset_id = "G1"
room_id = "g-1"
"""
    inventory.write_text(inventory.read_text(encoding="utf-8") + elsewhere, encoding="utf-8")

    assert desk.open(batteries=())[0] == 2
    assert "battery: at least one battery" in desk.err
    assert desk.open(batteries=("R1", "G1"))[0] == 2
    assert "battery: batteries of one site" in desk.err


def test_what_is_attested_or_accepted_can_be_read_by_programs(desk: Desk) -> None:
    desk.open()

    _, opened = desk.json("show", "WO-1")
    _, said = desk.json("attest", "WO-1", "--kind", "insulated_tools", "--by", "Park")
    _, accepted = desk.json("accept-risk", "WO-1", *RISK, "--until", at(3600))

    assert opened["order"]["starts_at"].endswith("Z")
    assert (said["record"], said["kind"], said["by"]) == ("WO-1/1", "insulated_tools", "Park")
    assert (accepted["record"], accepted["by"]) == ("WO-1/1", ["Park", "Choi"])
    assert desk.type("show", "WO-1")[0] == 0


def test_the_list_of_nothing_says_so(desk: Desk) -> None:
    assert desk.type("list")[1] == "no work order is open\n"


def test_a_week_before_the_answer_is_go_and_clears_nothing(desk: Desk) -> None:
    week_s = 7 * 86_400
    desk.type(
        "open", "--kind", "inspect", "--battery", "R1", "--from", at(week_s), "--to",
        at(week_s + 60), "--person", "Kim Minsu",
    )  # fmt: skip
    desk.read()
    desk.type("attest", "WO-1", "--kind", "briefing", "--by", "Park", "--person", "Kim Minsu")

    code, out = desk.type("check", "WO-1")

    assert code == 0
    assert out.startswith("GO  WO-1")
    assert "stays planned: a GO of now would be over before the work" in out


def test_a_case_that_is_written_down_needs_no_ledger(desk: Desk, tmp_path: Path) -> None:
    case = tmp_path / "case.toml"
    case.write_text("as_of = 1\n")

    assert desk.type("check", "--case", str(case))[0] == 2
    assert str(case) in desk.err


def test_check_takes_an_order_or_a_case(desk: Desk, tmp_path: Path) -> None:
    assert desk.type("check")[0] == 2
    assert desk.type("check", "WO-1", "--case", str(tmp_path / "case.toml"))[0] == 2


def test_the_list_says_how_old_the_decision_is(desk: Desk) -> None:
    desk.open()
    unchecked = desk.type("list")[1]
    desk.type("check", "WO-1")

    _, out = desk.type("list")

    assert "never checked" in unchecked
    assert "HOLD (PW-03, PW-04, PW-05, PW-07, PW-08) 0 min ago" in out
    (row,) = desk.json("list")[1]
    assert row["decision"] == "HOLD"
    assert 0 <= row["decision_age_s"] < 30


def test_show_tells_the_whole_story_in_words(desk: Desk) -> None:
    desk.open("--contractor", "Example Electric")
    desk.say_everything()
    desk.type("accept-risk", "WO-1", *RISK, "--until", at(3600))
    desk.type("check", "WO-1", "--by", "Park")

    _, out = desk.type("show", "WO-1")

    assert "contractor Example Electric" in out
    assert "briefing Kim Minsu, Lee Jiwon, attested by Park" in out
    assert "PW-01 accepted by Park and Choi" in out
    assert "last decision, HOLD" in out
    assert "opened by Park" in out


def test_everything_that_was_typed_is_in_the_audit_chain(desk: Desk) -> None:
    desk.open()
    desk.say_everything()
    desk.type("check", "WO-1", "--by", "Park")

    ledger = Ledger(desk.folder / "state" / "ledger.db")
    entries = ledger.audit()
    assert ledger.verify() is None
    ledger.close()

    assert [entry.subject for entry in entries][:2] == ["/work-order/WO-1", "/attestation/WO-1/1"]
    assert entries[-1].subject == "/clearance/WO-1"
    assert entries[-1].actor == "Park"


ICS = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//planning//EN
BEGIN:VEVENT
UID:move-1
DTSTAMP:20251101T000000Z
DTSTART:20990301T100000Z
DTEND:20990301T120000Z
SUMMARY:part 1
ATTENDEE;CN=Kim Minsu:mailto:kim@example.org
DESCRIPTION:batteryd: kind=relocate batteries=R1
END:VEVENT
END:VCALENDAR
"""


def test_a_calendar_is_imported_after_a_dry_run_shows_what_it_does(desk: Desk) -> None:
    file = desk.folder / "work.ics"
    file.write_text(ICS)

    assert desk.type("import", str(file), "--dry-run")[1].splitlines() == [
        "open    new     relocate R1  part 1",
        "a dry run: nothing was changed",
    ]
    assert desk.json("list")[1] == []
    assert desk.type("import", str(file), "--by", "Choi")[1] == (
        "open    WO-1    relocate R1  part 1\n"
    )
    assert desk.type("import", str(file))[1] == "nothing to change\n"
    file.write_text(ICS.replace("T12", "T13"))
    code, (change,) = desk.json("import", str(file))
    assert (code, change["action"], change["fields"]) == (0, "change", ["ends_at"])
    assert change["order"]["source"] == "move-1"


def test_what_a_calendar_cannot_change_is_told_and_the_answer_is_no(desk: Desk) -> None:
    file = desk.folder / "work.ics"
    file.write_text(ICS)
    desk.type("import", str(file))
    ledger = Ledger(desk.folder / "state" / "ledger.db")
    order = ledger.records.one(WORK_ORDERS, "WO-1")
    assert order is not None
    with ledger.transaction(now_s()) as tx:
        begun = replace(order, state=WorkState.STARTED, started_at_s=now_s())
        tx.records.put(WORK_ORDERS, "WO-1", begun, actor="Kim", action="started")
    ledger.close()

    file.write_text(ICS.replace("UID", "STATUS:CANCELLED\nUID"))

    assert desk.type("import", str(file))[0] == 1
    assert "cancel  WO-1    relocate R1  part 1: work has begun" in desk.err


def test_a_calendar_with_mistakes_changes_nothing(desk: Desk) -> None:
    file = desk.folder / "work.ics"
    file.write_text(ICS.replace("batteries=R1", "batteries=R11"))

    assert desk.type("import", str(file))[0] == 2
    assert "event 1 (move-1): battery = R11: unknown battery" in desk.err
