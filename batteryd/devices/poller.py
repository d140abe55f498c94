"""Polls every asset at its interval, evenly spread, for as long as the daemon lives.

    Timetable --slot is due--> Poller --one task a device--> PolledDevice.poll --> sink(Snapshot)

A slot's devices start together; which slot a device is in depends on its asset id and interval
alone. So `replace` can take a new inventory while polls run: a device that stayed keeps its
connection, its phase and its running poll, and only what came or went is touched.

Intervals are seconds of the daemon's clock, slots are real: the demo's clock runs fast, and its
polls follow.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from batteryd.clock import Clock, SystemClock
from batteryd.devices.counters import PollCounters, Tally
from batteryd.devices.device import PolledDevice
from batteryd.devices.flight import Flight
from batteryd.devices.settle import SETTLE_AFTER_S, settle
from batteryd.devices.slots import Slot, slot_of
from batteryd.devices.timetable import Timetable
from batteryd.domain.nameplate import Nameplate
from batteryd.domain.snapshot import Snapshot

IN_FLIGHT_MAX = 4096  # 10,000 devices that time out after 2 s, every 10 s, are 2,000 in flight
DRAIN_S = 5.0

SnapshotSink = Callable[[Snapshot], None]
NameplateSink = Callable[[str, Nameplate], None]


class Poller:
    """Starts polls when they are due and hands on what they end in.

    Sinks are called on the event loop and must return at once; a queue behind one needs a bound of
    its own.
    """

    def __init__(
        self,
        devices: Iterable[PolledDevice],
        *,
        sink: SnapshotSink,
        nameplate_sink: NameplateSink,
        clock: Clock,
        wall: Clock | None = None,
        in_flight_max: int = IN_FLIGHT_MAX,
    ) -> None:
        self._sink = sink
        self._nameplate_sink = nameplate_sink
        self._clock = clock
        self._tally = Tally()
        self._flight = Flight(in_flight_max=in_flight_max)
        self._timetable = Timetable(self._fire, wall=wall or SystemClock())
        self._devices: dict[str, PolledDevice] = {}
        self._groups: dict[Slot, _Group] = {}
        self._slot_by_asset: dict[str, Slot] = {}
        self._interval_s_override: dict[str, float] = {}
        self._settling: asyncio.TimerHandle | None = None
        for device in devices:
            self._enrol(device)

    @property
    def devices(self) -> Mapping[str, PolledDevice]:
        """Return what is polled at present, by asset id."""
        return self._devices

    @property
    def counters(self) -> PollCounters:
        """Return the counters as they stand."""
        return self._tally.read(in_flight=len(self._flight))

    @property
    def missed_by_asset(self) -> Mapping[str, int]:
        """Return how many polls each asset missed; one that missed none is not in it."""
        return self._tally.missed_by_asset

    def start(self) -> None:
        """Begin to poll; needs a running event loop."""
        self._timetable.start()
        self._settle_later()

    async def stop(self, *, drain_s: float = DRAIN_S) -> None:
        """Begin no more polls, give the running ones `drain_s` real seconds, close all links."""
        self._timetable.stop()
        if self._settling is not None:
            self._settling.cancel()
        await self._retire(tuple(self._devices.values()), drain_s=drain_s)

    async def replace(self, devices: Sequence[PolledDevice], *, drain_s: float = DRAIN_S) -> None:
        """Poll these devices from now on; return when those that left are closed.

        A device stays when it is the same object as before. One that is new under an old asset id
        takes over at the next slot, while the last poll of its predecessor may still be running.
        """
        wanted = {device.asset_id: device for device in devices}
        leaving = [d for d in self._devices.values() if wanted.get(d.asset_id) is not d]
        arriving = [d for d in wanted.values() if self._devices.get(d.asset_id) is not d]
        for device in leaving:
            self._dismiss(device)
        for device in arriving:
            self._enrol(device)
        self._tally.keep(wanted)
        self._settle_later()
        await self._retire(leaving, drain_s=drain_s)

    async def poll_now(self, asset_id: str) -> Snapshot:
        """Poll one asset at once and return its snapshot, which reaches the sink as well.

        A poll that is already running is waited for instead. A person is waiting, so neither the
        bound of polls in flight nor a back-off holds this one up.

        Raises:
            KeyError: there is no such asset.
        """
        device = self._devices[asset_id]
        task = self._flight.task_of(device)
        if task is None:
            task = self._flight.begin(device, self._poll(device, is_urgent=True))
        return await asyncio.shield(task)

    def override_interval(self, asset_id: str, *, interval_s: float | None) -> None:
        """Poll an asset at another interval until told otherwise; None: as configured again.

        The override outlives `replace`.

        Raises:
            KeyError: there is no such asset.
        """
        device = self._devices[asset_id]
        if interval_s is None:
            self._interval_s_override.pop(asset_id, None)
        else:
            self._interval_s_override[asset_id] = interval_s
        self._dismiss(device)
        self._enrol(device)

    def _enrol(self, device: PolledDevice) -> None:
        interval_s = self._interval_s_override.get(device.asset_id, device.interval_s)
        slot = slot_of(device.asset_id, period_s=interval_s / self._clock.rate)
        if slot not in self._groups:
            self._groups[slot] = _Group()
            self._timetable.use(slot)
        self._groups[slot].devices[device.asset_id] = device
        self._slot_by_asset[device.asset_id] = slot
        self._devices[device.asset_id] = device

    def _dismiss(self, device: PolledDevice) -> None:
        del self._devices[device.asset_id]
        slot = self._slot_by_asset.pop(device.asset_id)
        group = self._groups[slot]
        del group.devices[device.asset_id]
        if not group.devices:
            del self._groups[slot]
            self._timetable.drop(slot)

    def _fire(self, slot: Slot, late_s: float) -> None:
        group = self._groups.get(slot)
        if group is None:  # emptied between the timer and now
            return
        due_s = self._clock.monotonic_s() - late_s
        passed_over = group.passed_over(due_s=due_s, period_s=slot.period_s)
        for device in group.devices.values():
            if passed_over:
                self._tally.miss(device.asset_id, polls=passed_over)
            if self._flight.has_room_for(device):
                self._flight.begin(device, self._poll_when_due(device, due_s=due_s))
            else:
                self._tally.miss(device.asset_id)

    async def _poll_when_due(self, device: PolledDevice, *, due_s: float) -> Snapshot:
        self._tally.begin(lag_s=self._clock.monotonic_s() - due_s)
        return await self._poll(device, is_urgent=False)

    async def _poll(self, device: PolledDevice, *, is_urgent: bool) -> Snapshot:
        snapshot = await device.poll(is_urgent=is_urgent)
        self._tally.end(failure=snapshot.failure)
        if device.asset_id not in self._devices:  # it left while it was polled
            return snapshot
        self._sink(snapshot)
        if device.is_nameplate_due and (nameplate := await device.read_nameplate()) is not None:
            self._nameplate_sink(device.asset_id, nameplate)
        return snapshot

    def _settle_later(self) -> None:
        if self._settling is not None:
            self._settling.cancel()
        self._settling = asyncio.get_running_loop().call_later(SETTLE_AFTER_S, settle)

    async def _retire(self, devices: Sequence[PolledDevice], *, drain_s: float) -> None:
        await self._flight.drain(devices, drain_s=drain_s)
        for device in devices:
            await device.close()


class _Group:
    """The devices of one slot, and when it last fired."""

    def __init__(self) -> None:
        self.devices: dict[str, PolledDevice] = {}
        self._due_s: float | None = None

    def passed_over(self, *, due_s: float, period_s: float) -> int:
        """Note that the slot fires, and return how many rounds were skipped since it last did."""
        last_due_s, self._due_s = self._due_s, due_s
        if last_due_s is None:
            return 0
        return max(0, round((due_s - last_due_s) / period_s) - 1)
