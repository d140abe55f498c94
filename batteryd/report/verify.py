"""Verifies a report: is every file what was signed, is none missing, is none too many?

It needs the files and the public key, and neither a ledger nor a configuration. Everything that is
wrong is named, not only the first of it.

Where nobody gives a key, the one that lies beside the manifest is taken. That shows only that
nothing changed since somebody with that key signed: whoever changes a report can sign it again with
a key of their own. Who signed is known by comparing the key's id with one from elsewhere.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from batteryd.errors import ConfigError, ReportError
from batteryd.public_key import PublicKey
from batteryd.report.manifest import MANIFEST_ENDING, PUBLIC_KEY_SUFFIX, SIGNATURE_SUFFIX, SUFFIX
from batteryd.report.manifest_check import ManifestCheck
from batteryd.report.parcel import Parcel, archive, folder
from batteryd.report.verification import Checked, Difference, Verification


class _Subject(NamedTuple):
    """What a path means: where the files are, and which manifests are about them."""

    parcel: Parcel
    manifests: tuple[str, ...]
    report: str | None = None  # the file that is asked about
    is_whole: bool = False  # whether nothing else may be there


def verify(path: Path, *, key: PublicKey | None) -> Verification:
    """Check a report, a manifest, or a folder or zip archive with manifests in it.

    Raises:
        ConfigError: there is nothing at this path.
    """
    try:
        subject = _subject(path)
    except ReportError as error:
        return Verification((), (Difference(path.name, str(error)),))
    checks = tuple(
        ManifestCheck(subject.parcel, name, key=key).run(report=subject.report)
        for name in subject.manifests
    )
    surplus = _surplus(subject.parcel, checks, called=path.name) if subject.is_whole else ()
    return Verification(checks, tuple(surplus))


def _subject(path: Path) -> _Subject:
    if path.is_dir():  # it may be `.`, which has no name to put anything beside
        return _whole(folder(path))
    beside = path.with_name(f"{path.name}{SUFFIX}")
    if not path.exists() and not beside.exists():
        allowed = "a report, its manifest, or a folder or zip archive with a manifest in it"
        raise ConfigError.one(path, "", "", allowed)
    if path.name.endswith(MANIFEST_ENDING):
        return _Subject(folder(path.parent), (path.name,))
    if path.suffix.lower() == ".zip" and not beside.exists():
        return _whole(archive(path))
    return _Subject(folder(path.parent), (beside.name,), report=path.name)


def _whole(parcel: Parcel) -> _Subject:
    names = (name for name in parcel.names() if name.endswith(MANIFEST_ENDING))
    return _Subject(parcel, tuple(dict.fromkeys(names)), is_whole=True)


def _surplus(
    parcel: Parcel, manifests: tuple[Checked, ...], *, called: str
) -> Iterator[Difference]:
    """Yield what no manifest names, and what is there twice."""
    if not manifests:
        yield Difference(called, "no manifest in it")
    beside = ("", SIGNATURE_SUFFIX, PUBLIC_KEY_SUFFIX)
    named = {f"{checked.manifest}{suffix}" for checked in manifests for suffix in beside}
    named.update(*(checked.files for checked in manifests))
    for name, count in Counter(parcel.names()).items():
        if count > 1:
            yield Difference(name, f"there {count} times: nobody can say which is meant")
        if name not in named:
            yield Difference(name, "not named in any manifest")
