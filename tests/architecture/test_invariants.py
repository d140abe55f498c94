"""The page on invariants names tests that exist, and at least one for each invariant."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "invariants.md"
ROW = re.compile(r"^\| (\d)\. .*\|(.*)\|$", re.MULTILINE)


def test_every_invariant_names_tests_that_exist() -> None:
    sources = "\n".join(f.read_text(encoding="utf-8") for f in (ROOT / "tests").rglob("test_*.py"))
    rows = {n: re.findall(r"`(test_\w+)`", names) for n, names in ROW.findall(PAGE.read_text())}

    assert sorted(rows) == ["1", "2", "3", "4", "5", "6"]
    for number, names in rows.items():
        assert names, f"invariant {number} has no test"
        for name in names:
            assert f"def {name}(" in sources, f"invariant {number}: no {name}"
