"""Fakes for polling: a reader that does as it is told, and a clock that a test moves."""

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np

from batteryd.clock import Clock
from batteryd.devices.device import PolledDevice
from batteryd.devices.endpoint import Endpoint
from batteryd.devices.link import RawReading
from batteryd.domain.component import WHOLE_BATTERY
from batteryd.domain.inventory import Asset, AssetKind, Source
from batteryd.domain.nameplate import Nameplate
from batteryd.domain.snapshot import Column, Layout

RACK_LAYOUT = Layout.of([Column(WHOLE_BATTERY, "voltage_v"), Column(WHOLE_BATTERY, "soc_pct")])
NAMEPLATE = Nameplate(manufacturer="Cellworks", serial="CW-2014-0807")


class ManualClock:
    """A clock that stands still; `sleep` only lets others run."""

    def __init__(self, *, at_s: float = 1_790_000_000.0, rate: float = 1.0) -> None:
        self.rate = rate
        self.wall_s = at_s
        self.steady_s = 5_000.0

    def now_s(self) -> float:
        return self.wall_s

    def monotonic_s(self) -> float:
        return self.steady_s

    async def sleep(self, duration_s: float) -> None:
        await asyncio.sleep(0)

    def advance(self, duration_s: float) -> None:
        """Let this many real seconds pass."""
        self.steady_s += duration_s
        self.wall_s += duration_s * self.rate


class FakeReader:
    """A rack at 409.6 V and 55 %, or whatever `behave` raises or waits for."""

    layout = RACK_LAYOUT
    sources = ("packVoltage", "packSoc")

    def __init__(self, *, poll_interval_s: float = 10.0) -> None:
        self.poll_interval_s = poll_interval_s
        self.behave: Callable[[], Awaitable[None]] = _at_once
        self.reads = 0
        self.nameplate_reads = 0
        self.closed = 0
        self.restart_count = 0
        self.values = (409.6, 55.0)

    async def read(self) -> RawReading:
        self.reads += 1
        await self.behave()
        return RawReading(np.array(self.values), np.zeros(2, dtype=np.uint8))

    async def read_nameplate(self) -> Nameplate:
        self.nameplate_reads += 1
        await self.behave()
        return NAMEPLATE

    async def close(self) -> None:
        self.closed += 1

    def fail_with(self, error: Exception) -> None:
        """Raise this at every read from now on."""

        async def fail() -> None:
            raise error

        self.behave = fail

    def answer_again(self) -> None:
        self.behave = _at_once

    def wait_for(self, event: asyncio.Event) -> None:
        """Let every read from now on take until `event` is set."""

        async def wait() -> None:
            await event.wait()

        self.behave = wait


async def _at_once() -> None:
    return None


def make_asset(
    asset_id: str = "B1-R3",
    *,
    address: str = "modbus://10.0.5.11/3",
    poll_interval_s: float | None = None,
) -> Asset:
    return Asset(
        asset_id=asset_id,
        kind=AssetKind.BATTERY,
        site_id="daejeon",
        room_id="b1-ups-room",
        name=asset_id,
        source=Source(address, profile="rack-bms", poll_interval_s=poll_interval_s),
    )


def make_endpoint(name: str = "10.0.5.11:502") -> Endpoint:
    """An endpoint whose pauses are never shortened."""
    return Endpoint(name, chance=lambda: 0.0)


def make_device(
    asset_id: str = "B1-R3",
    *,
    reader: FakeReader,
    clock: Clock,
    endpoint: Endpoint | None = None,
    poll_interval_s: float | None = None,
    deadline_s: float = 8.0,
) -> PolledDevice:
    return PolledDevice(
        make_asset(asset_id, poll_interval_s=poll_interval_s),
        reader=reader,
        endpoint=endpoint or make_endpoint(),
        clock=clock,
        deadline_s=deadline_s,
    )
