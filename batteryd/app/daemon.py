"""The composition root: every part is made here, once, and handed what it needs.

    event loop      polls, pages, channels, signals
    monitor thread  journal, rules, ledger: one cycle after the other
    influx thread   the follower, where InfluxDB is configured

`run` lives from the first poll to the last commit. It is one straight function on purpose: the
order in which parts start and stop is the order of its lines.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TypeVar

from batteryd.app.evidence import Evidence
from batteryd.app.health import CATCH_UP_EVERY_S, HealthWatch
from batteryd.app.housekeeping import Housekeeping, Job
from batteryd.app.inbox import Inbox
from batteryd.app.learning import SLICE_S, Learning
from batteryd.app.lock import lock_state
from batteryd.app.mail import Mail
from batteryd.app.pace import Pace
from batteryd.app.progress import Progress
from batteryd.app.registered import RegisteredInventory
from batteryd.app.reports import Reports
from batteryd.app.server import PageServer
from batteryd.app.sights import Sights
from batteryd.app.signals import Signals
from batteryd.app.status import state_of
from batteryd.clock import Clock
from batteryd.devices.build import Fleet, LinkOptions
from batteryd.devices.device import PolledDevice
from batteryd.devices.poller import Poller
from batteryd.devices.traps import TrapOptions, TrapReceiver
from batteryd.domain.alarm import AlarmEvent
from batteryd.errors import ConfigError, StoreError
from batteryd.monitor import Listener, Monitor, Watching
from batteryd.notify.channel import Channel
from batteryd.notify.channels.registry import build_channels
from batteryd.rules.engine import TICK_GAP_S, Engine
from batteryd.rules.kind import Subject
from batteryd.settings.load import Configuration
from batteryd.store.cursors import INFLUX, ROLLUP
from batteryd.store.disk import DiskReserve
from batteryd.store.health import HEALTH_FILE, HealthStore
from batteryd.store.influx import InfluxFollower
from batteryd.store.influx_write import InfluxWriter
from batteryd.store.journal import Journal
from batteryd.store.journal_file import open_or_set_aside
from batteryd.store.learned import LEARNED_FILE, LearnedStore
from batteryd.store.ledger import Ledger
from batteryd.store.line_protocol import LineEncoder, Place
from batteryd.store.retention import NOTHING, Retention
from batteryd.store.rollup import Rollup
from batteryd.store.trend import Trend
from batteryd.store.usage_account import UsageAccount
from batteryd.systemd import ServiceManager
from batteryd.web.pages import create_app

_log = logging.getLogger(__name__)

T = TypeVar("T")

POLL_DRAIN_S = 2.0  # of the 5 s that a stop may take
THREAD_JOIN_S = 1.5
SEAL_S = 1.0


async def run(  # noqa: C901, PLR0915  one straight line, as the module's docstring says
    configuration: Configuration,
    *,
    clock: Clock,
    signals: Signals,
    load: Callable[[], Configuration],
    manager: ServiceManager,
    listener: Listener | None = None,
    when_ready: Callable[[str | None], None] = lambda _url: None,
) -> None:
    """Watch until `signals.stop` is set, then drain within five seconds.

    Args:
        configuration: what to begin with; its settings hold until the end.
        clock: the daemon's whole sense of time.
        signals: set by signal handlers, or by a test.
        load: reads the configuration again for a reload; ConfigError keeps the old one.
        manager: who is told of readiness and life.
        listener: hears of every recorded alarm, in the monitor's thread.
        when_ready: called once, with the page's address if there is a page.

    Raises:
        StoreError: the ledger cannot be used. It is evidence, so nothing starts without it. Or
            another daemon runs on the same state.
        ConfigError: the page's address, or the port of the traps, cannot be had.
    """
    settings = configuration.settings
    state_dir = settings.daemon.state_dir
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o750)
    lock = lock_state(state_dir)
    started_at_s = clock.now_s()
    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="monitor")

    async def in_thread(work: Callable[[], T]) -> T:
        return await loop.run_in_executor(thread, work)

    # What remembers.
    ledger = Ledger(state_dir / "ledger.db")
    reserve = DiskReserve(state_dir, size_bytes=settings.journal.limits.reserve_bytes)
    journal = Journal(
        open_or_set_aside(state_dir / "journal.db", now_s=started_at_s), reserve=reserve
    )
    follower = _follower(configuration, journal, clock, lambda: monitor)
    followers = (ROLLUP, INFLUX) if follower else (ROLLUP,)

    learned = LearnedStore.open_or_set_aside(state_dir / LEARNED_FILE, now_s=started_at_s)
    health_points = HealthStore.open_or_set_aside(state_dir / HEALTH_FILE, now_s=started_at_s)

    # What is kept for later. The files first, as what they say is then in the register.
    account = UsageAccount(journal, ledger)
    evidence = Evidence(ledger, account=account, state_dir=state_dir, clock=clock)
    await in_thread(partial(evidence.take_inventory, configuration.inventory))

    # What thinks.
    registered = RegisteredInventory(ledger.records)
    watching = _watching(configuration, registered, now_s=started_at_s)
    engine = Engine(
        watching.rulebook,
        watching.inventory.assets.values(),
        unpolled=Subject.unpolled_of(watching.inventory),
        tick_gap_s=TICK_GAP_S * max(1.0, clock.rate),
    )
    monitor = Monitor(watching, engine=engine, journal=journal, ledger=ledger, listener=listener)
    learning = Learning(
        engine,
        store=learned,
        records=ledger.records,
        journal=journal,
        clock=clock,
        tell=lambda ends: monitor.record(ends, now_s=clock.now_s()),
    )
    health = HealthWatch(
        store=health_points, journal=journal, limits=settings.health.limits, clock=clock
    )
    health.follow(watching.inventory.assets)

    # What reads, tells and shows.
    inbox = Inbox()
    fleet = Fleet(clock=clock, options=_options(configuration))
    poller = Poller(
        _devices(fleet, configuration),
        sink=inbox.put,
        nameplate_sink=inbox.put_nameplate,
        clock=clock,
        in_flight_max=settings.poll.in_flight_max,
    )
    traps = _traps(configuration, poller, clock=clock)
    mail = Mail(ledger, clock=clock)
    reports = Reports(configuration, ledger, journal, channels=lambda: mail.channels, clock=clock)

    def trouble() -> tuple[str, ...]:
        return (*monitor.trouble, *evidence.trouble, *reports.trouble, *housekeeping.trouble)

    progress = Progress(clock=clock, poll_s_max=_poll_s_max(configuration, clock=clock))
    server = None
    if settings.web.enabled:
        sights = Sights(
            monitor=monitor, ledger=ledger, trend=Trend(journal), clock=clock,
            account=account, nameplates=inbox.nameplates, trouble=trouble,
            health_points=health_points, health_limits=settings.health.limits,
        )  # fmt: skip
        pages = create_app(
            overview=sights.overview,
            battery=sights.battery,
            work=sights.work,
            status=lambda: state_of(
                started_at_s=started_at_s, now_s=clock.now_s(), monitor=monitor, poller=poller,
                traps=traps, inbox=inbox, outbox=mail.outbox, follower=follower, trouble=trouble(),
            ),
        )  # fmt: skip
        server = PageServer(pages, host=settings.web.host, port=settings.web.port)

    # What is done now and then.
    def record(events: Iterable[AlarmEvent]) -> None:
        monitor.record(events, now_s=clock.now_s())

    def assess_warranties() -> None:
        monitor.assess_warranties(now_s=clock.now_s())

    def follow_register() -> None:
        renewed = registered.renewed(now_s=clock.now_s())
        if renewed is not None:
            monitor.watching = replace(monitor.watching, inventory=renewed)
            assess_warranties()

    def judge_use() -> int:
        return evidence.judge_use(monitor.watching.inventory, record)

    def hold_to_limits() -> bool:
        return retention.step(clock.now_s()) != NOTHING

    rollup = Rollup(journal)
    retention = Retention(journal, settings.journal.limits, followers=followers)
    seal = partial(evidence.seal, anchor=settings.audit.anchor_file)
    housekeeping = Housekeeping(
        (
            Job("follow the register", 5.0, follow_register),
            Job("heed resets", 5.0, learning.heed_resets),
            Job("keep what was learned", SLICE_S, learning.keep_some),
            Job("catch up with health", CATCH_UP_EVERY_S, health.catch_up),
            Job("assess warranties", 600.0, assess_warranties),
            Job("end shelf times", 30.0, lambda: monitor.end_shelf_times(now_s=clock.now_s())),
            Job("roll up", 60.0, rollup.step, in_pieces=True),
            Job("hold to limits", 300.0, hold_to_limits, in_pieces=True),
            Job("keep nameplates", 60.0, lambda: evidence.take_nameplates(inbox.nameplates)),
            Job("judge use", 3600.0, judge_use, in_pieces=True),
            Job("seal the audit chain", settings.audit.checkpoint_interval_s, seal, may_hang=True),
            Job("tell of the seal", 60.0, lambda: evidence.tell_of_seal(record)),
        ),
        clock=clock,
        in_thread=in_thread,
    )
    pace = Pace(poller, interval_s_min=settings.clearance.poll_interval_s_min)

    async def cycle() -> None:
        while True:
            now_s, snapshots = clock.now_s(), inbox.take()
            await in_thread(partial(monitor.step, snapshots, now_s=now_s))
            await in_thread(partial(health.take, snapshots))
            pace.follow(monitor.orders_started)
            progress.cycle_ended(polls=inbox.received)
            await clock.sleep(settings.journal.commit_interval_s * clock.rate)

    async def reload() -> None:
        while True:
            await signals.reload.wait()
            signals.reload.clear()
            manager.reloading(monotonic_s=clock.monotonic_s())
            await take_over(await asyncio.to_thread(_loaded, load))
            manager.ready()

    async def take_over(new: Configuration | None) -> None:
        if new is None:
            return
        try:
            channels = _channels(new)
        except OSError as error:
            _log.error("configuration not reloaded certificate=%r", str(error))
            return
        devices = _devices(fleet, new)
        now_s = clock.now_s()
        await in_thread(partial(evidence.take_inventory, new.inventory))
        watched = await in_thread(partial(_watching, new, registered, now_s=now_s))
        await in_thread(partial(monitor.reload, watched, now_s=now_s))
        await in_thread(partial(learning.recall, watched.inventory.assets, watched.rulebook))
        await in_thread(partial(health.follow, watched.inventory.assets))
        await in_thread(assess_warranties)
        reports.configuration = new
        await poller.replace(devices)
        await _hear(traps, new)
        await mail.begin(channels)
        progress.poll_s_max = _poll_s_max(new, clock=clock)
        _log.warning("configuration reloaded assets=%d", len(devices))

    async def feed_watchdog() -> None:
        while True:
            stuck = progress.stuck()
            if stuck is None:
                manager.alive()
            counters = poller.counters
            manager.status(
                f"{len(poller.devices)} assets, {counters.polls} polls, {counters.failed} failed, "
                f"{counters.missed} missed" + (f"; STUCK: {stuck}" if stuck else "")
            )
            await asyncio.sleep(min(5.0, (manager.watchdog_s or 30.0) / 3))  # noqa: TID251  real time

    # Start: memory first, then the rules, then people, then devices.
    stop_follower = threading.Event()
    follower_thread = None
    if follower is not None:
        follower_thread = threading.Thread(
            target=follower.run, args=(stop_follower,), name="influx", daemon=True
        )
        follower_thread.start()
    await in_thread(partial(monitor.restore, now_s=clock.now_s()))
    await in_thread(partial(learning.recall, watching.inventory.assets, watching.rulebook))
    await in_thread(assess_warranties)
    await in_thread(partial(ledger.outbox.release, now_s=clock.now_s()))
    await mail.begin(_channels(configuration))
    housekeeping.start()
    poller.start()
    await _hear(traps, configuration)
    tasks = [
        loop.create_task(work, name=name)
        for name, work in (
            ("cycle", cycle()),
            ("reload", reload()),
            ("watchdog", feed_watchdog()),
            ("reports", reports.run()),
        )
    ]
    if server is not None:
        tasks.append(loop.create_task(server.run(), name="pages"))
    first_seal = loop.create_task(asyncio.to_thread(seal), name="first seal")  # it may hang
    manager.ready()
    _log.warning("batteryd watches assets=%d page=%s", len(poller.devices), server and server.url)
    when_ready(server.url if server else None)

    # Live until somebody says stop, or a loop that should never end does.
    stopping = loop.create_task(signals.stop.wait(), name="stop")
    try:
        await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
    finally:
        # Stop in reverse: no new polls, a last cycle, then the messages, then the files.
        manager.stopping()
        if server is not None:
            server.stop()
        housekeeping.stop()
        if traps is not None:
            await traps.end()
        await poller.stop(drain_s=POLL_DRAIN_S)
        failed = await _cancelled(tasks, stopping)
        with contextlib.suppress(StoreError):
            await in_thread(partial(monitor.step, inbox.take(), now_s=clock.now_s()))
        with contextlib.suppress(StoreError):
            await in_thread(learning.keep_all)
        await mail.end()
        first_seal.cancel()
        with contextlib.suppress(TimeoutError):  # a mount that hangs must not keep us from stopping
            await asyncio.wait_for(asyncio.to_thread(seal), SEAL_S)
        stop_follower.set()
        if follower_thread is not None:
            await asyncio.to_thread(follower_thread.join, THREAD_JOIN_S)
        thread.shutdown(wait=True)
        learned.close()
        health_points.close()
        journal.file.close()
        ledger.close()
        lock.close()
    if failed is not None:
        raise failed


def _channels(configuration: Configuration) -> Mapping[str, Channel]:
    notify = configuration.notify
    return build_channels(notify.routing, secrets=notify.secrets)


def _watching(
    configuration: Configuration, registered: RegisteredInventory, *, now_s: float
) -> Watching:
    return Watching(
        registered.take(configuration.inventory, now_s=now_s),
        configuration.rulebook,
        configuration.notify.routing,
        limits=configuration.settings.clearance.limits,
    )


def _devices(fleet: Fleet, configuration: Configuration) -> tuple[PolledDevice, ...]:
    return fleet.devices(
        configuration.inventory.assets.values(),
        profiles=configuration.profiles,
        credentials=configuration.credentials,
    )


def _traps(configuration: Configuration, poller: Poller, *, clock: Clock) -> TrapReceiver | None:
    traps = configuration.settings.traps
    if not traps.enabled:
        return None
    options = TrapOptions(host=traps.host, port=traps.port, interval_s=traps.interval_s)
    return TrapReceiver(options, poll_now=poller.poll_now, clock=clock)


async def _hear(traps: TrapReceiver | None, configuration: Configuration) -> None:
    if traps is not None:
        assets = configuration.inventory.assets.values()
        await traps.begin(assets, credentials=configuration.credentials.values())


def _options(configuration: Configuration) -> LinkOptions:
    poll = configuration.settings.poll
    return LinkOptions(
        deadline_s=poll.deadline_s,
        modbus_connect_timeout_s=poll.modbus_connect_timeout_s,
        modbus_timeout_s=poll.modbus_timeout_s,
        snmp_timeout_s=poll.snmp_timeout_s,
        snmp_engine=poll.snmp_engine,
    )


def _poll_s_max(configuration: Configuration, *, clock: Clock) -> float:
    """Return how long no poll may end before something is wrong; 0 where nothing is polled."""
    intervals_s = [
        a.source.poll_interval_s or 10.0 for a in configuration.inventory.assets.values()
    ]
    if not intervals_s:
        return 0.0
    return 3 * min(intervals_s) / clock.rate + configuration.settings.poll.deadline_s + 30.0


def _follower(
    configuration: Configuration, journal: Journal, clock: Clock, monitor: Callable[[], Monitor]
) -> InfluxFollower | None:
    influx = configuration.settings.influx
    if not influx.enabled:
        return None

    def place_of(asset_id: str) -> Place:
        asset = monitor().watching.inventory.assets.get(asset_id)
        return Place() if asset is None else Place(asset.site_id, asset.room_id)

    encoder = LineEncoder(place_of)
    return InfluxFollower(journal, InfluxWriter(influx.target), encoder=encoder, clock=clock)


def _loaded(load: Callable[[], Configuration]) -> Configuration | None:
    """Read the configuration again; what is wrong with it is told, and the old one goes on."""
    try:
        return load()
    except ConfigError as error:
        for mistake in error.mistakes:
            _log.error("configuration not reloaded mistake=%r", str(mistake))
        return None


async def _cancelled(
    tasks: list[asyncio.Task[None]], stopping: asyncio.Task[bool]
) -> BaseException | None:
    """End the loops; return what one of them died of, if one did."""
    failed = next((t.exception() for t in tasks if t.done() and not t.cancelled()), None)
    stopping.cancel()
    for task in tasks:
        if task.get_name() != "pages":
            task.cancel()
    await asyncio.wait([stopping, *tasks], timeout=2.0)
    return failed
