"""The exported chain: the same bytes for the same chain, and no change of it goes unnoticed."""

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.errors import StoreError
from batteryd.store.checkpoint_anchor import Anchor
from batteryd.store.ledger import Ledger
from batteryd.store.ledger_export import examine_export, write_export
from batteryd.store.signing import SigningKey, load_public
from batteryd.store.verify import Trust
from batteryd.store.verify_file import examine_file
from tests.audited import flip_a_bit, tamper, write_story


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A ledger, its key, its anchor file and its export."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ledger = Ledger(folder / "ledger.sqlite")
        key = SigningKey.load_or_create(folder / "key.pem")
        write_story(ledger, key, anchor=folder / "anchor.jsonl")
        ledger.close()
        write_export(folder / "ledger.sqlite", to=folder / "export.jsonl")
        yield folder


@pytest.fixture(scope="module")
def lines(folder: Path) -> list[str]:
    return (folder / "export.jsonl").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def trust(folder: Path) -> Trust:
    return Trust(keys=(load_public(folder / "key.pub"),))


def test_an_export_is_verified_with_the_public_key_and_the_anchor_file_alone(
    folder: Path, trust: Trust
) -> None:
    anchored = Anchor(folder / "anchor.jsonl").checkpoints()

    found = examine_export(folder / "export.jsonl", trust=Trust(trust.keys, anchored))

    assert found == examine_file(
        folder / "ledger.sqlite",
        trust=Trust(trust.keys, Anchor(folder / "anchor.jsonl").checkpoints()),
    )
    assert (found.entry_count, found.broken) == (8, ())


def test_the_same_chain_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    end = write_export(folder / "ledger.sqlite", to=tmp_path / "again.jsonl")

    assert (end.entry_count, end.checkpoint_count) == (8, 2)
    assert (tmp_path / "again.jsonl").read_bytes() == (folder / "export.jsonl").read_bytes()


def test_an_export_is_a_line_an_item_each_checkpoint_after_its_entry(lines: list[str]) -> None:
    words = [next(iter(json.loads(line))) for line in lines]

    assert lines[0] == '{"export":{"version":1}}'
    assert words[1:-1] == [
        *["entry"] * 4, "checkpoint", *["entry"] * 3, "checkpoint", "entry",
    ]  # fmt: skip
    assert lines[-1] == '{"end":{"checkpoint_count":2,"entry_count":8}}'


def test_a_spoilt_ledger_is_exported_as_it_is(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes((folder / "ledger.sqlite").read_bytes())
    flip_a_bit(copy, table="audit", column="actor", where="seq = 5")
    tamper(copy, "UPDATE audit SET actor = CAST(x'4bff6d' AS TEXT) WHERE seq = 6")

    write_export(copy, to=tmp_path / "export.jsonl")

    broken = examine_export(tmp_path / "export.jsonl").first_broken
    assert broken == examine_file(copy).first_broken
    assert broken is not None
    assert broken.seq == 5


def test_a_file_that_is_no_export_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")

    assert str(examine_export(tmp_path / "empty").first_broken).startswith("entry 1, export: ")
    with pytest.raises(StoreError, match="nothing-here"):
        examine_export(tmp_path / "nothing-here")
    with pytest.raises(StoreError, match="no-such-folder"):
        write_export(tmp_path / "empty", to=tmp_path / "no-such-folder" / "file")


Mutation = Callable[[list[str]], list[str]]


@pytest.mark.parametrize(
    ("mutation", "found"),
    [
        (lambda lines: lines[:-1], "entry 9, export: lines are missing"),
        (lambda lines: lines[:5], "entry 5, export: lines are missing"),
        (lambda lines: [*lines[:3], *lines[4:]], "entry 3: it is missing"),
        (lambda lines: [*lines[:5], *lines[6:]], "entry 4, checkpoint: "),
        (lambda lines: lines[1:], "entry 1, export: line 1 "),
        (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], "entry 3: it is missing"),
        (lambda lines: [*lines[:4], lines[3], *lines[4:]], "entry 4: it is missing"),
        (lambda lines: [*lines, lines[-1]], "entry 9, export: line 13 "),
        (lambda lines: [*lines[:2], "", *lines[2:]], "entry 2, export: line 3 "),
        (lambda lines: [*lines[:2], "[]", *lines[2:]], "entry 2, export: line 3 "),
    ],
)
def test_lines_that_were_deleted_moved_or_invented_are_named(
    lines: list[str], tmp_path: Path, mutation: Mutation, found: str
) -> None:
    path = tmp_path / "export.jsonl"
    path.write_text("\n".join([*mutation(lines), ""]), encoding="utf-8")

    assert str(examine_export(path).first_broken).startswith(found)


@pytest.mark.parametrize(
    "column", ["seq", "at", "actor", "action", "subject", "detail_json", "prev_hash", "hash"]
)
def test_a_changed_field_of_an_entry_is_found_at_that_entry(
    lines: list[str], tmp_path: Path, column: str
) -> None:
    changed = json.loads(lines[3])
    value = changed["entry"][column]
    changed["entry"][column] = value + 1 if isinstance(value, int) else f"{value[:-1]}~"
    line = json.dumps(changed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    path = tmp_path / "export.jsonl"
    path.write_text("\n".join([*lines[:3], line, *lines[4:], ""]), encoding="utf-8")

    broken = examine_export(path).first_broken

    assert broken is not None
    assert broken.seq == 3


@st.composite
def mutations(draw: st.DrawFn) -> Callable[[str], str]:
    """Draw one change of a text: of a character, of a piece, or of the order of two lines."""
    where, other = draw(st.floats(0, 1)), draw(st.floats(0, 1))
    piece = draw(st.text(st.characters(codec="utf-8"), max_size=3))
    width = draw(st.integers(0, 3))
    what = draw(st.sampled_from(["piece", "swap lines", "repeat a line", "drop a line", "cut"]))

    def change(text: str) -> str:
        at = int(where * (len(text) - 1))
        if what == "cut":
            return text[:at]
        if what == "piece":
            return text[:at] + piece + text[at + width :]
        lines = text.splitlines(keepends=True)
        first, second = (int(share * (len(lines) - 1)) for share in (where, other))
        if what == "drop a line":
            del lines[first]
        elif what == "repeat a line":
            lines.insert(second, lines[first])
        else:
            lines[first], lines[second] = lines[second], lines[first]
        return "".join(lines)

    return change


@given(change=mutations())
def test_no_single_change_of_an_export_goes_unnoticed(
    folder: Path, trust: Trust, change: Callable[[str], str]
) -> None:
    original = (folder / "export.jsonl").read_text(encoding="utf-8")
    changed = change(original)
    path = folder / "changed.jsonl"
    path.write_text(changed, encoding="utf-8", newline="\n")

    found = examine_export(path, trust=trust)

    assert found.broken or changed in (original, original.removesuffix("\n"))
