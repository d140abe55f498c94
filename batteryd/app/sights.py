"""What the pages show, gathered from all that the daemon knows at this moment.

Everything is asked anew for each request: what a page shows is never older than the page. A work
order that is not closed is checked again then; that decides nothing and writes nothing, it only
says what the checks would say now.
"""

from collections import ChainMap
from collections.abc import Callable, Mapping
from functools import partial

from batteryd.app.charts import charts_of
from batteryd.app.peers import pictures_of
from batteryd.clearance.decide import decide
from batteryd.clock import Clock
from batteryd.domain.alarm import Priority
from batteryd.domain.conditions import Usage
from batteryd.domain.inventory import Asset, Battery
from batteryd.domain.nameplate import UNKNOWN_NAMEPLATE, Nameplate
from batteryd.domain.work import WorkOrder, WorkState
from batteryd.errors import StoreError
from batteryd.health.limits import HealthLimits
from batteryd.health.statement import HealthFacts, HealthStatement, state_health
from batteryd.monitor import Monitor
from batteryd.permits.dossier import Dossier, read_dossier
from batteryd.permits.facts import Sight, facts_of
from batteryd.rules.kind import Subject
from batteryd.rules.limit_settings import LimitSettings
from batteryd.rules.rulebook import RuleBook
from batteryd.store.health import HealthStore
from batteryd.store.ledger import Ledger
from batteryd.store.records import CLEARANCES, FINDINGS, WORK_ORDERS
from batteryd.store.trend import Trend
from batteryd.store.usage_account import UsageAccount
from batteryd.warranty.conditions import judge_conditions
from batteryd.web.battery import BatteryFacts, BatteryView, build_battery
from batteryd.web.chart import ChartSpan
from batteryd.web.look import Look, TemperatureScale, most_urgent_first
from batteryd.web.order import Decided
from batteryd.web.overview import Facts, Overview, build_overview
from batteryd.web.work import Step, WorkFacts, WorkView, build_work

MESSAGES_SHOWN = 20
PICTURES_SHOWN = 4  # of alarms on a battery's page

_WITHOUT_RULES = TemperatureScale(40.0, 50.0)


