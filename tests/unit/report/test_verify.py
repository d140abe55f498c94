"""Whatever is done to an exported file is found and named."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batteryd.errors import ConfigError
from batteryd.public_key import PublicKey
from batteryd.report.parcel import SMALL_BYTES_MAX
from batteryd.report.verification import Signature, Verification
from batteryd.report.verify import verify
from tests.issued_reports import TABLE, issue_table, make_signer

KEY = make_signer().key
SUFFIXES = ("", ".manifest.json", ".manifest.json.sig", ".manifest.json.pub")

Spoil = Callable[[Path], object]


def said(verification: Verification) -> list[str]:
    return [str(difference) for difference in verification.differences]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"rack-3,in_warranty\n")


def empty(path: Path) -> None:
    path.write_bytes(b"")


SPOILS: tuple[Spoil, ...] = (flip, truncate, append, empty, Path.unlink)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return issue_table(tmp_path / "report.csv")


@pytest.mark.parametrize("key", [KEY, None], ids=["key given", "key beside"])
def test_an_untouched_report_verifies(report: Path, key: PublicKey | None) -> None:
    found = verify(report, key=key)

    assert said(found) == []
    assert found.manifests[0].signature is Signature.VALID
    assert found.manifests[0].key_id == KEY.key_id
    assert found.manifests[0].files == ("report.csv",)


def test_the_manifest_and_the_folder_may_be_named_instead(report: Path) -> None:
    for path in (report.with_name("report.csv.manifest.json"), report.parent):
        found = verify(path, key=KEY)
        assert (said(found), found.manifests[0].signature) == ([], Signature.VALID)


def test_with_the_key_given_no_key_has_to_lie_beside(report: Path) -> None:
    report.with_name("report.csv.manifest.json.pub").unlink()

    assert said(verify(report, key=KEY)) == []


@pytest.mark.parametrize("spoil", SPOILS)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_whatever_is_done_to_any_file_is_found_and_the_file_named(
    report: Path, suffix: str, spoil: Spoil
) -> None:
    spoil(report.with_name(f"report.csv{suffix}"))

    found = verify(report, key=None)

    # A change of the manifest cannot be told from one of its signature: that line names both.
    assert f"report.csv{suffix}" in said(found)[0]


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 10_000), bit=st.integers(0, 7), suffix=st.sampled_from(SUFFIXES[:2]))
def test_no_bit_of_report_or_manifest_can_be_flipped_unnoticed(
    tmp_path_factory: pytest.TempPathFactory, at: int, bit: int, suffix: str
) -> None:
    report = issue_table(tmp_path_factory.mktemp("flipped") / "report.csv")
    path = report.with_name(f"report.csv{suffix}")
    content = bytearray(path.read_bytes())
    content[at % len(content)] ^= 1 << bit
    path.write_bytes(content)

    assert verify(report, key=KEY).differences


def test_two_files_that_were_swapped_are_both_named(tmp_path: Path) -> None:
    first = issue_table(tmp_path / "a.csv")
    second = issue_table(tmp_path / "b.csv", table=TABLE.replace(b"expired", b"unknown"))
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)

    found = said(verify(tmp_path, key=KEY))

    assert [line.partition(": changed: SHA-256 ")[0] for line in found] == ["a.csv", "b.csv"]


def test_a_report_under_the_manifest_of_another_is_not_verified(report: Path) -> None:
    forged = report.with_name("forged.csv")
    forged.write_bytes(b"asset_id,status\nrack-1,in_warranty\n")
    for suffix in SUFFIXES[1:]:
        shutil.copy(
            report.with_name(f"report.csv{suffix}"), report.with_name(f"forged.csv{suffix}")
        )

    assert said(verify(forged, key=KEY)) == [
        "forged.csv: not named in forged.csv.manifest.json, which is about something else"
    ]


def test_a_report_signed_again_by_somebody_else_fails_with_the_key_given(report: Path) -> None:
    issue_table(report, table=TABLE.replace(b"expired", b"unknown"), signer=make_signer(2))

    beside, given_key = verify(report, key=None), verify(report, key=KEY)

    assert (said(beside), beside.manifests[0].key_id) == ([], make_signer(2).key.key_id)
    assert given_key.manifests[0].signature is Signature.INVALID
    assert f"not what key {KEY.key_id} signed" in said(given_key)[-1]


def test_a_manifest_that_nobody_signed_is_told_from_one_whose_signature_is_gone(
    tmp_path: Path,
) -> None:
    unsigned = verify(issue_table(tmp_path / "a.csv", is_signed=False), key=KEY)
    stripped = issue_table(tmp_path / "b.csv")
    stripped.with_name("b.csv.manifest.json.sig").unlink()

    assert (unsigned.manifests[0].signature, said(unsigned)) == (Signature.ABSENT, [])
    assert unsigned.unsigned == ("a.csv.manifest.json",)
    assert said(verify(stripped, key=KEY)) == [
        "b.csv.manifest.json.sig: missing, although the manifest names a signer"
    ]


def test_a_signature_under_a_manifest_that_names_no_signer_counts_for_nothing(
    report: Path,
) -> None:
    manifest = report.with_name("report.csv.manifest.json")
    value = json.loads(manifest.read_bytes()) | {"signer": None}
    manifest.write_text(json.dumps(value))

    found = verify(report, key=KEY)

    assert found.manifests[0].signature is Signature.INVALID
    assert "it names nobody as its signer" in said(found)[0]


def test_files_that_no_manifest_names_are_surplus_in_a_folder(report: Path) -> None:
    below = report.parent / "trends"
    below.mkdir()
    (below / "extra.csv").write_text("x\n")

    assert said(verify(report.parent, key=KEY)) == ["trends/extra.csv: not named in any manifest"]


def test_a_folder_or_a_file_without_a_manifest_is_not_verified(tmp_path: Path) -> None:
    (tmp_path / "report.csv").write_bytes(TABLE)

    assert said(verify(tmp_path, key=KEY))[0] == f"{tmp_path.name}: no manifest in it"
    assert said(verify(tmp_path / "report.csv", key=KEY)) == ["report.csv.manifest.json: missing"]


def test_a_manifest_that_cannot_be_read_is_named_with_the_reason(report: Path) -> None:
    manifest = report.with_name("report.csv.manifest.json")
    with manifest.open("r+b") as stream:
        stream.truncate(SMALL_BYTES_MAX + 1)
    assert said(verify(report, key=KEY)) == [
        f"report.csv.manifest.json: longer than {SMALL_BYTES_MAX} bytes"
    ]

    manifest.unlink()
    manifest.mkdir()

    assert "report.csv.manifest.json: cannot be read" in said(verify(report, key=KEY))[0]


def test_a_path_where_nothing_is_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a report, its manifest"):
        verify(tmp_path / "nothing.csv", key=KEY)


def test_a_report_in_a_folder_below_is_verified_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / "2025-09").mkdir()
    report = issue_table(tmp_path / "2025-09" / "report.csv")
    assert said(verify(tmp_path, key=KEY)) == []

    flip(report)

    assert said(verify(tmp_path, key=KEY))[0].startswith("2025-09/report.csv: changed")


def zipped(folder: Path, to: Path, *, twice: str | None = None) -> Path:
    with zipfile.ZipFile(to, "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
        if twice is not None:
            with pytest.warns(UserWarning, match="Duplicate"):
                archive.write(folder / twice, twice)
    return to


def test_an_archive_is_verified_like_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    report = issue_table(folder / "report.csv")
    assert said(verify(zipped(folder, tmp_path / "good.zip"), key=KEY)) == []

    append(report)
    (folder / "extra.txt").write_text("x")
    report.with_name("report.csv.manifest.json.pub").unlink()

    assert said(verify(zipped(folder, tmp_path / "bad.zip"), key=KEY)) == [
        f"report.csv: longer than the {len(TABLE)} bytes that were signed",
        "extra.txt: not named in any manifest",
    ]


def test_a_name_that_is_twice_in_an_archive_is_named(report: Path, tmp_path: Path) -> None:
    archive = zipped(report.parent, tmp_path.with_suffix(".zip"), twice="report.csv")

    assert said(verify(archive, key=KEY)) == [
        "report.csv: there 2 times: nobody can say which is meant"
    ]


def test_a_damaged_archive_is_named_with_the_file_that_cannot_be_read(
    report: Path, tmp_path: Path
) -> None:
    archive = zipped(report.parent, tmp_path.with_suffix(".zip"))
    content = archive.read_bytes()
    archive.write_bytes(content.replace(b"rack-1,expired", b"rack-1,unknown"))
    assert said(verify(archive, key=KEY))[0].startswith("report.csv: cannot be read (Bad CRC")

    archive.write_bytes(content[:-30])

    assert "cannot be read as a zip archive" in said(verify(archive, key=KEY))[0]
