"""Keeps the garbage collector away from what lives as long as the daemon.

Ten thousand devices are a quarter of a million objects. Python's collector would look through all
of them again after every few thousand polls, 70 ms each time, while polls are due (measured: 4 of
15 % of a core, and a start lag of 80 ms where it is 30 ms without). Nothing is lost: what is frozen
is still freed when nobody refers to it any more, and only cycles wait for the next settling.
"""

import gc

SETTLE_AFTER_S = 20.0  # real seconds after a start or a reload: by then every session is open


def settle() -> None:
    """Collect once, and then regard everything that is left as permanent."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