class Sights:
    """Answers for the pages; every method may be called in any thread."""

    def __init__(
        self,
        *,
        monitor: Monitor,
        ledger: Ledger,
        trend: Trend,
        account: UsageAccount,
        nameplates: Mapping[str, Nameplate],
        health_points: HealthStore,
        health_limits: HealthLimits,
        trouble: Callable[[], tuple[str, ...]],
        clock: Clock,
    ) -> None:
        self._monitor = monitor
        self._ledger = ledger
        self._trend = trend
        self._account = account
        self._nameplates = nameplates
        self._health_points = health_points
        self._health_limits = health_limits
        self._trouble = trouble
        self._clock = clock

    def overview(self) -> Overview:
        """Return the page of everything."""
        now_s = self._clock.now_s()
        facts = Facts(
            look=self._look(),
            messages=self._ledger.notifications(limit=MESSAGES_SHOWN),
            findings=tuple(self._ledger.records.current(FINDINGS).values()),
            orders=self._open_orders(now_s=now_s),
            trouble=self._trouble(),
        )
        return build_overview(facts, now_s=now_s)

    def battery(self, asset_id: str) -> BatteryView | None:
        """Return the page of one battery; None where the register does not have it."""
        now_s, look = self._clock.now_s(), self._look()
        battery = look.inventory.batteries.get(asset_id)
        if battery is None:
            return None
        usage = self._account.of(asset_id)
        facts = BatteryFacts(
            look=look,
            nameplate=self._nameplates.get(asset_id, UNKNOWN_NAMEPLATE),
            usage=usage,
            conditions=judge_conditions(
                battery, usage, as_of=look.day(battery.room_id, now_s=now_s)
            ),
            findings=tuple(self._ledger.records.current(FINDINGS).values()),
            orders=self._open_orders(now_s=now_s),
            charts=self._charts(asset_id, now_s=now_s),
            pictures=self._pictures(asset_id, look, now_s=now_s),
            health=self._health(battery, look, usage, now_s=now_s),
        )
        return build_battery(facts, asset_id, now_s=now_s)

    def work(self, work_order_id: str) -> WorkView | None:
        """Return the page of one work order; None where there is none."""
        now_s, records = self._clock.now_s(), self._ledger.records
        order = records.one(WORK_ORDERS, work_order_id)
        if order is None:
            return None
        dossier = read_dossier(self._ledger, order)
        facts = WorkFacts(
            look=self._look(),
            decided=self._decided(dossier, now_s=now_s),
            attestations=dossier.attestations,
            acceptances=dossier.acceptances,
            history=tuple(
                Step(r.at_s, r.actor, r.action, r.value.state.value, r.comment)
                for r in records.history(WORK_ORDERS, work_order_id)
            ),
        )
        return build_work(facts, now_s=now_s)

    def _look(self) -> Look:
        watching = self._monitor.watching
        return Look(
            inventory=watching.inventory,
            latest=self._monitor.latest,
            last_good=self._monitor.last_good,
            alarms=self._ledger.alarms(),
            assessments=self._monitor.assessments,
            scale_of=partial(scale_of, watching.rulebook),
        )

    def _open_orders(self, *, now_s: float) -> tuple[Decided, ...]:
        every: Mapping[str, WorkOrder] = self._ledger.records.current(WORK_ORDERS)
        orders = tuple(o for o in every.values() if o.state is not WorkState.CLOSED)
        past = self._ledger.alarms(open_only=False) if orders else ()  # once, they may be many
        return tuple(
            self._decided(read_dossier(self._ledger, order, alarms=past), now_s=now_s)
            for order in orders
        )

    def _decided(self, dossier: Dossier, *, now_s: float) -> Decided:
        """Return what the checks say now; of work that is over, what they said last."""
        order = dossier.order
        if order.state is WorkState.CLOSED:
            return Decided(order, self._ledger.records.one(CLEARANCES, order.work_order_id))
        watching, monitor = self._monitor.watching, self._monitor
        newest = ChainMap(monitor.last_good, monitor.latest)
        sight = Sight(watching.inventory, newest, watching.limits)
        return Decided(order, decide(facts_of(dossier, sight=sight, as_of_s=now_s)))

    def _charts(self, asset_id: str, *, now_s: float) -> tuple[ChartSpan, ...]:
        seen = self._monitor.last_good.get(asset_id)
        if seen is None:
            return ()
        return charts_of(self._trend, asset_id, seen.layout, now_s=now_s)

    def _pictures(self, asset_id: str, look: Look, *, now_s: float) -> tuple[ChartSpan, ...]:
        seen, asset = self._monitor.last_good.get(asset_id), look.inventory.assets.get(asset_id)
        if seen is None or asset is None:
            return ()
        alarms = most_urgent_first(a for a in look.alarms if a.key.asset_id == asset_id)
        return pictures_of(
            self._trend, alarms, asset, seen.layout, now_s=now_s, count_max=PICTURES_SHOWN
        )

    def _health(
        self, battery: Battery, look: Look, usage: Usage | None, *, now_s: float
    ) -> HealthStatement | None:
        """Return what is known of its health; None where the points cannot be read now."""
        asset_id = battery.asset_id
        try:
            points = self._health_points.of(asset_id)
        except StoreError:
            return None
        facts = HealthFacts(
            battery,
            asset=look.inventory.assets.get(asset_id),
            points=points,
            last_good=self._monitor.last_good.get(asset_id),
            usage=usage,
            limits=self._health_limits,
        )
        return state_health(facts, now_s=now_s)


def scale_of(rulebook: RuleBook, asset: Asset) -> TemperatureScale:
    """Return an asset's own setpoints for temperature."""
    for rule in rulebook.effective(Subject.of(asset)):
        settings = rule.settings
        if not isinstance(settings, LimitSettings) or settings.direction != "high":
            continue
        numbers = settings.setpoint.by_priority
        if "temperature_c" in settings.quantities and numbers:
            critical_c = numbers.get(Priority.CRITICAL, max(numbers.values()))
            return TemperatureScale(min(numbers.values()), critical_c)
    return _WITHOUT_RULES
