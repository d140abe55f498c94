"""The daemon's state as plain values, for `batteryd status` and for whoever watches the watcher."""

from collections.abc import Mapping
from dataclasses import asdict

import batteryd
from batteryd.app.inbox import Inbox
from batteryd.devices.poller import Poller
from batteryd.devices.traps import TrapReceiver
from batteryd.domain.snapshot import Snapshot
from batteryd.monitor import Monitor
from batteryd.notify.outbox import Outbox
from batteryd.store.influx import InfluxFollower


def state_of(
    *,
    started_at_s: float,
    now_s: float,
    monitor: Monitor,
    poller: Poller,
    traps: TrapReceiver | None,
    inbox: Inbox,
    outbox: Outbox,
    follower: InfluxFollower | None,
    trouble: tuple[str, ...],
) -> dict[str, object]:
    """Return everything, JSON-able."""
    return {
        "version": batteryd.__version__,
        "started_at_s": started_at_s,
        "now_s": now_s,
        "inventory_revision": monitor.watching.inventory.revision,
        "rules_sha256": monitor.watching.rulebook.sha256,
        "trouble": list(trouble),
        "polls": asdict(poller.counters),
        "traps": None if traps is None else traps.counters,
        "snapshots": asdict(monitor.counters) | {"dropped": inbox.dropped},
        "outbox": asdict(outbox.counters),
        "influx": None
        if follower is None
        else asdict(follower.counters)
        | {"lag_rows": follower.lag_rows, "trouble": follower.trouble},
        "assets": [
            _asset(asset_id, monitor.latest, monitor.last_good, now_s=now_s)
            for asset_id in poller.devices
        ],
    }


def _asset(
    asset_id: str, latest: Mapping[str, Snapshot], good: Mapping[str, Snapshot], *, now_s: float
) -> dict[str, object]:
    last, last_good = latest.get(asset_id), good.get(asset_id)
    return {
        "asset_id": asset_id,
        "age_s": None if last_good is None else round(now_s - last_good.observed_at_s, 1),
        "failure": None if last is None else last.failure,
    }
