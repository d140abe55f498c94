"""Checks one manifest: its signature, and every file that it names.

The signature is looked at first. A file is then held against what the manifest says even where the
signature does not fit, because whoever has to find out what happened wants to know all of it.
"""

from batteryd.errors import ReportError
from batteryd.public_key import PublicKey
from batteryd.report.manifest import (
    PUBLIC_KEY_SUFFIX,
    SIGNATURE_SUFFIX,
    FileDigest,
    Manifest,
    SignerName,
    parse_manifest,
    parse_signature,
)
from batteryd.report.parcel import Parcel
from batteryd.report.verification import Checked, Difference, Signature

Standing = tuple[Signature, PublicKey | None]  # and the key that it was checked with


class ManifestCheck:
    """The check of one manifest; collects what is wrong on its way."""

    def __init__(self, parcel: Parcel, manifest: str, *, key: PublicKey | None) -> None:
        """`key` is the signer's, from elsewhere; None: take the one that lies beside."""
        self._parcel = parcel
        self._name = manifest
        self._folder = manifest[: manifest.rfind("/") + 1]  # its names are relative to its own
        self._given = key
        self._found: list[Difference] = []

    def run(self, *, report: str | None = None) -> Checked:
        """Check all of it; where `report` is given, the manifest must name that file."""
        content = self._content(self._name)
        if content is None:
            self._say_missing(self._name, "missing")
            return self._checked(Signature.UNCHECKED)
        manifest = self._manifest(content)
        if manifest is None:
            return self._checked(Signature.UNCHECKED)
        signature, key = self._signature(content, manifest.signer)
        files = tuple(f"{self._folder}{file.name}" for file in manifest.files)
        if report is not None and report not in files:
            self._say(report, f"not named in {self._name}, which is about something else")
        for name, expected in zip(files, manifest.files, strict=True):
            self._look_at(name, expected)
        return self._checked(signature, key=key, files=files)

    def _checked(
        self, signature: Signature, *, key: PublicKey | None = None, files: tuple[str, ...] = ()
    ) -> Checked:
        key_id = None if key is None else key.key_id
        return Checked(self._name, signature, key_id, files, tuple(self._found))

    def _say(self, file: str, what: str) -> None:
        self._found.append(Difference(file, what))

    def _say_missing(self, file: str, what: str) -> None:
        # A file that is there and cannot be read was told already.
        if all(difference.file != file for difference in self._found):
            self._say(file, what)

    def _content(self, name: str) -> bytes | None:
        try:
            return self._parcel.content(name)
        except ReportError as error:
            self._say(name, str(error))
            return None

    def _manifest(self, content: bytes) -> Manifest | None:
        try:
            return parse_manifest(content)
        except ValueError as error:
            self._say(self._name, f"no manifest any more ({error})")
            return None

    def _signature(self, content: bytes, signer: SignerName | None) -> Standing:
        name = f"{self._name}{SIGNATURE_SUFFIX}"
        written = self._content(name)
        if written is None and signer is None:
            return Signature.ABSENT, None
        beside = self._key_beside(signer)
        if written is None:
            self._say_missing(name, "missing, although the manifest names a signer")
            return Signature.UNCHECKED, None
        key = self._given or beside
        if key is None:
            return Signature.UNCHECKED, None
        if not key.has_signed(content, parse_signature(written)):
            named = "nobody" if signer is None else f"key {signer.key_id}"
            what = f"not what key {key.key_id} signed: it changed, or {name} did"
            self._say(self._name, f"{what} (it names {named} as its signer)")
            return Signature.INVALID, key
        return Signature.VALID, key

    def _key_beside(self, signer: SignerName | None) -> PublicKey | None:
        """Return the key that lies beside the manifest; it is looked at in any case."""
        name = f"{self._name}{PUBLIC_KEY_SUFFIX}"
        content = self._content(name)
        if content is None:
            if self._given is None:
                self._say_missing(name, "missing; give the signer's key with --public-key")
            return None
        try:
            key = PublicKey.of_pem(content)
        except ValueError:
            self._say(name, "no Ed25519 public key in PEM")
            return None
        if content != key.pem:
            self._say(name, "changed: not as a key is written")
        if signer is not None and signer.public_key_sha256 != key.sha256:
            self._say(name, f"key {key.key_id}, not {signer.key_id} as in the manifest")
        return key

    def _look_at(self, name: str, expected: FileDigest) -> None:
        try:
            found = self._parcel.digest(name, size_bytes_max=expected.size_bytes)
        except ReportError as error:
            self._say(name, str(error))
            return
        if found is None:
            self._say(name, "missing")
        elif found.size_bytes > expected.size_bytes:
            self._say(name, f"longer than the {expected.size_bytes} bytes that were signed")
        elif found.size_bytes < expected.size_bytes:
            self._say(name, f"{found.size_bytes} bytes long, {expected.size_bytes} were signed")
        elif found.sha256 != expected.sha256:
            self._say(name, f"changed: SHA-256 {found.sha256}, not {expected.sha256}")
