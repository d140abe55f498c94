"""Commands about findings: who noted what, and what it takes to close it."""

import hashlib
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from batteryd.cli.main import main
from batteryd.domain.work import Finding
from batteryd.store.ledger import Ledger
from batteryd.store.records import FINDINGS
from tests.builders import NOON_S

PACKAGED = Path(__file__).parents[2] / "config"
TEXT = "pack temperatures differ by 6 K while charging; replacement recommended at ten years"

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run `batteryd finding ...` on the example configuration; return code, output, complaint."""
    monkeypatch.setenv("BATTERYD_DAEMON__STATE_DIR", str(tmp_path))
    Ledger(tmp_path / "ledger.db").close()

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["finding", *words, "-c", str(PACKAGED / "batteryd.toml")])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def opened(say: Say, *more: str) -> str:
    code, out, _ = say("open", "rack-a1", "--text", TEXT, "--by", "박지원", *more)
    assert code == 0
    return out.split()[0]


def test_a_finding_is_listed_until_it_is_closed(say: Say) -> None:
    finding = opened(say, "--on", "2024-06-27")

    assert say("list")[1] == (
        f"F-1   rack-a1              since 2024-06-27  {TEXT}\n      noted by 박지원\n"
    )

    code, out, _ = say("close", finding, "--by", "김민수", "--evidence", "packs 3 to 7 replaced")
    assert (code, out) == (0, "F-1 on rack-a1 is closed: packs 3 to 7 replaced (김민수)\n")
    assert say("list")[1] == "no finding is open\n"
    assert "by 김민수: packs 3 to 7 replaced" in say("list", "--all")[1]


def test_findings_are_numbered_and_belong_to_their_battery(say: Say) -> None:
    assert opened(say) == "F-1"
    assert say("open", "rack-a2", "--text", "loose cover", "--by", "lee")[1].split()[0] == "F-2"

    listed = json.loads(say("list", "rack-a2", "--json")[1])

    assert [(f["finding_id"], f["text"]) for f in listed] == [("F-2", "loose cover")]


def test_the_ledger_keeps_who_said_it(say: Say, tmp_path: Path) -> None:
    finding = opened(say)
    say("close", finding, "--by", "lee", "--evidence", "torque checked")

    ledger = Ledger(tmp_path / "ledger.db")
    history = ledger.records.history(FINDINGS, finding)
    ledger.close()

    assert [(r.actor, r.action) for r in history] == [("박지원", "opened"), ("lee", "closed")]
    shown = json.loads(say("show", finding, "--json")[1])
    assert [step["action"] for step in shown["history"]] == ["opened", "closed"]
    assert "opened by 박지원" in say("show", finding)[1]


def test_documents_are_named_and_hashed(say: Say, tmp_path: Path) -> None:
    report, invoice = tmp_path / "inspection.pdf", tmp_path / "invoice.pdf"
    report.write_bytes(b"%PDF inspection")
    invoice.write_bytes(b"%PDF invoice")

    finding = opened(say, "--document", str(report))
    say("close", finding, "--by", "lee", "--evidence", "replaced", "--document", str(invoice))

    shown = json.loads(say("show", finding, "--json")[1])
    assert shown["document"] == str(report)
    assert shown["document_sha256"] == hashlib.sha256(b"%PDF inspection").hexdigest()
    assert shown["evidence_sha256"] == hashlib.sha256(b"%PDF invoice").hexdigest()
    assert shown["history"][1]["comment"] == str(invoice)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("open", "rack-a11", "--text", "x", "--by", "lee"), "did you mean rack-a1?"),
        (("open", "rack-a1", "--text", "  ", "--by", "lee"), "--text: a text that is not blank"),
        (("open", "rack-a1", "--text", "x", "--by", ""), "--by: a text that is not blank"),
        (("open", "rack-a1", "--text", "x", "--by", "lee", "--on", "2999-01-01"), "a day up to"),
        (
            ("open", "rack-a1", "--text", "x", "--by", "lee", "--document", "/nowhere/a.pdf"),
            "a file that can be read (No such file or directory)",
        ),
        (("close", "F-1", "--by", " ", "--evidence", "x"), "--by: a text that is not blank"),
        (("close", "F-1", "--by", "lee", "--evidence", "\t"), "--evidence: a text that is not"),
        (("close", "F-7", "--by", "lee", "--evidence", "x"), "unknown finding; did you mean F-1?"),
        (("show", "F-7"), "unknown finding"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    say: Say, words: tuple[str, ...], complaint: str
) -> None:
    opened(say, "--on", "2024-06-27")
    before = say("list", "--all", "--json")[1]

    code, out, err = say(*words)

    assert (code, out) == (2, "")
    assert complaint in err
    assert say("list", "--all", "--json")[1] == before


def test_a_day_that_is_none_is_refused_in_words(
    say: Say, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        say("open", "rack-a1", "--text", TEXT, "--by", "박지원", "--on", "27.06.2024")

    assert ended.value.code == 2
    assert "--on: '27.06.2024' is no day such as 2025-09-26" in capsys.readouterr().err


def test_all_mistakes_are_told_at_once(say: Say) -> None:
    _, _, err = say("open", "rack-x", "--text", "", "--by", "")

    assert "--text" in err
    assert "--by" in err
    assert "unknown battery" in err


@pytest.mark.parametrize(
    ("on", "complaint"),
    [("2024-06-26", "F-1 was opened on 2024-06-27, after 2024-06-26"), (None, "was closed on")],
)
def test_nobody_closes_before_it_was_opened_nor_twice(
    say: Say, on: str | None, complaint: str
) -> None:
    finding = opened(say, "--on", "2024-06-27")
    close = ("close", finding, "--by", "lee", "--evidence", "replaced")
    if on is None:
        say(*close)

    code, out, err = say(*close, *(("--on", on) if on else ()))

    assert (code, out) == (1, "")
    assert complaint in err


def test_a_finding_on_a_battery_that_has_left_the_register_can_be_closed(
    say: Say, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    gone = Finding("F-1", "rack-gone", date(2024, 6, 27), "lee", "loose cover")
    with ledger.transaction(NOON_S) as tx:
        tx.records.put(FINDINGS, "F-1", gone, actor="lee", action="opened")
    ledger.close()

    code, out, _ = say("close", "F-1", "--by", "lee", "--evidence", "scrapped with the rack")

    assert (code, out) == (0, "F-1 on rack-gone is closed: scrapped with the rack (lee)\n")


def test_without_a_finding_the_list_says_so(say: Say) -> None:
    assert say("list")[:2] == (0, "no finding is open\n")
    assert say("list", "--all")[:2] == (0, "there is no finding\n")
    assert json.loads(say("list", "--json")[1]) == []
