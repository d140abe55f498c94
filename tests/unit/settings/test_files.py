"""Files are read once, within bounds, and what keeps one from being read is said."""

from pathlib import Path

import pytest

from batteryd.errors import ConfigError
from batteryd.settings.files import FILE_BYTES_MAX, Files, SourceFile, revision_of, toml_of
from batteryd.settings.paths import packaged_config_dir, profile_files


def mistake_of(text: bytes) -> tuple[str, str]:
    """Return key and what is allowed of the mistake in a TOML text."""
    with pytest.raises(ConfigError) as raised:
        toml_of(SourceFile(Path("batteryd.toml"), text))
    (mistake,) = raised.value.mistakes
    return mistake.key, mistake.allowed


def test_a_slip_in_toml_is_told_with_line_and_column() -> None:
    assert mistake_of(b"[journal]\nraw_days = \n") == ("line 2, column 12", "TOML (Invalid value)")


def test_a_file_that_ends_too_early_is_told() -> None:
    assert mistake_of(b'name = "rack') == ("end of document", "TOML (Unterminated string)")


def test_a_key_twice_is_told() -> None:
    key, allowed = mistake_of(b"[web]\nport = 1\nport = 2\n")

    assert key == "line 3, column 9"
    assert allowed.startswith("TOML (Cannot overwrite a value")


def test_text_that_is_not_utf_8_is_told_with_its_line() -> None:
    text = 'name = "rack"\nroom = "배터리실"\n'.encode("cp949")

    assert mistake_of(text) == ("line 2", "text in UTF-8")


def test_a_file_of_the_largest_size_is_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    path.write_bytes(b"x" * FILE_BYTES_MAX)
    assert len(Files().read(path).content) == FILE_BYTES_MAX

    path.write_bytes(b"x" * (FILE_BYTES_MAX + 1))
    with pytest.raises(ConfigError, match="at most 67108864 bytes"):
        Files().read(path)


def test_a_table_that_stands_twice_is_told_by_its_name_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "batteryd.toml"
    path.write_text("[web]\n[journal]\n[web]\n", encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        toml_of(Files().read(path))

    said = "line 3, column 5: TOML (Cannot declare ('web',) twice)"
    assert str(caught.value) == f"{path}: {said}"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Is a directory"):
        Files().read(tmp_path)


def test_a_revision_depends_on_every_file_and_on_their_order() -> None:
    assert revision_of("a", "b") == revision_of("a", "b")
    assert len({revision_of("a", "b"), revision_of("b", "a"), revision_of("ab")}) == 3


def test_the_packaged_configuration_is_the_checkouts_own() -> None:
    assert (packaged_config_dir() / "batteryd.toml").is_file()
    assert (packaged_config_dir() / "profiles" / "lithium-rack.toml").is_file()


def test_an_earlier_folder_of_profiles_wins_file_by_file(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for path in (ours / "rack.toml", theirs / "rack.toml", theirs / "ups.toml", theirs / "notes"):
        path.parent.mkdir(exist_ok=True)
        path.touch()

    assert list(profile_files(ours, theirs)) == [ours / "rack.toml", theirs / "ups.toml"]
    assert list(profile_files(tmp_path / "not-there", theirs)) == [
        theirs / "rack.toml",
        theirs / "ups.toml",
    ]
