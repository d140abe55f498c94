"""The account of use: each battery's usage, carried on hour by hour and kept.

The journal forgets minutes after half a year; the account keeps what they said. It is also what
makes the daily judgement cheap: a step reads only the hours since the last one. What is kept is one
line a battery under its own name in the ledger's small facts, written in one transaction a step.

A battery's account begins with the first hour that the journal has of it. It begins anew where the
contract's temperature changed: hours above 35 °C say nothing of hours above 30 °C.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from pydantic import TypeAdapter, ValidationError

from batteryd.domain.conditions import Usage
from batteryd.errors import StoreDamaged
from batteryd.store.history import LocalHistory
from batteryd.store.journal import Journal
from batteryd.store.ledger import Ledger
from batteryd.store.resolution import HOUR
from batteryd.store.usage import usage_of

# How long after its end an hour counts as rolled up, late polls and a busy disk included.
SETTLED_S = 3600.0

_BATTERIES_MAX = 20  # of one step
_SPAN_S_MAX = 30 * 86_400.0  # of one battery in one step

_USAGE = TypeAdapter(Usage)


@dataclass(frozen=True, slots=True)
class Metered:
    """A battery whose use is counted. `temperature_c_max` is its contract's, None without one."""

    asset_id: str
    temperature_c_max: float | None
    poll_interval_s: float


class UsageAccount:
    """The accounts of one site, in its ledger."""

    def __init__(self, journal: Journal, ledger: Ledger) -> None:
        self._journal = journal
        self._history = LocalHistory(journal)
        self._ledger = ledger
        self._read: dict[str, Usage] = {}  # one a battery; this is the only writer

    def of(self, asset_id: str) -> Usage | None:
        """Return a battery's usage as far as it was carried on; None where nothing was.

        Raises:
            StoreDamaged: the ledger has something else there.
        """
        if asset_id not in self._read:
            text = self._ledger.meta(_key(asset_id))
            if text is None:
                return None
            self._read[asset_id] = _parsed(text, asset_id=asset_id)
        return self._read[asset_id]

    def step(self, metered: Iterable[Metered], *, now_s: float) -> int:
        """Carry on some accounts and return how many; 0 when all are at the last settled hour.

        Raises:
            StoreError: nothing was written.
        """
        found = tuple(islice(self._carried_on(metered, now_s=now_s), _BATTERIES_MAX))
        if found:
            with self._ledger.transaction(now_s) as tx:
                for usage in found:
                    tx.put_meta(_key(usage.asset_id), _USAGE.dump_json(usage).decode())
            self._read |= {usage.asset_id: usage for usage in found}
        return len(found)

    def _carried_on(self, metered: Iterable[Metered], *, now_s: float) -> Iterator[Usage]:
        settled_s = (now_s - SETTLED_S) // HOUR.period_s * HOUR.period_s
        for battery in metered:
            before = self._before(battery)
            if before is None or before.to_s >= settled_s:
                continue
            later = usage_of(
                self._journal,
                battery.asset_id,
                from_s=before.to_s,
                to_s=min(settled_s, before.to_s + _SPAN_S_MAX),
                temperature_c_max=battery.temperature_c_max,
                poll_interval_s=battery.poll_interval_s,
            )
            yield before.then(later)

    def _before(self, battery: Metered) -> Usage | None:
        """Return the account as it stands, or an empty one; None where there is no history."""
        usage = self.of(battery.asset_id)
        if usage is not None and usage.limit_c == battery.temperature_c_max:
            return usage
        begins_s = self._history.begins_s(battery.asset_id, HOUR)
        if begins_s == float("inf"):
            return None
        return Usage.nothing(battery.asset_id, begins_s, limit_c=battery.temperature_c_max)


def _key(asset_id: str) -> str:
    return f"usage/{asset_id}"


def _parsed(text: str, *, asset_id: str) -> Usage:
    try:
        return _USAGE.validate_json(text)
    except ValidationError as error:
        raise StoreDamaged(f"the ledger's usage of {asset_id} is none: {error}") from error
