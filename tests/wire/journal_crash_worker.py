"""Appends to a journal and rolls it up until it is killed; says each row that was acknowledged.

It rolls up more slowly than it appends, so it is killed in the middle of a round.
"""

import sys
from pathlib import Path

from batteryd.store.rollup import Rollup
from tests.builders import NOON_S, make_snapshot
from tests.journals import open_journal

journal = open_journal(Path(sys.argv[1]))
rollup = Rollup(journal, rows_max=3)
number = journal.last_row()
while number < 1_000_000:
    # The first value of a row says which row it must become.
    batch = [
        make_snapshot(f"rack-{n % 3}", at_s=NOON_S + n, values={"-:soc_pct": float(n % 1000)})
        for n in range(number + 1, number + 8)
    ]
    number = journal.append(batch)
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()
    rollup.step()
