"""The evening of 26 September 2025 as written-down cases, through the command."""

import json
from pathlib import Path
from typing import Any

import pytest

from batteryd.cli.work_case import check_case
from batteryd.errors import ConfigError

CASES = Path(__file__).parents[2] / "docs" / "examples"
RACKS = {f"rack-{n}" for n in range(1, 9)}

Capture = pytest.CaptureFixture[str]


def answer(case: Path, capsys: Capture) -> tuple[int, dict[str, Any]]:
    exit_code = check_case(case, as_json=True)
    return exit_code, json.loads(capsys.readouterr().out)


def codes(said: dict[str, Any]) -> list[str]:
    return sorted({str(hold["code"]) for hold in said["holds"]})


def subjects(said: dict[str, Any], code: str) -> set[str]:
    return {hold["subject"] for hold in said["holds"] if hold["code"] == code}


def test_45_minutes_before_it_would_have_been_held(capsys: Capture) -> None:
    exit_code, said = answer(CASES / "daejeon.toml", capsys)

    assert (exit_code, said["decision"]) == (1, "HOLD")
    assert codes(said) == ["PW-01", "PW-02", "PW-03", "PW-04", "PW-07", "PW-08"]
    assert subjects(said, "PW-01") == subjects(said, "PW-03") == RACKS
    assert subjects(said, "PW-02") == {"rack-4"}
    assert subjects(said, "PW-04") == RACKS - {"rack-1"}
    assert subjects(said, "PW-08") == {"mobile identity", "government drive"}
    assert [service["name"] for service in said["impact"]] == [
        "mobile identity",
        "government drive",
        "staff canteen",
    ]


def test_with_every_paper_in_order_it_is_held_for_exactly_four_reasons(
    tmp_path: Path, capsys: Capture
) -> None:
    # The papers of the prepared evening, on the racks of the real one.
    racks = (CASES / "daejeon.toml").read_text(encoding="utf-8").split("[[service]]")[0]
    prepared = (CASES / "daejeon-prepared.toml").read_text(encoding="utf-8")
    papers = prepared[prepared.index("[[attestation]]") :]
    case = tmp_path / "attested.toml"
    case.write_text(racks + papers, encoding="utf-8")

    exit_code, said = answer(case, capsys)

    assert exit_code == 1
    assert codes(said) == ["PW-01", "PW-02", "PW-03", "PW-04"]


def test_prepared_as_the_makers_ask_it_is_held_for_the_warranty_alone(capsys: Capture) -> None:
    exit_code, said = answer(CASES / "daejeon-prepared.toml", capsys)

    assert exit_code == 1
    assert codes(said) == ["PW-01"]
    assert [warning["subject"] for warning in said["warnings"]] == ["staff canteen"]


def test_with_the_warranty_accepted_by_two_it_is_a_go_until_the_acceptance_ends(
    capsys: Capture,
) -> None:
    exit_code, said = answer(CASES / "daejeon-accepted.toml", capsys)

    assert (exit_code, said["decision"]) == (0, "GO")
    assert said["holds"] == []
    assert said["accepted"] == ["PW-01"]
    assert said["valid_until"] == "2025-09-26T13:00:00Z"


def test_people_read_the_same_answer_and_what_it_is_not(capsys: Capture) -> None:
    exit_code = check_case(CASES / "daejeon-accepted.toml", as_json=False)

    lines = capsys.readouterr().out.splitlines()
    assert exit_code == 0
    assert lines[0] == ("GO  WO-5B-3, as of 2025-09-26T10:31:44Z, until 2025-09-26T13:00:00Z")
    assert "neither an interlock nor a lock-out/tag-out" in lines[-1]


def test_a_file_that_is_no_case_is_refused_with_its_mistakes(tmp_path: Path) -> None:
    case = tmp_path / "case.toml"
    case.write_text("as_of = 2025-09-26\n", encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        check_case(case, as_json=True)

    assert [mistake.key for mistake in caught.value.mistakes] == ["as_of", "work_order"]
