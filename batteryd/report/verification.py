"""What came out of verifying a report."""

from dataclasses import dataclass
from enum import StrEnum


class Signature(StrEnum):
    """How the signature of a manifest stands."""

    VALID = "valid"
    INVALID = "invalid"
    ABSENT = "absent"  # nobody signed, and the manifest does not claim it
    UNCHECKED = "unchecked"  # the manifest, its signature or the key is missing


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it was signed."""

    file: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}"


@dataclass(frozen=True, slots=True)
class Checked:
    """One manifest and the files that it names."""

    manifest: str
    signature: Signature
    key_id: str | None  # of the key that it was checked with
    files: tuple[str, ...]  # as the parcel calls them
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """All that was looked at. `surplus` is what no manifest names, and what is there twice."""

    manifests: tuple[Checked, ...]
    surplus: tuple[Difference, ...]

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Everything that is wrong: manifest by manifest, then what there is too much."""
        return (*(d for checked in self.manifests for d in checked.differences), *self.surplus)

    @property
    def unsigned(self) -> tuple[str, ...]:
        """The manifests that nobody signed, and that do not claim it."""
        return tuple(c.manifest for c in self.manifests if c.signature is Signature.ABSENT)
