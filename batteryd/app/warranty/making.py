"""One making of a report: when, by whom, and whether the host's clock could be trusted."""

from pathlib import Path

from batteryd.report.warranty import Made

# systemd-timesyncd touches it once the clock is synchronised; other services leave nothing to see.
_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")


def made_now(now_s: float, *, by: str, mark: Path = _SYNCHRONISED) -> Made:
    """Return the making of a report now; `mark` is there where the clock is synchronised."""
    return Made(at_s=now_s, by=by, clock="synchronised" if mark.exists() else "unknown")
