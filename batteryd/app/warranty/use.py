"""What the journal says of a battery up to an instant: was it ever heard, and how was it used.

The account of use runs up to now. Where the question is about an earlier instant the account has
seen too much, and the hours are read anew, which takes a second a battery and ten years.
"""

from datetime import date

from batteryd.domain.conditions import Usage
from batteryd.domain.inventory import Asset, Battery
from batteryd.domain.warranty import NO_CONDITIONS
from batteryd.store.history import LocalHistory
from batteryd.store.journal import Journal
from batteryd.store.ledger import Ledger
from batteryd.store.resolution import HOUR
from batteryd.store.usage import usage_of
from batteryd.store.usage_account import UsageAccount
from batteryd.warranty.conditions import judge_conditions

_POLL_INTERVAL_S = 10.0  # of a battery that is polled no more: short, so that less counts as seen


class UseUntil:
    """The use of batteries until an instant."""

    def __init__(self, journal: Journal, ledger: Ledger, *, until_s: float) -> None:
        self._journal = journal
        self._history = LocalHistory(journal)
        self._account = UsageAccount(journal, ledger)
        self._until_s = until_s

    def is_observed(self, asset_id: str) -> bool:
        """Whether its device answered at all."""
        return self._history.begins_s(asset_id, HOUR) < self._until_s

    def threats(self, battery: Battery, asset: Asset | None, *, as_of: date) -> tuple[str, ...]:
        """Return what of its use threatens a claim, a sentence each.

        `asset` says how it is polled; None where it is polled no more.

        Raises:
            StoreError: the journal cannot be read.
        """
        if battery.warranty.conditions == NO_CONDITIONS:
            return ()
        usage = self._usage(battery, asset)
        found = judge_conditions(battery, usage, as_of=as_of)
        return tuple(finding.text for finding in found if finding.standing.threatens)

    def _usage(self, battery: Battery, asset: Asset | None) -> Usage | None:
        limit_c = battery.warranty.conditions.temperature_c_max
        usage = self._account.of(battery.asset_id)
        if usage is not None and usage.to_s <= self._until_s and usage.limit_c == limit_c:
            return usage
        begins_s = self._history.begins_s(battery.asset_id, HOUR)
        if begins_s >= self._until_s:
            return None
        interval_s = asset.source.poll_interval_s if asset is not None else None
        return usage_of(
            self._journal,
            battery.asset_id,
            from_s=begins_s,
            to_s=self._until_s,
            temperature_c_max=limit_c,
            poll_interval_s=interval_s or _POLL_INTERVAL_S,
        )
