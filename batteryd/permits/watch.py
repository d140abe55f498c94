"""Watches the work orders that are not closed: which GO does not stand any more, and what to tell.

The command line writes to the same ledger from another process, so what is known of the orders is
read again whenever the audit chain has grown, and only then. Between two growths, everything that
can take a GO back is in the readings and in the passing of time.

Two alarms are about an order. Whether each should be active follows from the order alone, so they
are compared with what the ledger has: an order that a command revoked pages people as one that was
revoked here, and a crash between two writes mends itself.
"""

import logging
import traceback
from collections.abc import Iterable, Iterator, Mapping

from batteryd.clearance.decide import decide
from batteryd.domain.alarm import Alarm, AlarmEvent
from batteryd.domain.clearance import Clearance, Decision, Hold, HoldCode
from batteryd.domain.inventory import Inventory
from batteryd.domain.work import WorkOrder, WorkState
from batteryd.errors import StoreError
from batteryd.permits import alarms
from batteryd.permits.dossier import Dossier, read_dossier
from batteryd.permits.facts import Sight, facts_of, surroundings
from batteryd.permits.lifecycle import STANDING, has_begun
from batteryd.store.ledger import Ledger
from batteryd.store.records import CLEARANCES, WORK_ORDERS

_log = logging.getLogger(__name__)

TRACEBACK_LENGTH_MAX = 4000  # characters of it that a hold carries

Said = Mapping[tuple[str, str], Alarm]  # active alarms about work, by order and rule


