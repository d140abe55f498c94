"""SNMP agents for simulated devices: v1, v2c and v3, on pysnmp's engine.

An engine costs a tenth of a second to build, so all agents of a process share one: each has a UDP
port of its own, registered as a transport of its own, and a request is answered from the objects
of the device whose port it came in by. All agents therefore have one engine id, as the cards of a
careless maker do.

Silence and slowness act before a request is looked at, as a busy card's do.
"""

import bisect
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.entity.rfc3413 import cmdrsp, context
from pysnmp.proto import rfc1902, rfc1905
from pysnmp.smi.error import NotWritableError
from pysnmp.smi.instrum import AbstractMibInstrumController

from simulators.faults import Fault
from simulators.ups_mib import MibValue, Oid, Syntax

COMMUNITY = "public"
V3_USER = "simulated"  # SHA-1 and AES-128, as most cards in the field can
V3_AUTH_PASSWORD = "simulated-auth"  # noqa: S105  a secret that guards made-up numbers
V3_PRIVACY_PASSWORD = "simulated-priv"  # noqa: S105

REQUESTS_WAITING_MAX = 64  # of a slow agent

_SYNTAXES = MappingProxyType({s: getattr(rfc1902, s.value) for s in Syntax})
_REQUEST = "rfc3412.receiveMessage:request"  # pysnmp's name of what it knows of a request
_V1, _V2C, _USM = 1, 2, 3
_EVERYTHING = (1, 3, 6)


class SnmpDevice(Protocol):
    """What an agent speaks for."""

    def snmp_objects(self) -> Mapping[Oid, MibValue]:
        """Return every object at this instant, in the order of the OIDs."""
        ...

    def snmp_faults(self) -> Sequence[Fault]:
        """Return how the device misbehaves on the wire at this instant."""
        ...


class SnmpAgents:
    """Agents by name, on one engine. `ports` is complete after `start`."""

    def __init__(self, devices: Mapping[str, SnmpDevice], *, host: str = "127.0.0.1") -> None:
        self.host = host
        self.ports: dict[str, int] = {}
        self._devices = devices
        self._engine: SnmpEngine | None = None

    async def start(self) -> None:
        """Listen, on a free port for each device."""
        engine = SnmpEngine()
        by_domain: dict[Oid, SnmpDevice] = {}
        for index, (name, device) in enumerate(self._devices.items()):
            domain = (*udp.DOMAIN_NAME, index)
            transport = _AgentTransport(device).open_server_mode((self.host, 0))
            config.add_transport(engine, domain, transport)
            await transport._lport  # noqa: SLF001  pysnmp has no other way to wait for the socket
            self.ports[name] = transport.transport.get_extra_info("sockname")[1]
            by_domain[domain] = device
        _admit(engine)
        _respond(engine, _Objects(by_domain))
        self._engine = engine

    async def stop(self) -> None:
        """Close all ports."""
        if self._engine is not None:
            self._engine.close_dispatcher()
            self._engine = None


class _AgentTransport(udp.UdpAsyncioTransport):  # type: ignore[misc]
    """A UDP port that may be deaf or slow. A slow one keeps a few requests and loses the rest."""

    def __init__(self, device: SnmpDevice) -> None:
        super().__init__()
        self.lost_requests = 0
        self._device = device
        self._waiting = 0

    def datagram_received(self, datagram: bytes, transportAddress: Any) -> None:  # noqa: N803
        """Take a request now, later or not at all."""
        faults = {fault.kind.name: fault for fault in self._device.snmp_faults()}
        if "silent" in faults:
            return
        if "slow" not in faults:
            super().datagram_received(datagram, transportAddress)
        elif self._waiting < REQUESTS_WAITING_MAX:
            self._waiting += 1
            delay_s = faults["slow"].number("delay_s")
            self.loop.call_later(delay_s, self._take_late, datagram, transportAddress)
        else:
            self.lost_requests += 1

    def _take_late(self, datagram: bytes, address: Any) -> None:
        self._waiting -= 1
        super().datagram_received(datagram, address)


class _Objects(AbstractMibInstrumController):  # type: ignore[misc]
    """Answers from the objects of the device whose port a request came in by."""

    def __init__(self, by_domain: Mapping[Oid, SnmpDevice]) -> None:
        self._by_domain = by_domain

    def read_variables(self, *varBinds: Any, **context: Any) -> list[Any]:  # noqa: N803
        objects = self._asked(context)
        return [(name, _value(objects.get(tuple(name)))) for name, _ in varBinds]

    def read_next_variables(self, *varBinds: Any, **context: Any) -> list[Any]:  # noqa: N803
        objects = self._asked(context)
        oids = list(objects)
        answers = []
        for name, _ in varBinds:
            place = bisect.bisect_right(oids, tuple(name))
            if place == len(oids):
                answers.append((name, rfc1905.endOfMibView))
            else:
                answers.append((rfc1902.ObjectName(oids[place]), _value(objects[oids[place]])))
        return answers

    def write_variables(self, *_varBinds: Any, **_context: Any) -> list[Any]:  # noqa: N803
        raise NotWritableError(idx=0)

    def _asked(self, context: Mapping[str, Any]) -> Mapping[Oid, MibValue]:
        request = context["snmpEngine"].observer.get_execution_context(_REQUEST)
        return self._by_domain[tuple(request["transportDomain"])].snmp_objects()


def _value(found: MibValue | None) -> Any:
    return rfc1905.noSuchInstance if found is None else _SYNTAXES[found.syntax](found.value)


def _admit(engine: SnmpEngine) -> None:
    config.add_v1_system(engine, "simulators", COMMUNITY)
    config.add_v3_user(
        engine,
        V3_USER,
        config.USM_AUTH_HMAC96_SHA,
        V3_AUTH_PASSWORD,
        config.USM_PRIV_CFB128_AES,
        V3_PRIVACY_PASSWORD,
    )
    for model, name, level in (
        (_V1, "simulators", "noAuthNoPriv"),
        (_V2C, "simulators", "noAuthNoPriv"),
        (_USM, V3_USER, "authPriv"),
    ):
        config.add_vacm_user(engine, model, name, level, _EVERYTHING)


def _respond(engine: SnmpEngine, objects: _Objects) -> None:
    answering = context.SnmpContext(engine)
    answering.unregister_context_name(b"")
    answering.register_context_name(b"", objects)
    for responder in (
        cmdrsp.GetCommandResponder,
        cmdrsp.NextCommandResponder,
        cmdrsp.BulkCommandResponder,
        cmdrsp.SetCommandResponder,
    ):
        responder(engine, answering)
