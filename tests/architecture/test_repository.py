"""What holds for the repository as a whole: the import rules, and no trace of one machine."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Where people and build machines keep their checkouts; in a file, such a path works for one person.
PLACE_OF_SOMEBODY = re.compile(rb"(?<![\w./-])/(?:home|Users|root|work|workspace)/[\w.-]+")


def tracked_files() -> list[Path]:
    """Return the files under version control; none in an unpacked source distribution."""
    if not (ROOT / ".git").exists():
        return []
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=True
    ).stdout.decode()
    paths = (ROOT / name for name in listed.split("\0") if name)
    return [path for path in paths if path.is_file()]


def test_imports_run_downhill() -> None:
    lint_imports = Path(sys.executable).parent / "lint-imports"

    result = subprocess.run(
        [str(lint_imports), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stdout + result.stderr


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    files = tracked_files()
    if not files:
        pytest.skip("not a checkout")

    found = {
        str(path.relative_to(ROOT)): match[0].decode()
        for path in files
        if (match := PLACE_OF_SOMEBODY.search(path.read_bytes()))
    }

    assert found == {}


@pytest.mark.parametrize("package", ["batteryd", "simulators"])
def test_a_package_opens_with_its_purpose_and_imports_nothing(package: str) -> None:
    for path in (ROOT / package).rglob("__init__.py"):
        text = path.read_text()

        assert text.startswith('"""'), path
        assert not re.search(r"^(from|import) ", text, re.MULTILINE), path
