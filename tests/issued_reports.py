"""Reports on the disk, signed, for tests that spoil one of their files."""

from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from batteryd.public_key import PublicKey
from batteryd.report.issue import issue
from batteryd.report.manifest import Signer

HEADER = {"title": "Warranty report", "as_of": "2025-09-26"}
MADE = {"at": "2025-09-27T06:00:00Z", "by": "김", "clock": "synchronised"}
TABLE = b"asset_id,status\nrack-1,expired\nrack-2,expiring\n"


def make_signer(seed: int = 1) -> Signer:
    """Return somebody who signs; the same seed is the same key."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return Signer(PublicKey(private.public_key().public_bytes_raw()), private.sign)


def issue_table(
    path: Path, *, table: bytes = TABLE, signer: Signer | None = None, is_signed: bool = True
) -> Path:
    """Write a table with its manifest; signed by the first key, unless told otherwise."""
    chosen = (signer or make_signer()) if is_signed else None

    def write(out: BinaryIO) -> None:
        out.write(table)

    issue(path, write, header=HEADER, made=MADE, signer=chosen)
    return path
