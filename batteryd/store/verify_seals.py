"""What signatures add to hashes: nothing was cut off, and the chain is ours.

A trusted key vouches for its successor (`key_rotation`), and a checkpoint seals all that was before
it. So it is the newest one that must be by a key that the verifier trusts or that a trusted key
vouches for; with older ones, every key does that signed what it says.
"""

from collections.abc import Iterable

from batteryd.public_key import PublicKey
from batteryd.store.audit import AuditEntry, BrokenEntry
from batteryd.store.checkpoint import Checkpoint, is_checkpoint, key_of
from batteryd.store.key_rotation import is_rotation, succession_of


class Seals:
    """Follows checkpoints: each is there, and signed by a key that was in use."""

    def __init__(self, trusted: Iterable[PublicKey]) -> None:
        self.newest: Checkpoint | None = None
        self._key: PublicKey | None = None  # of the newest
        self._trusted = set(trusted)
        self._retired: set[PublicKey] = set()
        self._awaited: AuditEntry | None = None  # it speaks of a checkpoint, which comes next

    def entry(self, entry: AuditEntry) -> BrokenEntry | None:
        """Return what is wrong at the next entry; None where nothing is."""
        missing = self._missing()
        if is_checkpoint(entry):
            self._awaited = entry
        elif is_rotation(entry) and not self._succeed(entry):
            return BrokenEntry(entry.seq, "the key that it retires does not vouch for the new one")
        return missing

    def checkpoint(self, checkpoint: Checkpoint) -> BrokenEntry | None:
        """Return what is wrong with the next checkpoint; None where nothing is."""
        entry, self._awaited = self._awaited, None
        self.newest, self._key = checkpoint, None
        if entry is None or entry.seq != checkpoint.seq:
            return _broken(checkpoint, "the entry does not speak of a checkpoint")
        key = key_of(entry)
        if key is None or not checkpoint.is_signed_by(key):
            return _broken(checkpoint, "its signature is not by the key that the entry names")
        if checkpoint[1:4] != (entry.hash, entry.at, key.key_id):
            return _broken(checkpoint, "its hash, time or key is not that of the entry")
        if key in self._retired:
            return _broken(checkpoint, f"key {key.key_id} had been retired before")
        self._key = key
        return None

    def end(self) -> BrokenEntry | None:
        """Return what is missing after the last entry; None where nothing is."""
        is_trusted = not self._trusted or self._key in self._trusted
        if is_trusted or self._awaited:
            return self._missing()
        keys = " or ".join(sorted(key.key_id for key in self._trusted))
        if self.newest is None:
            return BrokenEntry(1, f"nothing from here on is signed by key {keys}", "checkpoint")
        return _broken(self.newest, f"key {keys} does not vouch for key {self.newest.key_id}")

    def _missing(self) -> BrokenEntry | None:
        missing, self._awaited = self._awaited, None
        if missing is None:
            return None
        return BrokenEntry(missing.seq, "the checkpoint of this entry is missing", "checkpoint")

    def _succeed(self, entry: AuditEntry) -> bool:
        try:
            succession = succession_of(entry)
        except ValueError:
            return False
        if not succession.is_signed or succession.old in self._retired:
            return False
        self._retired.add(succession.old)
        if succession.old in self._trusted:
            self._trusted.add(succession.new)
        return True


class Anchors:
    """Follows an anchor file: every checkpoint that was kept elsewhere is still here."""

    def __init__(self, anchored: Iterable[Checkpoint]) -> None:
        self.newest: Checkpoint | None = None
        self._lines = iter(anchored)
        self._next = next(self._lines, None)

    def checkpoint(self, checkpoint: Checkpoint) -> BrokenEntry | None:
        """Return what is wrong with the next checkpoint; None where nothing is."""
        line = self._next
        if line is None or line.seq > checkpoint.seq:
            return None
        if line != checkpoint:
            self._next = None  # the rest could only say the same
            return BrokenEntry(line.seq, "the anchor file has another checkpoint of it", "anchor")
        self.newest, self._next = line, next(self._lines, None)
        return None

    def end(self, *, last_seq: int) -> BrokenEntry | None:
        """Return what the anchor file has beyond the last checkpoint; None where nothing is."""
        if self._next is None:
            return None
        seq = self._next.seq
        reason = f"the anchor file has a checkpoint of entry {seq}, which is not here"
        return BrokenEntry(min(seq, last_seq + 1), reason, "anchor")


def _broken(checkpoint: Checkpoint, reason: str) -> BrokenEntry:
    return BrokenEntry(checkpoint.seq, reason, "checkpoint")
