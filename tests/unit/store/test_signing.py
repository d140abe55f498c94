import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from batteryd.errors import StoreError
from batteryd.public_key import PublicKey
from batteryd.store.signing import SigningKey, key_path, load_public

TEXT = "충전율 18 %".encode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return key_path(tmp_path / "state")


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_first_start_makes_a_key_that_only_its_owner_reads(path: Path) -> None:
    key = SigningKey.load_or_create(path)

    assert mode_of(path) == 0o600
    assert path.read_text().startswith("-----BEGIN PRIVATE KEY-----")
    assert load_public(path.with_suffix(".pub")) == key.public
    assert sorted(p.name for p in path.parent.iterdir()) == ["signing-key.pem", "signing-key.pub"]


def test_later_starts_find_the_same_key(path: Path) -> None:
    first = SigningKey.load_or_create(path)
    second = SigningKey.load_or_create(path)

    assert second.key_id == first.key_id
    assert second.sign(TEXT) == first.sign(TEXT)


def test_a_signature_holds_for_its_text_and_its_key_alone(path: Path, tmp_path: Path) -> None:
    key = SigningKey.load_or_create(path)
    other = SigningKey.load_or_create(tmp_path / "other.pem")
    signature = key.sign(TEXT)

    assert key.public.has_signed(TEXT, signature)
    assert not key.public.has_signed(TEXT + b" ", signature)
    assert not other.public.has_signed(TEXT, signature)
    assert not key.public.has_signed(TEXT, signature[:-1])


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_agrees(path: Path, tmp_path: Path) -> None:
    """An auditor needs no program of ours to check a signature."""
    key = SigningKey.load_or_create(path)
    (tmp_path / "text").write_bytes(TEXT)
    (tmp_path / "signature").write_bytes(key.sign(TEXT))

    answer = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", path.with_suffix(".pub"), "-rawin",
         "-in", tmp_path / "text", "-sigfile", tmp_path / "signature"],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip

    assert (answer.returncode, answer.stdout) == (0, "Signature Verified Successfully\n")


def test_a_key_is_called_by_the_hash_of_its_public_bytes(path: Path) -> None:
    key = SigningKey.load_or_create(path)

    assert len(key.key_id) == 16
    assert int(key.key_id, 16) >= 0
    assert load_public(path.with_suffix(".pub")).key_id == key.key_id


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_that_others_can_touch_is_refused(path: Path, mode: int) -> None:
    SigningKey.load_or_create(path)
    path.chmod(mode)

    with pytest.raises(StoreError, match="chmod 600"):
        SigningKey.load_or_create(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a key",
        X25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ),
    ],
    ids=["empty", "text", "a key of another kind"],
)
def test_a_file_that_is_no_such_key_is_refused_and_left_as_it_is(
    path: Path, content: bytes
) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(StoreError, match=r"signing-key\.pem"):
        SigningKey.load_or_create(path)

    assert path.read_bytes() == content


def test_a_public_key_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "auditor.pub"

    with pytest.raises(StoreError, match=r"auditor\.pub"):
        load_public(missing)

    missing.write_bytes(b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n")
    with pytest.raises(StoreError, match=r"auditor\.pub"):
        load_public(missing)


def test_a_lost_public_half_is_written_again(path: Path) -> None:
    key = SigningKey.load_or_create(path)
    path.with_suffix(".pub").unlink()

    SigningKey.load_or_create(path)

    assert load_public(path.with_suffix(".pub")) == key.public


def test_of_many_who_make_the_key_at_once_all_have_the_same(path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = list(threads.map(lambda _: SigningKey.load_or_create(path), range(8)))

    assert len({key.key_id for key in keys}) == 1


def test_the_private_half_shows_nowhere(path: Path) -> None:
    key = SigningKey(Ed25519PrivateKey.generate())

    assert "PRIVATE" not in f"{key!r} {key.public!r}"


def test_a_folder_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file, not a folder")

    with pytest.raises(StoreError, match=r"signing-key\.pem cannot be made"):
        SigningKey.load_or_create(key_path(tmp_path))


def test_a_public_half_that_cannot_be_written_is_named(path: Path) -> None:
    SigningKey.load_or_create(path)
    path.with_suffix(".pub").unlink()
    path.with_suffix(".pub").mkdir()

    with pytest.raises(StoreError, match=r"signing-key\.pub cannot be written"):
        SigningKey.load_or_create(path)


def test_a_public_key_is_read_in_the_one_way_in_which_it_is_written(path: Path) -> None:
    key = SigningKey.load_or_create(path).public

    assert PublicKey.of_hex(key.hex) == key
    for text in (key.hex.upper(), key.hex[:-2], f" {key.hex}", "", None, 7):
        with pytest.raises(ValueError, match=r"not a public key|non-hexadecimal"):
            PublicKey.of_hex(text)
