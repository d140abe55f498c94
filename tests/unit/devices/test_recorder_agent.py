"""Recording an agent: what the probe asked, and walks that end."""

from collections.abc import Mapping, Sequence

import pytest

from batteryd.devices.link import SnmpValue
from batteryd.devices.probe_answer import ProbeAnswer
from batteryd.devices.recorder_agent import (
    DURATION_S_MAX,
    OBJECTS_MAX,
    HeardAgent,
    record_agent,
)
from batteryd.devices.recording import agent_order
from batteryd.devices.snmp_exchange import WalkRow
from batteryd.errors import LinkTimeout, ProfileError
from tests.polling import ManualClock
from tests.snmp_devices import CHARGE, make_profile, scalar

OBJECT_ID = "1.3.6.1.2.1.1.2.0"
MAKER = "1.3.6.1.4.1.59999"
PROFILES = {"tested": make_profile(scalar(), match={"answers": [CHARGE]})}
CARD: dict[str, SnmpValue | None] = {
    OBJECT_ID: f"{MAKER}.1",
    "1.3.6.1.2.1.1.5.0": b"seoul-ups-3",
    "1.3.6.1.2.1.2.1.0": 4,  # not of a battery
    CHARGE: 97,
    f"{MAKER}.9.1.0": None,
}


class Agent:
    """An agent in memory; `silent_for` steps of each walk are lost, or a step lasts `step_s`."""

    def __init__(self, objects: Mapping[str, SnmpValue | None]) -> None:
        self.objects = objects
        self.walked: list[str] = []
        self.is_circular = False
        self.lost: list[int] = []  # steps of each walk
        self.clock = ManualClock()
        self.step_s = 0.0

    async def open(self) -> "Agent":
        return self

    async def get(self, oids: Sequence[str]) -> Mapping[str, SnmpValue]:
        said = ((oid, self.objects.get(oid)) for oid in oids)
        return {oid: value for oid, value in said if value is not None}

    def walk(self, oid: str) -> "Walk":
        self.walked.append(oid)
        return Walk(self, oid)

    async def close(self) -> None:
        pass


class Walk:
    def __init__(self, agent: Agent, root: str) -> None:
        below = (oid for oid in agent.objects if oid.startswith(f"{root}."))
        self._rows = sorted(below, key=agent_order)
        self._agent = agent
        self._lost = list(agent.lost)
        self._at = 0

    async def next(self) -> WalkRow | None:
        self._agent.clock.advance(self._agent.step_s)
        if self._at in self._lost:
            self._lost.remove(self._at)
            raise LinkTimeout("no answer from 10.0.5.20:161 in 1 s")
        if self._at == len(self._rows):
            if not self._agent.is_circular:
                return None
            self._at = 0
        oid = self._rows[self._at]
        self._at += 1
        return oid, self._agent.objects[oid]


async def heard(agent: Agent) -> HeardAgent:
    return await record_agent(agent.open, PROFILES, target="snmp://10.0.5.20", clock=agent.clock)


async def test_the_system_group_ups_mib_and_the_makers_tree_are_recorded() -> None:
    agent = Agent(CARD)

    found = await heard(agent)

    assert found.recording.objects == {
        oid: value for oid, value in CARD.items() if oid != "1.3.6.1.2.1.2.1.0"
    }
    assert agent.walked == ["1.3.6.1.2.1.33", MAKER]
    assert isinstance(found.answer, ProbeAnswer)
    assert found.cuts == ()


async def test_a_device_that_no_profile_fits_is_recorded_too() -> None:
    found = await heard(Agent({OBJECT_ID: "1.3.6.1.4.1.60000.1", "1.3.6.1.4.1.60000.2.0": 1}))

    assert isinstance(found.answer, ProfileError)
    assert found.recording.objects["1.3.6.1.4.1.60000.2.0"] == 1


async def test_an_agents_program_is_no_maker() -> None:
    agent = Agent(CARD | {OBJECT_ID: "1.3.6.1.4.1.8072.3.2.10"})

    await heard(agent)

    assert agent.walked == ["1.3.6.1.2.1.33", MAKER]  # the profile's, not net-snmp's


async def test_an_agent_with_too_many_objects_is_cut_and_that_is_said() -> None:
    many = {f"{MAKER}.9.{number}": number for number in range(1, OBJECTS_MAX + 100)}

    found = await heard(Agent(CARD | many))

    assert len(found.recording.objects) < OBJECTS_MAX + 10
    assert found.cuts == (f"{MAKER}: more than {OBJECTS_MAX} objects",)


async def test_a_slow_agent_is_cut_and_what_it_said_is_kept() -> None:
    agent = Agent(CARD | {f"{MAKER}.9.{number}": number for number in range(1, 100)})
    agent.step_s = DURATION_S_MAX / 10

    found = await heard(agent)

    assert 5 < len(found.recording.objects) < 20
    assert found.cuts[0] == f"{MAKER}: not finished in {DURATION_S_MAX:g} s"


async def test_an_agent_that_goes_in_circles_is_left() -> None:
    agent = Agent(CARD | {"1.3.6.1.2.1.33.1.2.1.0": 2})
    agent.is_circular = True

    found = await heard(agent)

    assert [cut.partition(": ")[2] for cut in found.cuts] == 2 * ["the agent goes in circles"]
    assert found.recording.objects[f"{MAKER}.9.1.0"] is None


@pytest.mark.parametrize(("lost", "cut_count"), [([1], 0), ([1, 1], 1)])
async def test_one_lost_datagram_is_asked_for_again_and_two_are_an_outage(
    lost: list[int], cut_count: int
) -> None:
    agent = Agent(CARD)
    agent.lost = lost

    found = await heard(agent)

    assert len(found.cuts) == cut_count
    assert found.recording.objects[CHARGE] == 97
