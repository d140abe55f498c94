"""What people did around a battery during a stretch of the journal, as the ledger has it.

Where work had begun, limits were tighter and nothing was learned; where somebody had learned state
forgotten, it was learned anew from then on. A replay that left either out would say what would not
have been said.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import inf
from typing import NamedTuple

from batteryd.domain.inventory import Inventory
from batteryd.domain.work import WorkOrder, WorkState
from batteryd.permits.facts import surroundings
from batteryd.permits.lifecycle import has_begun
from batteryd.store.learned import LearningReset
from batteryd.store.records import Revision


class Turn(NamedTuple):
    """From an instant on, people work on the battery or near it, or do so no more."""

    at_s: float
    is_at_work: bool


class Past(NamedTuple):
    """What happened to one battery, both in the order of time."""

    turns: tuple[Turn, ...] = ()
    resets_s: tuple[float, ...] = ()

    def at_work_s(self, from_s: float, to_s: float) -> float:
        """Return for how much of a stretch people worked there."""
        ends = (*self.turns, Turn(inf, is_at_work=False))
        return sum(
            max(0.0, min(to_s, after.at_s) - max(from_s, turn.at_s))
            for turn, after in pairwise(ends)
            if turn.is_at_work
        )


NOTHING = Past()


def past_of(
    asset_id: str,
    *,
    orders: Iterable[Revision[WorkOrder]],
    resets: Iterable[Revision[LearningReset]],
    inventory: Inventory,
) -> Past:
    """Return what happened to a battery; all revisions in the order of their recording."""
    return Past(
        turns=tuple(_turns(asset_id, orders, inventory)),
        resets_s=tuple(reset.at_s for reset in resets if reset.record_id == asset_id),
    )


def _turns(
    asset_id: str, orders: Iterable[Revision[WorkOrder]], inventory: Inventory
) -> Iterator[Turn]:
    begun: set[str] = set()  # orders that people work on, here or near
    for revision in orders:
        was_at_work, order = bool(begun), revision.value
        is_near = asset_id in surroundings(order, inventory=inventory)
        if is_near and has_begun(order) and order.state is not WorkState.CLOSED:
            begun.add(order.work_order_id)
        else:
            begun.discard(order.work_order_id)
        if bool(begun) is not was_at_work:
            yield Turn(revision.at_s, is_at_work=bool(begun))
