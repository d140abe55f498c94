"""One daemon a state directory: two would poll twice, alarm twice, and send each other's messages.

The kernel holds the lock for the process, so a daemon that was killed leaves none behind.
"""

import fcntl
from pathlib import Path
from typing import IO

from batteryd.errors import StoreError


def lock_state(state_dir: Path) -> IO[bytes]:
    """Take the directory; closing what is returned lets go of it.

    Raises:
        StoreError: another daemon has it.
    """
    lock = (state_dir / "lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StoreError(f"another batteryd is running on {state_dir}") from error
    return lock