class PermitWatch:
    """What is known of the orders, as of the last growth of the chain."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._seq = 0  # of the newest audit entry that was seen
        self._read_for: Inventory | None = None  # None: what is known has to be read again
        self._standing: tuple[Dossier, ...] = ()
        self._lost: dict[str, Clearance] = {}
        self.begun_around: frozenset[str] = frozenset()
        self.at_work: frozenset[str] = frozenset()  # the batteries of orders that are started

    def refresh(self, inventory: Inventory, *, now_s: float) -> tuple[AlarmEvent, ...]:
        """Read the orders again if anything has changed; return what people are to be told.

        Raises:
            StoreError: the ledger cannot be read; the next call tries again.
        """
        if not self._has_grown() and inventory is self._read_for:
            return ()
        self._read_for = None
        every = self._ledger.records.current(WORK_ORDERS).values()
        orders = {o.work_order_id: o for o in every if o.state is not WorkState.CLOSED}
        self._standing = self._read_standing(o for o in orders.values() if o.state in STANDING)
        standing = {dossier.order.work_order_id for dossier in self._standing}
        self._lost = {key: lost for key, lost in self._lost.items() if key in standing}
        self.begun_around = frozenset(
            asset_id
            for order in orders.values()
            if has_begun(order)
            for asset_id in surroundings(order, inventory=inventory)
        )
        self.at_work = frozenset(
            asset_id
            for order in orders.values()
            if order.state is WorkState.STARTED
            for asset_id in order.batteries
        )
        events = tuple(self._events(orders, inventory=inventory, now_s=now_s))
        self._read_for = inventory
        return events

    def lost(self, sight: Sight, *, now_s: float) -> tuple[Clearance, ...]:
        """Check every GO that stands again; return the decisions that take one back.

        A GO that was lost stays lost until that is written, even if the next reading is fine again.
        """
        for dossier in self._standing:
            order_id = dossier.order.work_order_id
            if order_id not in self._lost:
                clearance = _decided(dossier, sight=sight, now_s=now_s)
                if clearance.decision is Decision.HOLD:
                    self._lost[order_id] = clearance
        return tuple(self._lost.values())

    def _read_standing(self, orders: Iterable[WorkOrder]) -> tuple[Dossier, ...]:
        orders = tuple(orders)
        past = self._ledger.alarms(open_only=False) if orders else ()  # once, they may be many
        dossiers = (read_dossier(self._ledger, order, alarms=past) for order in orders)
        return tuple(dossier for dossier in dossiers if not dossier.work_has_ended)

    def _has_grown(self) -> bool:
        """Whether anything was recorded since the last call."""
        head, before = self._ledger.head(), self._seq
        self._seq = head.seq if head is not None else 0
        return self._seq != before

    def _events(
        self, orders: Mapping[str, WorkOrder], *, inventory: Inventory, now_s: float
    ) -> Iterator[AlarmEvent]:
        said = _said(self._ledger.alarms())
        for (order_id, _rule), alarm in said.items():
            why = _over_because(orders.get(order_id), alarm, inventory=inventory)
            if why:
                yield alarms.returned(alarm, why=why, at_s=now_s)
        for order in orders.values():
            yield from self._told(order, said, inventory=inventory, now_s=now_s)

    def _told(
        self, order: WorkOrder, said: Said, *, inventory: Inventory, now_s: float
    ) -> tuple[AlarmEvent, ...]:
        """Return what is new about an order; one that cannot be read costs itself alone."""
        try:
            return tuple(self._raised(order, said, inventory=inventory, now_s=now_s))
        except StoreError:
            raise
        except Exception:  # noqa: BLE001  outermost over one order; its GO is lost in `lost`
            _log.error("work order cannot be read order=%s", order.work_order_id, exc_info=True)
            return ()

    def _raised(
        self, order: WorkOrder, said: Said, *, inventory: Inventory, now_s: float
    ) -> Iterator[AlarmEvent]:
        order_id = order.work_order_id
        if order.state is WorkState.REVOKED and (order_id, alarms.REVOKED_RULE) not in said:
            clearance = self._ledger.records.one(CLEARANCES, order_id)
            yield alarms.revoked(order, clearance=clearance, inventory=inventory, at_s=now_s)
        uncovered = alarms.uncovered_on_its_day(order, inventory=inventory)
        told = said.get((order_id, alarms.OUT_OF_WARRANTY_RULE))
        if uncovered and (told is None or not alarms.tells_of(told, uncovered)):
            yield alarms.out_of_warranty(order, uncovered, inventory=inventory, at_s=now_s)


def _decided(dossier: Dossier, *, sight: Sight, now_s: float) -> Clearance:
    """Return the decision; a check that breaks decides too, because unknown opens no gate."""
    try:
        return decide(facts_of(dossier, sight=sight, as_of_s=now_s))
    except Exception as error:  # noqa: BLE001  outermost over one order: it must not end the watch
        order_id, what = dossier.order.work_order_id, f"{type(error).__name__}: {error}"
        text = f"{order_id} cannot be checked ({what})"
        evidence = {"traceback": traceback.format_exc()[-TRACEBACK_LENGTH_MAX:]}
        return Clearance(
            work_order_id=order_id,
            decision=Decision.HOLD,
            as_of_s=now_s,
            holds=(Hold(HoldCode.PERMIT_VOID, order_id, text, evidence),),
            warnings=(),
            accepted=(),
            impact=(),
            valid_until_s=None,
        )


def _said(found: Iterable[Alarm]) -> Said:
    return {
        (alarm.key.asset_id, alarm.key.rule): alarm
        for alarm in found
        if alarm.is_active and alarm.key.rule in alarms.RULES
    }


def _over_because(order: WorkOrder | None, alarm: Alarm, *, inventory: Inventory) -> str:
    """Return why an alarm about an order is over; empty while it is not."""
    if order is None:
        return f"{alarm.key.asset_id} is closed."
    if alarm.key.rule == alarms.REVOKED_RULE:
        return "" if order.state is WorkState.REVOKED else alarms.standing_text(order)
    uncovered = alarms.uncovered_on_its_day(order, inventory=inventory)
    return "" if alarms.tells_of(alarm, uncovered) else "What the warranty covers has changed."
