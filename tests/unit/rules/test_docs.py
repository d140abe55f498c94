"""The manual says what the code does: its tables are compared with the tables of the code."""

import re
from datetime import date
from pathlib import Path

import pytest

from batteryd.rules import lifecycle_table
from batteryd.rules.detection_table import DETECTORS
from batteryd.rules.detector import SteppedSettings
from batteryd.rules.rulebook import ALARMS_OF_WORK
from batteryd.rules.table import RULES
from batteryd.warranty.coverage import same_day_later
from tests.rulebooks import SHIPPED

DOCS = Path(__file__).parents[3] / "docs"
COMMON = set(SteppedSettings.model_fields)  # in a table of their own


def rows(page, columns):
    """Return the rows of a page's tables that have so many columns, without their headings."""
    lines = (DOCS / page).read_text().splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if "|" in line]
    return [row for row in cells if len(row) == columns and not set(row[0]) <= {"-"}]


def test_the_manual_has_both_alarm_machines_row_for_row():
    moves = {
        (str(before), str(step), str(after), str(reason))
        for table in (lifecycle_table.CONDITION_TABLE, lifecycle_table.SUPPRESSION_TABLE)
        for (before, step), (after, reason) in table.items()
        if reason not in lifecycle_table.REFUSALS
    }

    written = {tuple(row) for row in rows("alarms.md", 4) if row[0] != "state"}

    assert written == moves


def test_the_manual_counts_warranty_days_as_the_code_does():
    examples = [row for row in rows("alarms.md", 3) if row[0].startswith("20")]

    assert len(examples) == 6
    for start, months, last_day in examples:
        later = same_day_later(date.fromisoformat(start), months=int(months))
        assert later.toordinal() - 1 == date.fromisoformat(last_day).toordinal()


@pytest.mark.parametrize("kind", RULES)
def test_every_key_of_every_kind_is_in_the_manual(kind):
    manual = (DOCS / "rules.md").read_text()

    missing = [key for key in RULES[kind].settings.model_fields if f"| `{key}` |" not in manual]

    assert missing == []
    assert re.search(rf"^## {kind}: ", manual, re.MULTILINE)


def section(kind):
    manual = (DOCS / "rules.md").read_text()
    return manual.partition(f"\n## {kind}: ")[2].partition("\n## ")[0]


@pytest.mark.parametrize("kind", DETECTORS)
def test_every_default_of_a_detector_is_that_of_the_manual(kind):
    written = re.findall(r"(?m)^\| `(\w+)` \|[^|]*\| ([\d.]+) \|", section(kind))

    defaults = DETECTORS[kind].settings()
    assert written
    assert {key: float(text) for key, text in written} == {
        key: float(getattr(defaults, key)) for key, _ in written
    }
    assert {key for key, _ in written} == set(type(defaults).model_fields) - COMMON


@pytest.mark.parametrize("kind", DETECTORS)
def test_the_manual_says_how_urgent_and_how_fast_a_detector_is(kind):
    defaults = DETECTORS[kind].settings()
    head = re.search(
        r"^Priority (\w+)(?:, beyond (\w+))?; on-delay (\d+) s.*, off-delay (\d+) s\.",
        section(kind),
        re.MULTILINE,
    )

    assert head is not None
    priority, beyond, on_delay_s, off_delay_s = head.groups()
    assert priority == defaults.priority
    assert (float(on_delay_s), float(off_delay_s)) == (defaults.on_delay_s, defaults.off_delay_s)
    assert beyond == getattr(defaults, "priority_beyond", None)


def test_every_key_of_a_limit_is_explained_in_the_file_that_ships():
    text = SHIPPED.read_text()

    missing = [
        key
        for kind in RULES.values()
        for key in kind.settings.model_fields
        if not re.search(rf"^#?\s*{key}\b", text, re.MULTILINE)
    ]

    assert missing == []


def test_the_manual_says_what_to_do_at_every_alarm_about_work():
    chapter = (DOCS / "alarms.md").read_text().partition("\n## Alarms about work\n")[2]

    assert set(re.findall(r"(?m)^### (\w+)$", chapter)) == set(ALARMS_OF_WORK)
