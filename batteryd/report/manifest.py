"""The manifest of a report: which files belong to it, what they hash to, what they were made from.

    FILE.manifest.json       canonical JSON: keys sorted, no spaces, UTF-8, one line feed at the end
    FILE.manifest.json.sig   the Ed25519 signature of those bytes, in base64
    FILE.manifest.json.pub   the key that checks it, in PEM

The signature is of the manifest, and the manifest holds the SHA-256 of every file, so one signature
covers all of them. `header` is what the report was made from and is the same whenever it is made
from the same; `made` is one making of it (when, by whom, how the clock was).
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import IO, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from batteryd.public_key import PublicKey

SUFFIX = ".manifest.json"
SIGNATURE_SUFFIX = ".sig"
PUBLIC_KEY_SUFFIX = ".pub"
MANIFEST_ENDING = "manifest.json"  # of any manifest's name

FILES_MAX = 10_000
_CHUNK_BYTES = 1 << 20
# A name leads to a file beside the manifest or below it, and nowhere else.
_OUTSIDE = re.compile(r"(^|/)(\.{0,2})(/|$)|[\\\x00-\x1f]")


def _relative(name: str) -> str:
    if _OUTSIDE.search(name):
        raise ValueError("a name below the manifest's own folder")
    return name


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class FileDigest(_Part):
    """One file: its name, how long it is, what it hashes to."""

    name: Annotated[str, Field(min_length=1, max_length=400), AfterValidator(_relative)]
    sha256: Sha256
    size_bytes: Annotated[int, Field(ge=0, alias="bytes")]


class SignerName(_Part):
    """The key that signed."""

    key_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    public_key_sha256: Sha256  # of the key's 32 bytes


class Manifest(_Part):
    """A manifest as it is written."""

    format: Literal["batteryd-manifest/1"] = "batteryd-manifest/1"
    files: Annotated[tuple[FileDigest, ...], Field(strict=False, max_length=FILES_MAX)]
    header: dict[str, Any]
    made: dict[str, Any]
    signer: SignerName | None  # None: nobody has signed it

    @property
    def as_bytes(self) -> bytes:
        """The bytes that are signed."""
        plain = self.model_dump(mode="json", by_alias=True)
        text = json.dumps(
            plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
        return f"{text}\n".encode()


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody who signs: the key that checks it, and the act itself."""

    key: PublicKey
    sign: Callable[[bytes], bytes]

    @property
    def name(self) -> SignerName:
        """What the manifest calls the signer."""
        return SignerName(key_id=self.key.key_id, public_key_sha256=self.key.sha256)


def manifest_files(
    name: str,
    files: Iterable[FileDigest],
    *,
    header: Mapping[str, object],
    made: Mapping[str, object],
    signer: Signer | None,
) -> dict[str, bytes]:
    """Return the manifest called `name`, and the signature and key that lie beside it, by name."""
    manifest = Manifest(
        files=tuple(files),
        header=dict(header),
        made=dict(made),
        signer=None if signer is None else signer.name,
    ).as_bytes
    if signer is None:
        return {name: manifest}
    return {
        name: manifest,
        f"{name}{SIGNATURE_SUFFIX}": base64.b64encode(signer.sign(manifest)) + b"\n",
        f"{name}{PUBLIC_KEY_SUFFIX}": signer.key.pem,
    }


def parse_manifest(content: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        ValueError: these bytes are none; with the first reason.
    """
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"{where}: {first['msg']}" if where else first["msg"]) from None


def parse_signature(content: bytes) -> bytes:
    """Return the signature that is written in base64; what is none gives bytes that never fit."""
    try:
        return base64.b64decode(content.strip(), validate=True)
    except binascii.Error:
        return b""


def digest_of(name: str, stream: IO[bytes], *, size_bytes_max: int | None = None) -> FileDigest:
    """Read a file to its end, or to just past `size_bytes_max`, and return its digest."""
    hashed, size_bytes = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK_BYTES):
        hashed.update(chunk)
        size_bytes += len(chunk)
        if size_bytes_max is not None and size_bytes > size_bytes_max:
            break
    return FileDigest(name=name, sha256=hashed.hexdigest(), size_bytes=size_bytes)
