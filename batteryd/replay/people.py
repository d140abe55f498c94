"""What people did around a battery, as the ledger has it: work near it, and resets."""

from collections.abc import Iterable, Iterator

from batteryd.domain.inventory import Inventory
from batteryd.domain.work import WorkOrder, WorkState
from batteryd.permits.facts import surroundings
from batteryd.permits.lifecycle import has_begun
from batteryd.replay.past import Past, Turn
from batteryd.store.learned import LearningReset
from batteryd.store.records import Revision


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
