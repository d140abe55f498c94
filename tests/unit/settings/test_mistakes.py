"""One small file per mistake: each is found, told with its place, and makes no second mistake.

The first line of a TOML file says what the operator is to read; a CSV has no remarks, so its text
stands here.
"""

import shutil
from pathlib import Path

import pytest

from batteryd.settings.load import check_config
from tests.unit.settings.places import (
    MISTAKES,
    NO_ENVIRONMENT,
    WITH_REGISTER,
    lay_out,
    write_secret,
)

PLACE_OF_KIND = {
    "settings": "batteryd.toml",
    "inventory": "inventory.toml",
    "register": "register.csv",
    "rules": "rules.toml",
    "notify": "notify.toml",
    "profile": "profiles/small-rack.toml",
    "mib": "profiles/small-ups.toml",
}

TEXT_OF_REGISTER = {
    "approved-by-the-same-person": (
        'row 2, column approved_by = "김진수": another person than entered it: two people'
    ),
    "asset-twice": 'row 3, column asset_id = "rack-1": a name of its own: row 2 has this one',
    "asset-without-id": "row 2, column asset_id: a cell that is not empty",
    "battery-without-room": "row 2, column room: a cell that is not empty",
    "battery-without-site": "row 2, column site: a site: every battery stands somewhere",
    "cell-too-many": "row 2 = 10 cells: 9 cells, as many as columns",
    "column-missing": "row 1, column room: this column is required",
    "column-twice": 'row 1, column 7 = "room": a column once',
    "date-in-another-order": ('row 2, column installed_on = "20/08/2014": a date as YYYY-MM-DD'),
    "date-that-is-none": 'row 2, column installed_on = "2014-02-30": a date as YYYY-MM-DD',
    "extension-in-years": ('row 2, column warranty_extension_months = "2 years": a whole number'),
    "months-negative": 'row 2, column warranty_months = "-120": 1 or more',
    "not-utf-8": 'row 2: text in UTF-8; a spreadsheet calls it "CSV UTF-8"',
    "number-with-a-comma": 'row 2, column capacity_ah = "120,5": a number',
    "number-with-a-unit": 'row 2, column capacity_ah = "120 Ah": a number',
    "quote-left-open": "row 2: CSV with commas (unexpected end of data)",
    "unknown-basis": "row 2, column warranty_basis = \"purchased\": one of 'delivered'",
    "unknown-column": (
        'row 1, column 7 = "capacity": unknown column; did you mean capacity_ah? known: asset_id'
    ),
    "unknown-profile": (
        'row 2, column profile = "small-rak": unknown profile; did you mean small-rack?'
    ),
}


def expected_text(path: Path) -> str:
    """Return what is to be said of a file, after the file's name."""
    if path.suffix == ".csv":
        return TEXT_OF_REGISTER[path.stem.removeprefix("register-")]
    return path.read_text().partition("\n")[0].removeprefix("# ")


@pytest.mark.parametrize("path", sorted(MISTAKES.iterdir()), ids=lambda path: path.stem)
def test_a_mistake_is_told_once_with_file_key_value_and_what_is_allowed(
    path: Path, tmp_path: Path
) -> None:
    config_file = lay_out(tmp_path)
    write_secret(tmp_path / "open-to-others", "a token", mode=0o644)
    write_secret(tmp_path / "empty", "")
    kind = path.stem.partition("-")[0]
    spoilt = tmp_path / PLACE_OF_KIND[kind]
    shutil.copy(path, spoilt)
    environ = WITH_REGISTER if kind == "register" else NO_ENVIRONMENT

    found = [str(mistake) for mistake in check_config(config_file, environ=environ)]

    text = expected_text(path).replace("FOLDER", str(tmp_path))
    assert len(found) == 1, found
    assert found[0].startswith(f"{spoilt}: {text}")


def test_nothing_is_wrong_with_the_files_that_the_mistakes_replace(tmp_path: Path) -> None:
    config_file = lay_out(tmp_path)

    assert check_config(config_file, environ=NO_ENVIRONMENT) == ()
    assert check_config(config_file, environ=WITH_REGISTER) == ()


def test_no_secret_is_repeated_in_what_is_said(tmp_path: Path) -> None:
    spoilt = [path for path in MISTAKES.glob("*.toml") if "hunter2" in path.read_text()]

    said = []
    for path in spoilt:
        config_file = lay_out(tmp_path / path.stem)
        shutil.copy(path, config_file.parent / PLACE_OF_KIND[path.stem.partition("-")[0]])
        said += [str(mistake) for mistake in check_config(config_file, environ=NO_ENVIRONMENT)]

    assert len(said) >= len(spoilt) >= 5
    assert not any("hunter2" in text for text in said)
