"""The audit chain as a file of JSON lines, to be verified where there is no ledger.

    {"export":{"version":1}}
    {"entry":{"action":...,"actor":...,"at":...,"detail_json":...,"hash":...,"prev_hash":...,...}}
    {"checkpoint":{"at":...,"hash":...,"key_id":...,"seq":...,"signature":...}}
    {"end":{"checkpoint_count":...,"entry_count":...}}

Entries come in order, a checkpoint after its entry. Every line is canonical JSON, so the same chain
gives the same bytes, and a line that is written in any other way is a difference.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from pydantic import TypeAdapter

from batteryd.errors import StoreError
from batteryd.store.audit import AuditEntry, BrokenEntry
from batteryd.store.canonical import canonical_json, from_json
from batteryd.store.checkpoint import Checkpoint
from batteryd.store.sqlite_file import read_only
from batteryd.store.verify import NO_TRUST, Examination, Item, Trust, examine
from batteryd.store.verify_file import chain_of


class Head(NamedTuple):
    """The first line."""

    version: int


class End(NamedTuple):
    """The last line: how much there was before it. A file that was cut off has none."""

    entry_count: int
    checkpoint_count: int


Line = Head | AuditEntry | Checkpoint | End

_HEAD = Head(version=1)
_WORD_BY_KIND: dict[type[Line], str] = {
    Head: "export",
    AuditEntry: "entry",
    Checkpoint: "checkpoint",
    End: "end",
}
_ADAPTER_BY_WORD = {word: TypeAdapter[Line](kind) for kind, word in _WORD_BY_KIND.items()}


def write_export(ledger_path: Path, *, to: Path) -> End:
    """Write the chain of a ledger as it is, broken or not; return how much there is.

    Raises:
        StoreError: the ledger cannot be read, or the file cannot be written.
    """
    counts: Counter[type] = Counter()
    with read_only(ledger_path) as db, _opened(to, "w") as file:
        file.write(_text_of(_HEAD))
        for item in chain_of(db):
            counts[type(item)] += 1
            file.write(_text_of(item))
        end = End(counts[AuditEntry], counts[Checkpoint])
        file.write(_text_of(end))
    return end


def examine_export(path: Path, *, trust: Trust = NO_TRUST) -> Examination:
    """Verify a file that `write_export` wrote.

    Raises:
        StoreError: it cannot be read.
    """
    with _opened(path, "r") as file:
        return examine(_items(file), trust=trust)


def _items(lines: Iterable[str]) -> Iterator[Item]:
    """Yield entries and checkpoints up to the first line that is not as it was written."""
    seq, counts = 0, Counter[type]()
    end: Line | None = None
    for number, text in enumerate(lines, start=1):
        line = _line_of(text.removesuffix("\n"))
        is_in_place = end is None and (line == _HEAD) == (number == 1)
        if line is None or not is_in_place:
            yield BrokenEntry(seq + 1, f"line {number} is not as it was written", "export")
            return
        if isinstance(line, AuditEntry | Checkpoint):
            seq = line.seq
            counts[type(line)] += 1
            yield line
        elif isinstance(line, End):
            end = line
    if end != End(counts[AuditEntry], counts[Checkpoint]):
        yield BrokenEntry(seq + 1, "lines are missing before the end of the file", "export")


def _text_of(line: Line) -> str:
    return canonical_json({_WORD_BY_KIND[type(line)]: line._asdict()}) + "\n"


def _line_of(text: str) -> Line | None:
    """Return what a line holds; None where it is not written as `_text_of` does."""
    try:
        ((word, fields),) = from_json(text).items()
        line = _ADAPTER_BY_WORD[word].validate_python(fields, strict=True)
    except (ValueError, KeyError, AttributeError):  # no JSON, no line of ours, not even an object
        return None
    return line if _text_of(line) == f"{text}\n" else None


@contextmanager
def _opened(path: Path, mode: str) -> Iterator[IO[str]]:
    # Bytes that are no text, in a ledger that somebody spoilt, go through as they are.
    try:
        with path.open(mode, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            yield file
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error
