import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.store.audit import GENESIS_HASH, AuditEntry, first_broken
from batteryd.store.canonical import canonical_json, from_json
from batteryd.store.ledger import Ledger
from tests.builders import NOON_S, make_alarm

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite")
    with opened.transaction(NOON_S) as tx:
        tx.audit(actor="batteryd", action="started", subject="batteryd", detail={"version": "1"})
        tx.record(make_alarm(), action="raised", reason="first_time", actor="batteryd", at_s=NOON_S)
    with opened.transaction(NOON_S + 90) as tx:
        tx.record(
            make_alarm(), action="acknowledged", reason="by_person", actor='김 "철수"', at_s=NOON_S
        )
    yield opened
    opened.close()


def tamper(ledger: Ledger, statement: str) -> None:
    """Do what somebody with the file and an editor could do, triggers dropped first."""
    with ledger._file.write() as db:
        db.execute("PRAGMA defer_foreign_keys = ON")
        for table in ("audit", "event"):
            db.execute(f"DROP TRIGGER {table}_is_not_changed")
            db.execute(f"DROP TRIGGER {table}_is_not_deleted")
        db.execute("DELETE FROM event")
        db.execute(statement)


def test_an_untouched_chain_holds_from_its_very_start(ledger: Ledger) -> None:
    first, *_, last = ledger.audit()

    assert ledger.verify() is None
    assert first.prev_hash == GENESIS_HASH
    assert first.at == "2025-11-25T12:00:00.000000Z"
    assert last.actor == '김 "철수"'
    assert last.detail["reason"] == "by_person"


def test_entries_can_be_read_on_from_a_number(ledger: Ledger) -> None:
    assert [e.seq for e in ledger.audit(after_seq=1)] == [2, 3]
    assert [e.seq for e in ledger.audit(after_seq=1, limit=1)] == [2]


@pytest.mark.parametrize(
    ("statement", "broken_seq"),
    [
        ("UPDATE audit SET actor = 'somebody else' WHERE seq = 2", 2),
        ("UPDATE audit SET at = '2025-11-25T12:00:00.000001Z' WHERE seq = 1", 1),
        ("UPDATE audit SET detail = replace(detail, '46.2', '36.2') WHERE seq = 3", 3),
        ("UPDATE audit SET hash = prev_hash || 'x' WHERE seq = 2", 2),
        ("DELETE FROM audit WHERE seq = 1", 1),
        ("DELETE FROM audit WHERE seq = 2", 2),
    ],
)
def test_tampering_shows_at_the_first_entry_touched(
    ledger: Ledger, statement: str, broken_seq: int
) -> None:
    tamper(ledger, statement)

    broken = ledger.verify()

    assert broken is not None
    assert broken.seq == broken_seq


def test_a_changed_entry_with_a_hash_to_match_shows_at_the_next_one(ledger: Ledger) -> None:
    forged = ledger.audit()[0]._replace(actor="somebody else").sealed()

    broken = first_broken([forged, *ledger.audit()[1:]])

    assert broken is not None
    assert broken.seq == 2
    assert "prev_hash" in broken.reason


def test_where_one_field_ends_and_the_next_begins_is_part_of_the_hash() -> None:
    entry = AuditEntry(1, "2025-11-25T12:00:00.000000Z", "a", "bc", "d", "{}", GENESIS_HASH, "")
    shifted = entry._replace(actor="ab", action="c")

    assert entry.expected_hash() != shifted.expected_hash()


@pytest.mark.parametrize("spoil", ["", "UPDATE audit SET actor = 'me' WHERE seq = 2"])
def test_the_verifier_in_the_documentation_agrees(
    ledger: Ledger, tmp_path: Path, spoil: str
) -> None:
    if spoil:
        tamper(ledger, spoil)
    (code,) = re.findall(r"```python\n(.*?)```", (DOCS / "ledger.md").read_text("utf-8"), re.S)

    answer = subprocess.run(
        [sys.executable, "-c", code, str(ledger._file.path)],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip

    if spoil:
        assert (answer.returncode, answer.stderr) == (1, "entry 2 does not hold\n")
    else:
        assert (answer.returncode, answer.stdout) == (0, "3 entries hold\n")


texts = st.text(st.characters(codec="utf-8"))
finite = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_canonical_json_means_what_it_was_made_from(value: object) -> None:
    text = canonical_json(value)

    assert from_json(text) == value
    assert canonical_json(from_json(text)) == text


def test_equal_mappings_have_equal_bytes() -> None:
    assert canonical_json({"b": 1, "a": (1, 2)}) == canonical_json({"a": [1, 2], "b": 1})
    assert canonical_json({"방": "5층"}) == '{"방":"5층"}'


def test_sqlite_and_python_store_the_same_text(tmp_path: Path) -> None:
    """Hangul, quotes and control characters come back byte for byte, or hashes would break."""
    db = sqlite3.connect(":memory:")
    awkward = canonical_json({"actor": 'Kim "철수"\n\t\x01 🔥'})

    (stored,) = db.execute("SELECT ?", (awkward,)).fetchone()
    db.close()

    assert stored == awkward
