"""A new signing key in place of the old one, vouched for by the old one.

Whoever trusts the old public key can trust the new one: the audit entry of a rotation names both,
and holds the old key's signature of

    {"new_key_id": ..., "new_public_key": ..., "old_key_id": ..., "old_public_key": ...}

The order survives a crash at any point, and the same command finishes what it left: the new key is
made beside the old one (`signing-key.next.pem`), then the entry is written, then the files change
places. The old private key is gone after that; its public half is kept as `retired/<key_id>.pub`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from batteryd.errors import StoreError
from batteryd.public_key import PublicKey
from batteryd.store.audit import AuditEntry
from batteryd.store.canonical import canonical_json
from batteryd.store.signing import SigningKey, write_public

ACTION = "signing key rotated"


@dataclass(frozen=True, slots=True)
class Succession:
    """Which key follows which, as an audit entry says."""

    old: PublicKey
    new: PublicKey
    signature: bytes

    @property
    def is_signed(self) -> bool:
        """Whether the old key vouches for the new one."""
        return self.old.has_signed(statement(self.old, self.new), self.signature)


@dataclass(frozen=True, slots=True)
class Rotation:
    """A rotation on its way."""

    path: Path
    old: SigningKey
    new: SigningKey

    @property
    def detail(self) -> Mapping[str, object]:
        """What the audit entry says."""
        text = statement(self.old.public, self.new.public)
        return {**_names(self.old.public, self.new.public), "signature": self.old.sign(text).hex()}

    def finish(self) -> None:
        """Let the new key take the old one's place; for after the audit entry is written.

        Raises:
            StoreError: a file cannot be written.
        """
        retired = self.path.parent / "retired" / f"{self.old.key_id}.pub"
        try:
            retired.parent.mkdir(mode=0o750, exist_ok=True)
            write_public(self.old.public, beside=retired)
            _next_to(self.path).replace(self.path)
            _next_to(self.path).with_suffix(".pub").unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"{self.path} cannot be replaced: {error}") from error
        write_public(self.new.public, beside=self.path)


def begin(path: Path) -> Rotation:
    """Make the key that is to follow the one at `path`, or find the one that a crash left.

    Raises:
        StoreError: there is no usable key to follow, or no file can be made.
    """
    return Rotation(path, SigningKey.load(path), SigningKey.load_or_create(_next_to(path)))


def subject(key_id: str) -> str:
    """Return the subject of the audit entry that retires a key."""
    return f"signing key {key_id}"


def is_rotation(entry: AuditEntry) -> bool:
    """Tell whether an audit entry retires a key."""
    return entry.action == ACTION and entry.subject.startswith(subject(""))


def succession_of(entry: AuditEntry) -> Succession:
    """Return what the entry of a rotation says.

    Raises:
        ValueError: it does not say so.
    """
    said = entry.detail
    old = PublicKey.of_hex(said.get("old_public_key"))
    new = PublicKey.of_hex(said.get("new_public_key"))
    if entry.subject != subject(old.key_id):
        raise ValueError("it retires another key than it names")
    return Succession(old, new, bytes.fromhex(str(said.get("signature"))))


def statement(old: PublicKey, new: PublicKey) -> bytes:
    """Return what the old key signs."""
    return canonical_json(_names(old, new)).encode()


def _names(old: PublicKey, new: PublicKey) -> dict[str, str]:
    return {
        "old_key_id": old.key_id,
        "old_public_key": old.hex,
        "new_key_id": new.key_id,
        "new_public_key": new.hex,
    }


def _next_to(path: Path) -> Path:
    return path.with_suffix(".next.pem")
