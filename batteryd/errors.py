"""Every error that batteryd raises on purpose.

    BatterydError
    ├── ConfigError        the operator must mend a file; carries every mistake found, not the first
    ├── LinkError          a device did not answer usably; try again later
    │   ├── LinkTimeout        no answer in time
    │   ├── LinkRefused        connection refused, reset, or no route
    │   ├── LinkAuthFailed     credentials or context refused
    │   ├── LinkOutOfStep      the answer belongs to another request: the connection must be closed
    │   └── DeviceRejected     the device answered with an exception code; carries the code
    ├── ProfileError       device and profile disagree, or no profile matches the device
    ├── StoreError         the journal or the ledger cannot take what it is given
    │   ├── StoreFull          no space left (or the reserve kept for the ledger is reached)
    │   └── StoreDamaged       the file is no database, or a malformed one
    ├── ReportError        a report does not fit its format, or cannot be read
    ├── TypesettingError   a document could not be set in type
    └── DeliveryError      a channel did not take a notification; `permanent` ends the retries

A refusal to clear work is a result, not an exception.
"""

from dataclasses import dataclass
from pathlib import PurePath


class BatterydError(Exception):
    """Root of the tree; the command line turns it into an exit code."""


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing that is wrong in a file: where, what stands there, what is allowed."""

    file: str
    key: str  # dotted path, e.g. "battery.3.warranty_months"; "" for the file itself
    value: str  # as written, or "" where something is missing
    allowed: str  # what would be right, in words

    def __str__(self) -> str:
        shown = f" = {self.value}" if self.value else ""
        where = f": {self.key}{shown}" if self.key else ""
        return f"{self.file}{where}: {self.allowed}"


class ConfigError(BatterydError):
    """Files that cannot be used. `mistakes` lists all of them."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(str(m) for m in mistakes))

    @classmethod
    def one(cls, file: str | PurePath, key: str, value: str, allowed: str) -> "ConfigError":
        """Build the error for a single mistake."""
        return cls((Mistake(str(file), key, value, allowed),))


class LinkError(BatterydError):
    """A device did not answer usably. The poll fails; the daemon tries again."""

    reason = "link"


class LinkTimeout(LinkError):  # noqa: N818  names say what happened; the tree says that it is an error
    """No answer in time."""

    reason = "timeout"


class LinkRefused(LinkError):  # noqa: N818
    """Connection refused, reset or closed, or no route."""

    reason = "refused"


class LinkAuthFailed(LinkError):  # noqa: N818
    """Community, user, keys or context refused. Trying again with the same words cannot help."""

    reason = "auth"


class LinkOutOfStep(LinkError):  # noqa: N818
    """The answer belongs to another request; the connection was closed to get back in step."""

    reason = "out_of_step"


class DeviceRejected(LinkError):  # noqa: N818
    """The device answered with an error of its own (a Modbus exception, an SNMP error-status)."""

    reason = "rejected"

    def __init__(self, text: str, *, code: int) -> None:
        self.code = code
        super().__init__(text)


class ProfileError(BatterydError):
    """Device and profile disagree, or no profile matches the device."""


class StoreError(BatterydError):
    """The journal or the ledger could not store what it was given."""


class StoreFull(StoreError):  # noqa: N818
    """No space is left for the store, or the reserve kept for the ledger is reached."""


class StoreDamaged(StoreError):  # noqa: N818
    """The store's file is no database, or a malformed one."""


class ReportError(BatterydError):
    """A report does not fit the format that was asked for, or cannot be read to verify it."""


class TypesettingError(BatterydError):
    """A document could not be set in type: its template, its data or the time allowed."""


class DeliveryError(BatterydError):
    """A channel did not take a notification."""

    def __init__(self, text: str, *, permanent: bool, retry_after_s: float | None = None) -> None:
        self.permanent = permanent
        self.retry_after_s = retry_after_s
        super().__init__(text)
