"""The manual says what to do at every alarm that batteryd can raise as it ships."""

import re
import tomllib
from pathlib import Path

from batteryd.rules.rulebook_file import RESERVED_NAMES

ROOT = Path(__file__).parents[2]


def test_the_manual_says_what_to_do_at_every_alarm_of_the_first_rule_set() -> None:
    manual = (ROOT / "docs" / "operating.md").read_text()
    rules = tomllib.loads((ROOT / "config" / "rules.toml").read_text())["rule"]

    chapter = manual.partition("\n## What to do at each alarm\n")[2]

    assert set(re.findall(r"(?m)^### (\w+)$", chapter)) == {*rules, *RESERVED_NAMES}


def test_pages_of_the_manual_refer_to_pages_that_exist() -> None:
    broken = [
        (page.name, target)
        for page in (*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"))
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
        if not (page.parent / target).exists()
    ]

    assert broken == []
