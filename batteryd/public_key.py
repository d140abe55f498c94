"""Checks what somebody signed: Ed25519, the public half of a key only.

Checkpoints of the ledger and manifests of reports are both signed with the installation's key. The
ledger and the reports do not know one another, and whoever verifies a report on another machine has
neither ledger nor configuration; so what all of them need is here. The private half is the
business of `store.signing`.

A key is called by its id, the first 16 hexadecimal digits of the SHA-256 of its 32 public bytes.
"""

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_RAW_BYTES = 32


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What a signature is checked with; anybody may have it."""

    raw: bytes

    @classmethod
    def of_pem(cls, pem: bytes) -> "PublicKey":
        """Read a key as other programs write it.

        Raises:
            ValueError: these bytes are no Ed25519 public key in PEM.
        """
        try:
            found = serialization.load_pem_public_key(pem)
        except UnsupportedAlgorithm as error:
            raise ValueError(str(error)) from error
        if not isinstance(found, Ed25519PublicKey):
            raise ValueError("not an Ed25519 key")  # noqa: TRY004  a file is wrong, not a type
        return cls(found.public_bytes_raw())

    @classmethod
    def of_hex(cls, text: object) -> "PublicKey":
        """Read the raw key as `hex` writes it.

        Raises:
            ValueError: this is none, or written in another way.
        """
        key = cls(bytes.fromhex(text)) if isinstance(text, str) else cls(b"")
        if len(key.raw) != _RAW_BYTES or key.hex != text:
            raise ValueError("not a public key")
        return key

    @property
    def hex(self) -> str:
        """The raw key in lower-case hexadecimal."""
        return self.raw.hex()

    @property
    def key_id(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the raw key."""
        return self.sha256[:16]

    @property
    def sha256(self) -> str:
        """Hex digest of the raw key."""
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def pem(self) -> bytes:
        """The key as other programs read it."""
        return Ed25519PublicKey.from_public_bytes(self.raw).public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def has_signed(self, data: bytes, signature: bytes) -> bool:
        """Tell whether the private half of this key made a signature of `data`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, data)
        except (InvalidSignature, ValueError):  # ValueError: these bytes are no key
            return False
        return True
