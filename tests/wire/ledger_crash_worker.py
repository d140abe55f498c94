"""Writes into a ledger until it is killed; says each number that was acknowledged."""

import sys
from pathlib import Path

from batteryd.domain.notification import NewNotification
from batteryd.store.ledger import Ledger
from tests.builders import NOON_S, make_alarm

ledger = Ledger(Path(sys.argv[1]))
for number in range(1_000_000):
    alarm = make_alarm(make_alarm().key._replace(asset_id=f"rack-{number % 7}"))
    told = [NewNotification(c, str(alarm.key), {"n": number}) for c in ("pager", "mail", "log")]
    with ledger.transaction(NOON_S + number) as tx:
        event_id = tx.record(
            alarm, action="raised", reason="first_time", actor="batteryd", at_s=NOON_S,
            notifications=told,
        )  # fmt: skip
    sys.stdout.write(f"{event_id}\n")
    sys.stdout.flush()
