import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.errors import StoreDamaged
from batteryd.store.audit import GENESIS_HASH, AuditEntry, BrokenEntry
from batteryd.store.canonical import canonical_json, from_json
from batteryd.store.ledger import Ledger
from batteryd.store.signing import SigningKey
from batteryd.store.verify import examine
from tests.audited import flip_a_bit, tamper, write_story

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite")
    write_story(opened, SigningKey.load_or_create(tmp_path / "key.pem"))
    yield opened
    opened.close()


@pytest.fixture
def path(ledger: Ledger) -> Path:
    return ledger._file.path


def test_an_untouched_chain_holds_from_its_very_start(ledger: Ledger) -> None:
    first, second, *_ = ledger.audit()

    assert ledger.verify() is None
    assert first.prev_hash == GENESIS_HASH
    assert second.prev_hash == first.hash
    assert first.at == "2025-11-25T12:00:00.000000Z"
    assert second.detail["reason"] == "first_time"


def test_entries_can_be_read_on_from_a_number(ledger: Ledger) -> None:
    assert [e.seq for e in ledger.audit(after_seq=6)] == [7, 8]
    assert [e.seq for e in ledger.audit(after_seq=6, limit=1)] == [7]


@pytest.mark.parametrize("seq", [1, 5, 8])
@pytest.mark.parametrize(
    "column", ["at", "actor", "action", "subject", "detail", "prev_hash", "hash"]
)
def test_a_bit_flipped_in_any_column_of_an_entry_shows_at_that_entry(
    ledger: Ledger, path: Path, column: str, seq: int
) -> None:
    flip_a_bit(path, table="audit", column=column, where=f"seq = {seq}")

    broken = ledger.verify()

    assert broken is not None
    assert (broken.seq, broken.table) == (seq, "audit")


SWAP = "UPDATE audit SET seq = CASE seq WHEN {0} THEN -{1} ELSE -{0} END WHERE seq IN ({0}, {1})"
COPY = (
    "INSERT INTO audit SELECT 9, at, actor, action, subject, detail,"
    " 'x' || prev_hash, 'x' || hash FROM audit WHERE seq = 1"
)
UNSIGN = "UPDATE audit SET seq = -seq WHERE seq < 0"


@pytest.mark.parametrize(
    ("statements", "broken_seq"),
    [
        (["DELETE FROM audit WHERE seq = 1"], 1),
        (["DELETE FROM audit WHERE seq = 3"], 3),
        (["DELETE FROM audit WHERE seq IN (4, 5)"], 4),
        (["DELETE FROM audit WHERE seq >= 7"], 7),
        (["DELETE FROM audit WHERE seq >= 3"], 3),
        (["DELETE FROM audit"], 1),
        ([SWAP.format(2, 3), UNSIGN], 2),
        ([SWAP.format(7, 8), UNSIGN], 7),
        ([COPY], 9),
        (["UPDATE audit SET seq = seq + 1000 WHERE seq >= 6"], 6),
        (["UPDATE audit SET seq = -seq WHERE seq = 3"], 1),
        ([COPY.replace("SELECT 9", "SELECT 0")], 1),
    ],
)
def test_deleted_inserted_swapped_and_cut_entries_are_named(
    ledger: Ledger, path: Path, statements: list[str], broken_seq: int
) -> None:
    tamper(path, *statements)

    broken = ledger.verify()

    assert broken is not None
    assert (broken.seq, broken.table) == (broken_seq, "audit")


def test_a_changed_entry_with_a_hash_to_match_shows_at_the_next_one(ledger: Ledger) -> None:
    forged = ledger.audit()[0]._replace(actor="somebody else").sealed()

    found = examine([forged, *ledger.audit()[1:]])

    assert found.first_broken == BrokenEntry(2, "its prev_hash is not the hash of the entry before")


def test_a_file_that_was_cut_in_the_middle_is_damaged(ledger: Ledger, path: Path) -> None:
    ledger.close()
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)

    with pytest.raises(StoreDamaged, match=r"ledger\.sqlite"):
        ledger.verify()


def test_a_detail_that_is_no_object_is_none_of_ours() -> None:
    entry = AuditEntry(1, "", "", "", "", "[1]", GENESIS_HASH, "")

    with pytest.raises(ValueError, match="not an object"):
        _ = entry.detail


def test_where_one_field_ends_and_the_next_begins_is_part_of_the_hash() -> None:
    entry = AuditEntry(1, "2025-11-25T12:00:00.000000Z", "a", "bc", "d", "{}", GENESIS_HASH, "")
    shifted = entry._replace(actor="ab", action="c")

    assert entry.expected_hash() != shifted.expected_hash()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("UPDATE audit SET actor = 'me' WHERE seq = 2", "entry 2 does not hold"),
        ("DELETE FROM audit WHERE seq = 2", "entry 2 does not hold"),
        ("DELETE FROM audit WHERE seq >= 6", "checkpoint 7 does not hold"),
        ("UPDATE checkpoint SET hash = 'ab' WHERE seq = 7", "checkpoint 7 does not hold"),
        ("UPDATE checkpoint SET at = '' WHERE seq = 7", "InvalidSignature"),
    ],
)
def test_the_verifier_in_the_documentation_sees_what_was_done(
    ledger: Ledger, path: Path, spoil: str, said: str
) -> None:
    tamper(path, spoil)

    answer = documented_verifier(path)

    assert answer.returncode == 1
    assert said in answer.stderr


def test_the_verifier_in_the_documentation_agrees_with_ours(ledger: Ledger, path: Path) -> None:
    answer = documented_verifier(path)

    assert (answer.returncode, answer.stdout) == (0, "8 entries hold\n")


def documented_verifier(path: Path) -> subprocess.CompletedProcess[str]:
    (code,) = re.findall(r"```python\n(.*?)```", (DOCS / "ledger.md").read_text("utf-8"), re.S)
    return subprocess.run(
        [sys.executable, "-c", code, str(path), str(path.with_name("key.pub"))],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip


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
