"""The key that checkpoints and reports are signed with: Ed25519, made at the first start.

The private half is a PEM file (PKCS8) that only its owner may read; one that others can read is
refused, because what it signs proves nothing any more. It appears whole or not at all: of two who
want to make it at the same moment, the second finds the key of the first. The public half lies
beside it (`signing-key.pub`) and is what auditors are given; `public_key` checks with it.
"""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from batteryd.errors import StoreError
from batteryd.public_key import PublicKey

_OPEN_TO_OTHERS = 0o077
_NO_KEY = "it holds no Ed25519 private key in PEM without a passphrase"


def key_path(state_dir: Path) -> Path:
    """Return where the daemon of a state directory has its key."""
    return state_dir / "keys" / "signing-key.pem"


def load_public(path: Path) -> PublicKey:
    """Read a public key from a PEM file.

    Raises:
        StoreError: the file cannot be read, or is no Ed25519 public key.
    """
    try:
        return PublicKey.of_pem(path.read_bytes())
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be used as a public key: {error}") from error


class SigningKey:
    """The private half, in memory."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = PublicKey(private.public_key().public_bytes_raw())

    @classmethod
    def load(cls, path: Path) -> "SigningKey":
        """Read a key.

        Raises:
            StoreError: it cannot be read, is no Ed25519 key, or others can read it.
        """
        try:
            with path.open("rb") as file:
                mode, pem = os.fstat(file.fileno()).st_mode, file.read()
            private = serialization.load_pem_private_key(pem, password=None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            because = getattr(error, "strerror", None) or _NO_KEY
            raise StoreError(f"{path} cannot be used as a signing key: {because}") from error
        if mode & _OPEN_TO_OTHERS:
            raise StoreError(f"{path} can be read by others: chmod 600, or make a new key")
        if not isinstance(private, Ed25519PrivateKey):
            raise StoreError(f"{path} cannot be used as a signing key: {_NO_KEY}")
        return cls(private)

    @classmethod
    def load_or_create(cls, path: Path) -> "SigningKey":
        """Read a key, or make one where there is none; its public half lies beside it afterwards.

        Raises:
            StoreError: as for `load`, or the files cannot be written.
        """
        if not path.exists():
            _create(path, pem=_private_pem(Ed25519PrivateKey.generate()))
        key = cls.load(path)
        write_public(key.public, beside=path)
        return key

    @property
    def key_id(self) -> str:
        """What the key is called."""
        return self.public.key_id

    def sign(self, data: bytes) -> bytes:
        """Return the signature of `data`, 64 bytes; the same for the same data."""
        return self._private.sign(data)


def write_public(public: PublicKey, *, beside: Path) -> None:
    """Let the public half lie beside a private key, in place of the one before.

    Raises:
        StoreError: it cannot be written.
    """
    path = beside.with_suffix(".pub")
    try:
        if not path.exists() or path.read_bytes() != public.pem:
            written = _written_aside(path, public.pem, mode=0o644)
            written.replace(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error}") from error


def _create(path: Path, *, pem: bytes) -> None:
    try:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        written = _written_aside(path, pem, mode=0o600)
        try:
            # Unlike a rename, a link never takes the place of a key that somebody else just made.
            with suppress(FileExistsError):
                os.link(written, path)
        finally:
            written.unlink()
    except OSError as error:
        raise StoreError(f"{path} cannot be made: {error}") from error


def _written_aside(path: Path, content: bytes, *, mode: int) -> Path:
    """Write a file of another name beside `path`, down to the disk."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def _private_pem(private: Ed25519PrivateKey) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
