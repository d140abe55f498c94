"""A report that was made by itself: which files it is, and whether it has reached its readers."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class MadeReport:
    """One run of a schedule. `mail` names the channel; None: it is only written to its folder."""

    schedule: str
    report: str  # "warranty"
    as_of: date
    made_at_s: float
    files: tuple[str, ...]  # paths as they were written
    mail: str | None = None
    mailed_at_s: float | None = None
    attempts: int = 0
    error: str = ""  # of the last attempt to mail it

    @property
    def waits_to_be_mailed(self) -> bool:
        """Whether somebody still has to get it."""
        return self.mail is not None and self.mailed_at_s is None


@dataclass(frozen=True, slots=True)
class FileMail:
    """Files on their way to people. The same `key` is the same mail, however often it is sent."""

    key: str
    subject: str
    text: str
    files: tuple[str, ...]  # paths
    at_s: float
