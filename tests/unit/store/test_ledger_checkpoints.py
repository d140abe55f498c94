"""Signed checkpoints, what they show that hashes do not, and keys that follow one another."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from batteryd.errors import StoreDamaged, StoreError
from batteryd.store import key_rotation
from batteryd.store.audit import BrokenEntry
from batteryd.store.checkpoint import Checkpoint
from batteryd.store.checkpoint_anchor import Anchor
from batteryd.store.ledger import Ledger
from batteryd.store.signing import SigningKey, load_public
from batteryd.store.verify import Trust
from batteryd.store.verify_file import examine_file
from tests.audited import flip_a_bit, tamper, write_story
from tests.builders import NOON_S

LATER_S = NOON_S + 3600


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return SigningKey.load_or_create(tmp_path / "keys" / "signing-key.pem")


@pytest.fixture
def stranger(tmp_path: Path) -> SigningKey:
    return SigningKey.load_or_create(tmp_path / "stranger" / "signing-key.pem")


@pytest.fixture
def anchor(tmp_path: Path) -> Path:
    return tmp_path / "elsewhere.jsonl"


@pytest.fixture
def ledger(tmp_path: Path, key: SigningKey, anchor: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite")
    write_story(opened, key, anchor=anchor)
    yield opened
    opened.close()


@pytest.fixture
def path(ledger: Ledger) -> Path:
    return ledger._file.path


def note(ledger: Ledger, *, now_s: float = LATER_S) -> None:
    with ledger.transaction(now_s) as tx:
        tx.audit(actor="Kim", action="reloaded", subject="rules", detail={})


def trusting(key: SigningKey) -> Trust:
    return Trust(keys=(key.public,))


def anchored(anchor: Path) -> Trust:
    return Trust(anchored=Anchor(anchor).checkpoints())


def test_a_checkpoint_is_the_signature_of_an_entry_that_speaks_of_it(
    ledger: Ledger, key: SigningKey
) -> None:
    note(ledger)

    checkpoint = ledger.checkpoint(LATER_S + 60, key)

    entry = ledger.audit()[-1]
    assert checkpoint is not None
    assert (checkpoint.seq, checkpoint.hash, checkpoint.at) == (entry.seq, entry.hash, entry.at)
    assert entry.detail == {"key_id": key.key_id, "public_key": key.public.hex}
    text = f'{{"at":"{entry.at}","hash":"{entry.hash}","key_id":"{key.key_id}","seq":{entry.seq}}}'
    assert key.public.has_signed(text.encode(), bytes.fromhex(checkpoint.signature))


def test_nothing_new_is_not_signed_again(tmp_path: Path, key: SigningKey) -> None:
    ledger = Ledger(tmp_path / "new.sqlite")

    in_an_empty_ledger = ledger.checkpoint(NOON_S, key)
    note(ledger)
    first, second = ledger.checkpoint(LATER_S, key), ledger.checkpoint(LATER_S + 600, key)

    assert in_an_empty_ledger is None
    assert first is not None
    assert second is None
    assert len(ledger.audit()) == 2
    ledger.close()


def test_checkpoints_are_only_ever_added(ledger: Ledger) -> None:
    for statement in ("UPDATE checkpoint SET at = ''", "DELETE FROM checkpoint"):
        with pytest.raises(StoreError, match="only ever added"), ledger._file.write() as db:
            db.execute(statement)


@pytest.mark.parametrize("column", ["hash", "at", "key_id", "signature"])
def test_a_bit_flipped_in_any_column_of_a_checkpoint_is_found(
    ledger: Ledger, path: Path, column: str
) -> None:
    flip_a_bit(path, table="checkpoint", column=column, where="seq = 4")

    broken = ledger.verify()

    assert broken is not None
    assert (broken.seq, broken.table) == (4, "checkpoint")


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM checkpoint WHERE seq = 4", "entry 4, checkpoint: the checkpoint of this"),
        ("DELETE FROM checkpoint WHERE seq = 7", "entry 7, checkpoint: the checkpoint of this"),
        ("DELETE FROM checkpoint", "entry 4, checkpoint: the checkpoint of this"),
        ("UPDATE checkpoint SET seq = 5 WHERE seq = 4", "entry 4, checkpoint: the checkpoint of"),
        ("UPDATE checkpoint SET seq = 9 WHERE seq = 7", "entry 7, checkpoint: the checkpoint of"),
        ("UPDATE checkpoint SET seq = 0 WHERE seq = 4", "checkpoint: the entry does not speak"),
        ("UPDATE checkpoint SET signature = upper(signature)", "entry 4, checkpoint: its signa"),
        ("UPDATE checkpoint SET signature = 'zz'", "entry 4, checkpoint: its signature is not by"),
        (
            "INSERT INTO checkpoint SELECT 6, hash, at, key_id, signature FROM checkpoint"
            " WHERE seq = 4",
            "entry 6, checkpoint: the entry does not speak of a checkpoint",
        ),
    ],
)
def test_checkpoints_that_were_deleted_moved_or_invented_are_named(
    ledger: Ledger, path: Path, statement: str, found: str
) -> None:
    tamper(path, statement)

    assert str(ledger.verify()).startswith(found)


def test_cutting_off_the_newest_entries_shows_by_a_checkpoint_of_them(
    ledger: Ledger, path: Path
) -> None:
    tamper(path, "DELETE FROM audit WHERE seq >= 6")

    assert str(ledger.verify()) == "entry 6: it is missing; there is a checkpoint of entry 7"


CUT = (
    "DELETE FROM audit WHERE seq >= 5",
    "DELETE FROM checkpoint WHERE seq >= 5",
    "DELETE FROM event WHERE event_id >= 5",
    "DELETE FROM alarm WHERE component = 's1/m03/t1'",
    "UPDATE alarm SET condition = 'unacknowledged', acknowledged_by = NULL,"
    " evidence = '{\"neighbours_c\":[24.5,24.75]}'",
)


def test_cutting_off_entries_and_checkpoints_alike_shows_in_the_anchor_file_alone(
    ledger: Ledger, path: Path, key: SigningKey, anchor: Path
) -> None:
    tamper(path, *CUT)

    assert ledger.verify(trust=trusting(key)) is None
    broken = ledger.verify(trust=anchored(anchor))
    assert broken == BrokenEntry(
        5, "the anchor file has a checkpoint of entry 7, which is not here", "anchor"
    )


def forge(tmp_path: Path, stranger: SigningKey) -> Path:
    """Write a whole new chain in which everything fits, signed by somebody else."""
    forged = Ledger(tmp_path / "forged.sqlite")
    write_story(forged, stranger)
    forged.close()
    return tmp_path / "forged.sqlite"


def test_a_whole_new_chain_is_not_signed_by_the_key_that_the_verifier_has(
    tmp_path: Path, key: SigningKey, stranger: SigningKey
) -> None:
    forged = forge(tmp_path, stranger)

    assert examine_file(forged).broken == ()
    (broken,) = examine_file(forged, trust=trusting(key)).broken
    assert (broken.seq, broken.table) == (7, "checkpoint")
    assert f"key {key.key_id} does not vouch for key {stranger.key_id}" in broken.reason


def test_a_whole_new_chain_is_not_the_one_that_was_anchored(
    tmp_path: Path, ledger: Ledger, stranger: SigningKey, anchor: Path
) -> None:
    forged = forge(tmp_path, stranger)

    found = examine_file(forged, trust=anchored(anchor)).first_broken

    assert found == BrokenEntry(4, "the anchor file has another checkpoint of it", "anchor")


def test_a_chain_without_any_signature_is_not_what_a_key_has_signed(
    tmp_path: Path, key: SigningKey
) -> None:
    ledger = Ledger(tmp_path / "unsigned.sqlite")
    note(ledger)
    ledger.close()

    (broken,) = examine_file(tmp_path / "unsigned.sqlite", trust=trusting(key)).broken

    assert broken.reason == f"nothing from here on is signed by key {key.key_id}"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'me' WHERE seq = 8",
        "DELETE FROM checkpoint WHERE seq = 7",
        "DELETE FROM audit WHERE seq = 7",
    ],
)
def test_a_chain_that_was_changed_meanwhile_is_not_signed(
    ledger: Ledger, path: Path, key: SigningKey, statement: str
) -> None:
    tamper(path, statement)

    with pytest.raises(StoreDamaged, match="not signed"):
        ledger.checkpoint(LATER_S, key)

    assert len(ledger.audit()) <= 8


def test_the_anchor_file_has_what_the_ledger_has(ledger: Ledger, anchor: Path) -> None:
    lines = list(Anchor(anchor).checkpoints())

    found = examine_file(ledger._file.path, trust=anchored(anchor))
    assert [line.seq for line in lines] == [4, 7]
    assert found.broken == ()
    assert found.anchored == found.checkpoint == lines[-1]


def test_what_was_signed_while_the_anchor_file_was_away_is_appended_later(
    ledger: Ledger, key: SigningKey, tmp_path: Path
) -> None:
    mount = tmp_path / "mount"
    note(ledger)

    with pytest.raises(StoreError, match="anchor file"):
        ledger.checkpoint(LATER_S, key, anchor=mount / "anchor.jsonl")
    mount.mkdir()
    signed = ledger.checkpoint(LATER_S + 600, key, anchor=mount / "anchor.jsonl")

    assert signed is None  # nothing new since
    assert [c.seq for c in Anchor(mount / "anchor.jsonl").checkpoints()] == [4, 7, 10]


def test_a_line_that_a_crash_left_unfinished_is_written_again(
    ledger: Ledger, key: SigningKey, anchor: Path
) -> None:
    whole = anchor.read_bytes()
    anchor.write_bytes(whole[:-40])

    unfinished = [c.seq for c in Anchor(anchor).checkpoints()]
    ledger.checkpoint(LATER_S, key, anchor=anchor)

    assert unfinished == [4]
    assert [c.seq for c in Anchor(anchor).checkpoints()] == [4, 7, 9]


def test_nothing_is_appended_to_an_anchor_file_that_knows_another_chain(
    tmp_path: Path, ledger: Ledger, stranger: SigningKey, anchor: Path
) -> None:
    before = anchor.read_bytes()
    forged = Ledger(forge(tmp_path, stranger))

    with pytest.raises(StoreDamaged, match="entry 7 is not the one in the ledger"):
        forged.checkpoint(LATER_S, stranger, anchor=anchor)

    assert anchor.read_bytes() == before
    forged.close()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda lines: [lines[0].replace('"seq":4', '"seq":5'), lines[1]], "entry 5, anchor"),
        (lambda lines: [lines[1]], ""),  # its beginning is not what it is for
        (lambda lines: [lines[1], lines[0]], "line 2 is out of order"),
        (lambda lines: [lines[0], lines[0], lines[1]], "line 2 is out of order"),
        (lambda lines: [lines[0][:-9], lines[1]], "line 1 is no checkpoint"),
        (lambda lines: [lines[0], lines[1].replace(":", ": ", 1)], "line 2 is no checkpoint"),
        (lambda lines: [lines[0], "[1]", lines[1]], "line 2 is no checkpoint"),
    ],
)
def test_a_spoilt_anchor_file_is_named_with_its_line(
    ledger: Ledger, anchor: Path, spoil: Callable[[list[str]], list[str]], said: str
) -> None:
    lines = anchor.read_text().splitlines()
    anchor.write_text("".join(f"{line}\n" for line in spoil(lines)))

    try:
        found = str(ledger.verify(trust=anchored(anchor)) or "")
    except StoreDamaged as error:
        found = str(error)

    assert said in found
    assert bool(said) == bool(found)


def rotate(ledger: Ledger, path: Path, *, now_s: float = LATER_S) -> SigningKey:
    rotation = key_rotation.begin(path)
    ledger.rotate_key(now_s, rotation, by="Kim")
    rotation.finish()
    return SigningKey.load_or_create(path)


def test_a_new_key_is_vouched_for_by_the_old_one(
    ledger: Ledger, key: SigningKey, tmp_path: Path
) -> None:
    key_file = tmp_path / "keys" / "signing-key.pem"

    second = rotate(ledger, key_file)
    third = rotate(ledger, key_file, now_s=LATER_S + 60)
    ledger.checkpoint(LATER_S + 90, third)

    assert len({key.key_id, second.key_id, third.key_id}) == 3
    for trusted in (key, second, third):
        assert ledger.verify(trust=trusting(trusted)) is None
    entry = ledger.audit()[8]
    assert (entry.actor, entry.action) == ("Kim", "signing key rotated")
    assert (entry.detail["old_key_id"], entry.detail["new_key_id"]) == (
        key.key_id,
        second.key_id,
    )


def test_after_a_rotation_only_public_halves_of_the_old_key_are_left(
    ledger: Ledger, key: SigningKey, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"

    second = rotate(ledger, keys / "signing-key.pem")

    assert load_public(keys / "retired" / f"{key.key_id}.pub") == key.public
    assert load_public(keys / "signing-key.pub") == second.public
    assert sorted(p.name for p in keys.rglob("*")) == [
        f"{key.key_id}.pub", "retired", "signing-key.pem", "signing-key.pub",
    ]  # fmt: skip


def test_a_rotation_that_a_crash_interrupted_goes_on_with_the_same_key(
    ledger: Ledger, key: SigningKey, tmp_path: Path
) -> None:
    key_file = tmp_path / "keys" / "signing-key.pem"
    interrupted = key_rotation.begin(key_file)
    ledger.rotate_key(LATER_S, interrupted, by="Kim")

    with pytest.raises(StoreError, match="rotate-key"):
        ledger.checkpoint(LATER_S, SigningKey.load(key_file))
    second = rotate(ledger, key_file, now_s=LATER_S + 60)

    assert second.key_id == interrupted.new.key_id
    assert [e.action for e in ledger.audit(after_seq=8)] == ["signing key rotated"]


def test_a_key_is_not_retired_in_favour_of_two(
    ledger: Ledger, key: SigningKey, tmp_path: Path
) -> None:
    key_file = tmp_path / "keys" / "signing-key.pem"
    ledger.rotate_key(LATER_S, key_rotation.begin(key_file), by="Kim")
    (tmp_path / "keys" / "signing-key.next.pem").unlink()

    with pytest.raises(StoreError, match="entry 9 retired key"):
        ledger.rotate_key(LATER_S, key_rotation.begin(key_file), by="Kim")


def test_a_retired_key_signs_no_more(ledger: Ledger, key: SigningKey, tmp_path: Path) -> None:
    rotate(ledger, tmp_path / "keys" / "signing-key.pem")

    with pytest.raises(StoreError, match="retired"):
        ledger.checkpoint(LATER_S, key)


def sign_by_hand(ledger: Ledger, key: SigningKey, *, named: str, **changes: Any) -> None:
    """Add a checkpoint as somebody would who has a key and an editor."""
    with ledger.transaction(LATER_S) as tx:
        tx.audit(
            actor="batteryd", action="checkpoint signed", subject="audit chain",
            detail={"key_id": key.key_id, "public_key": named},
        )  # fmt: skip
    entry = ledger.audit()[-1]
    unsigned = Checkpoint(entry.seq, entry.hash, entry.at, key.key_id, "")._replace(**changes)
    signed = unsigned._replace(signature=key.sign(unsigned.statement).hex())
    with ledger._file.write() as db:
        db.execute(
            "INSERT INTO checkpoint (seq, hash, at, key_id, signature) VALUES (?,?,?,?,?)", signed
        )


def test_what_a_retired_key_signed_nevertheless_is_found(
    ledger: Ledger, key: SigningKey, tmp_path: Path
) -> None:
    rotate(ledger, tmp_path / "keys" / "signing-key.pem")
    sign_by_hand(ledger, key, named=key.public.hex)

    reason = f"key {key.key_id} had been retired before"
    assert ledger.verify() == BrokenEntry(10, reason, "checkpoint")


@pytest.mark.parametrize("changes", [{"hash": "ab" * 32}, {"at": ""}, {"key_id": "0123"}])
def test_a_signature_of_something_else_than_the_entry_is_found(
    ledger: Ledger, key: SigningKey, changes: dict[str, object]
) -> None:
    sign_by_hand(ledger, key, named=key.public.hex, **changes)

    reason = "its hash, time or key is not that of the entry"
    assert ledger.verify() == BrokenEntry(9, reason, "checkpoint")


def test_a_checkpoint_of_an_entry_that_names_no_key_is_found(
    ledger: Ledger, key: SigningKey
) -> None:
    sign_by_hand(ledger, key, named="somebody's")

    reason = "its signature is not by the key that the entry names"
    assert ledger.verify() == BrokenEntry(9, reason, "checkpoint")


def record_rotation(ledger: Ledger, key: SigningKey, detail: Mapping[str, object]) -> None:
    with ledger.transaction(LATER_S + 60) as tx:
        tx.audit(
            actor="somebody",
            action=key_rotation.ACTION,
            subject=key_rotation.subject(key.key_id),
            detail=detail,
        )


UNVOUCHED = "the key that it retires does not vouch for the new one"


def test_a_rotation_that_the_old_key_did_not_sign_is_found(
    ledger: Ledger, key: SigningKey, stranger: SigningKey
) -> None:
    genuine = key_rotation.Rotation(Path(), key, stranger).detail
    forged = stranger.sign(key_rotation.statement(key.public, stranger.public))
    record_rotation(ledger, key, {**genuine, "signature": forged.hex()})

    assert ledger.verify() == BrokenEntry(9, UNVOUCHED)


def test_a_rotation_of_another_key_than_the_subject_names_is_found(
    ledger: Ledger, key: SigningKey, stranger: SigningKey
) -> None:
    record_rotation(ledger, stranger, key_rotation.Rotation(Path(), key, stranger).detail)

    assert ledger.verify() == BrokenEntry(9, UNVOUCHED)


def test_a_key_that_was_retired_cannot_vouch_for_the_key_of_its_thief(
    ledger: Ledger, key: SigningKey, stranger: SigningKey, tmp_path: Path
) -> None:
    rotate(ledger, tmp_path / "keys" / "signing-key.pem")
    record_rotation(ledger, key, key_rotation.Rotation(Path(), key, stranger).detail)

    assert ledger.verify() == BrokenEntry(10, UNVOUCHED)


def test_a_rotation_whose_files_cannot_be_moved_is_named(
    ledger: Ledger, key: SigningKey, tmp_path: Path
) -> None:
    rotation = key_rotation.begin(tmp_path / "keys" / "signing-key.pem")
    (tmp_path / "keys" / "retired").write_text("a file, not a folder")

    with pytest.raises(StoreError, match=r"signing-key\.pem cannot be replaced"):
        rotation.finish()


def test_nothing_is_appended_after_a_line_that_is_no_checkpoint(
    ledger: Ledger, key: SigningKey, anchor: Path
) -> None:
    anchor.write_text("what is this\n")

    with pytest.raises(StoreDamaged, match="last line is no checkpoint"):
        ledger.checkpoint(LATER_S, key, anchor=anchor)

    assert anchor.read_text() == "what is this\n"


def test_an_anchor_file_that_lacks_nothing_is_left_alone(
    ledger: Ledger, key: SigningKey, anchor: Path
) -> None:
    ledger.checkpoint(LATER_S, key, anchor=anchor)
    before = anchor.read_bytes()

    ledger.checkpoint(LATER_S + 60, key, anchor=anchor)

    assert anchor.read_bytes() == before
