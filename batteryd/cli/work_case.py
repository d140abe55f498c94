"""`batteryd work check --case FILE`: the decision on written-down facts, without a daemon."""

from pathlib import Path

from batteryd.cli.frame import NO, OK, print_json
from batteryd.cli.terminal import tell


def check_case(path: Path, *, as_json: bool) -> int:
    """Decide on a case file and print the answer; return 0 for GO and 1 for HOLD.

    Raises:
        ConfigError: with every mistake in the file.
    """
    from batteryd.clearance.answer import clearance_as_json, clearance_as_text
    from batteryd.clearance.case_file import parse_case
    from batteryd.clearance.decide import decide
    from batteryd.domain.clearance import Decision
    from batteryd.settings.files import Files, toml_of

    file = Files().read(path)
    clearance = decide(parse_case(toml_of(file), file=file.name))
    if as_json:
        print_json(clearance_as_json(clearance))
    else:
        tell(clearance_as_text(clearance), hang=9, flat=0)
    return OK if clearance.decision is Decision.GO else NO
