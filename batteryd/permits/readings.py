"""The last good reading of every asset, as the journal has it: what a check sees without a daemon.

A daemon that is dead leaves old readings, and an old reading holds. Nothing here waits for a poll.
"""

from collections.abc import Iterable

from batteryd.domain.snapshot import Snapshot
from batteryd.store.journal import Journal

# How far back a good reading is looked for behind failed polls. Older ones prove nothing anyway;
# this much makes "last read 40 min ago" of "never read".
LOOKBACK_S = 3600.0


def last_good(journal: Journal, asset_ids: Iterable[str], *, now_s: float) -> dict[str, Snapshot]:
    """Return the newest reading that did not fail, by asset id; an asset without one is left out.

    Raises:
        StoreError: the journal cannot be read.
    """
    wanted = frozenset(asset_ids)
    newest = {asset_id: s for asset_id, s in journal.latest().items() if asset_id in wanted}
    found = {asset_id: s for asset_id, s in newest.items() if not s.is_failed}
    for asset_id in newest.keys() - found.keys():
        before = journal.read(asset_id, now_s - LOOKBACK_S, newest[asset_id].observed_at_s)
        good = [s for s in before if not s.is_failed]
        if good:
            found[asset_id] = good[-1]
    return found
