"""The manifest as bytes, and the files that are written with a report."""

import base64
import hashlib
import json
from pathlib import Path
from typing import BinaryIO

import pytest

from batteryd.errors import ConfigError
from batteryd.report.issue import issue
from batteryd.report.manifest import FileDigest, manifest_files, parse_manifest, parse_signature
from tests.issued_reports import HEADER, MADE, TABLE, issue_table, make_signer

DIGEST = FileDigest(name="r.csv", sha256=hashlib.sha256(TABLE).hexdigest(), size_bytes=len(TABLE))


def test_a_manifest_is_canonical_json() -> None:
    files = manifest_files("r.csv.manifest.json", (DIGEST,), header=HEADER, made=MADE, signer=None)

    content = files["r.csv.manifest.json"]
    value = json.loads(content)
    assert list(files) == ["r.csv.manifest.json"]
    assert value["files"] == [{"name": "r.csv", "sha256": DIGEST.sha256, "bytes": len(TABLE)}]
    assert value["format"] == "batteryd-manifest/1"
    assert value["signer"] is None
    assert (
        content
        == (
            json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
        ).encode()
    )


def test_what_is_signed_is_the_bytes_of_the_manifest() -> None:
    signer = make_signer()
    files = manifest_files("m.manifest.json", (DIGEST,), header=HEADER, made=MADE, signer=signer)

    manifest = files["m.manifest.json"]
    signature = base64.b64decode(files["m.manifest.json.sig"])
    assert signer.key.has_signed(manifest, signature)
    assert files["m.manifest.json.pub"] == signer.key.pem
    assert json.loads(manifest)["signer"] == {
        "key_id": signer.key.key_id,
        "public_key_sha256": hashlib.sha256(signer.key.raw).hexdigest(),
    }


def test_a_manifest_reads_back_as_it_was() -> None:
    files = manifest_files("m", (DIGEST,), header=HEADER, made=MADE, signer=make_signer())

    manifest = parse_manifest(files["m"])

    assert manifest.files == (DIGEST,)
    assert manifest.as_bytes == files["m"]


@pytest.mark.parametrize(
    "name", ["../r.csv", "/etc/passwd", "a/../../b", "a//b", "./a", "a\\b", "", "a\x00b", "a/"]
)
def test_a_manifest_names_nothing_outside_its_own_folder(name: str) -> None:
    content = manifest_files("m", (DIGEST,), header={}, made={}, signer=None)["m"]

    with pytest.raises(ValueError, match=r"files\.0\.name"):
        parse_manifest(content.replace(b'"r.csv"', json.dumps(name).encode()))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"format":"batteryd-manifest/2"}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"format":"batteryd-manifest/1","files":[],"header":{},"made":{}}',
    ],
)
def test_what_is_no_manifest_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_manifest(content)


@pytest.mark.parametrize("content", [b"", b"====", b"\xff\xfe", b"no base64 at all"])
def test_what_is_no_signature_fits_nothing(content: bytes) -> None:
    assert not make_signer().key.has_signed(TABLE, parse_signature(content))


def test_four_files_are_written_and_nothing_is_left_over(tmp_path: Path) -> None:
    def write(out: BinaryIO) -> None:
        out.write(TABLE)

    written = issue(tmp_path / "r.csv", write, header=HEADER, made=MADE, signer=make_signer())

    names = ["r.csv", "r.csv.manifest.json", "r.csv.manifest.json.sig", "r.csv.manifest.json.pub"]
    assert [path.name for path in written] == names
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


def test_a_report_that_cannot_be_completed_leaves_the_old_one(tmp_path: Path) -> None:
    report = issue_table(tmp_path / "r.csv")

    def break_off(out: object) -> None:
        raise RuntimeError("power failure")

    with pytest.raises(RuntimeError):
        issue(report, break_off, header=HEADER, made=MADE, signer=None)

    assert report.read_bytes() == TABLE
    assert len(list(tmp_path.iterdir())) == 4


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere/r\.csv: a file that can be written"):
        issue_table(tmp_path / "nowhere" / "r.csv")
