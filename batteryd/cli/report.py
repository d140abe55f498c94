"""Commands about reports that were made: verify."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from batteryd.cli.frame import JSON, NO, OK, Command, argument, complain, print_json
from batteryd.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batteryd.public_key import PublicKey
    from batteryd.report.verification import Verification

NAMED_MAX = 3  # files of a manifest that are named

_KEY_BESIDE = (
    "The key lies beside the report: nothing changed since somebody with this key signed. "
    "Compare its id with the one that you were given, or give that key with --public-key."
)


def report_verify(arguments: argparse.Namespace) -> int:
    """Verify that a report is what was signed, with its files and the public key alone."""
    from batteryd.report.verify import verify

    found = verify(arguments.file, key=_public_key(arguments.public_key))
    doubts = [str(difference) for difference in found.differences]
    if not arguments.allow_unsigned:
        doubts += [f"{name}: not signed" for name in found.unsigned]
    if arguments.json:
        print_json(_as_json(found, doubts, key_source=_key_source(arguments)))
        return NO if doubts else OK
    if doubts:
        return complain("\n".join(("not verified", *doubts)), NO)
    for checked in found.manifests:
        signed = "not signed" if checked.key_id is None else f"signed by key {checked.key_id}"
        print(f"verified: {_files(checked.files)} ({checked.manifest}, {signed})")
    if arguments.public_key is None and not found.unsigned:
        print(_KEY_BESIDE)
    return OK


def _files(names: "Sequence[str]") -> str:
    """Return few files by their names, many by their number; --json has them all."""
    return ", ".join(names) if len(names) <= NAMED_MAX else f"{len(names)} files"


def _public_key(path: Path | None) -> "PublicKey | None":
    from batteryd.public_key import PublicKey

    if path is None:
        return None
    try:
        return PublicKey.of_pem(path.read_bytes())
    except OSError as error:
        allowed = f"a file that can be read ({error.strerror})"
        raise ConfigError.one(path, "", "", allowed) from None
    except ValueError:
        raise ConfigError.one(path, "", "", "an Ed25519 public key in PEM") from None


def _key_source(arguments: argparse.Namespace) -> str:
    return "beside" if arguments.public_key is None else "given"


def _as_json(found: "Verification", doubts: list[str], *, key_source: str) -> dict[str, object]:
    return {
        "verified": not doubts,
        "key_source": key_source,
        "manifests": [
            {
                "manifest": checked.manifest,
                "signature": checked.signature.value,
                "key_id": checked.key_id,
                "files": list(checked.files),
            }
            for checked in found.manifests
        ],
        "differences": [{"file": d.file, "what": d.what} for d in found.differences],
        "doubts": doubts,
    }


COMMANDS = (
    Command(("report", "verify"), report_verify, (
        argument("file", type=Path, metavar="FILE",
                 help="a report, its manifest, or a folder or zip archive with a manifest in it"),
        argument("--public-key", type=Path, metavar="FILE",
                 help="the signer's public key (default: the one that lies beside the report)"),
        argument("--allow-unsigned", action="store_true",
                 help="hashes are enough where nobody signed"),
        JSON,
    )),
)  # fmt: skip
