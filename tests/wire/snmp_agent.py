"""A real SNMP agent on loopback, for tests: pysnmp's command responder over a plain dictionary.

It runs in a thread with an event loop of its own, so that a test may block, and be slow, without
slowing the agent; and the agent may be slow without blocking the test.
"""

import asyncio
import threading
import time
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any, Self

from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.entity import config, engine
from pysnmp.entity.rfc3413 import cmdrsp, context
from pysnmp.error import PySnmpError
from pysnmp.proto.api import v2c
from pysnmp.proto.rfc1905 import endOfMibView, noSuchInstance
from pysnmp.smi.error import GenError, TooBigError
from pysnmp.smi.instrum import AbstractMibInstrumController

AUTH_KEY = "maplewood-tram"
PRIV_KEY = "seventeen-owls"

_USERS = (
    ("plain", config.USM_AUTH_NONE, config.USM_PRIV_NONE),
    ("md5", config.USM_AUTH_HMAC96_MD5, config.USM_PRIV_NONE),
    ("sha-des", config.USM_AUTH_HMAC96_SHA, config.USM_PRIV_CBC56_DES),
    ("sha-3des", config.USM_AUTH_HMAC96_SHA, config.USM_PRIV_CBC168_3DES),
    ("sha-aes128", config.USM_AUTH_HMAC96_SHA, config.USM_PRIV_CFB128_AES),
    ("md5-aes192", config.USM_AUTH_HMAC96_MD5, config.USM_PRIV_CFB192_AES_BLUMENTHAL),
    ("md5-aes192c", config.USM_AUTH_HMAC96_MD5, config.USM_PRIV_CFB192_AES),
    ("sha-aes256", config.USM_AUTH_HMAC96_SHA, config.USM_PRIV_CFB256_AES_BLUMENTHAL),
    ("sha-aes256c", config.USM_AUTH_HMAC96_SHA, config.USM_PRIV_CFB256_AES),
    ("sha224-aes256c", config.USM_AUTH_HMAC128_SHA224, config.USM_PRIV_CFB256_AES),
    ("sha256-aes128", config.USM_AUTH_HMAC192_SHA256, config.USM_PRIV_CFB128_AES),
    ("sha384-aes256", config.USM_AUTH_HMAC256_SHA384, config.USM_PRIV_CFB256_AES_BLUMENTHAL),
    ("sha512-aes128", config.USM_AUTH_HMAC384_SHA512, config.USM_PRIV_CFB128_AES),
)


class SnmpAgent:
    """Answers v1 and v2c for the community `public`, and v3 for every user of `_USERS`.

    `values` maps an OID to a pysnmp value and may be changed while the agent runs. `delay_s` makes
    it slow; `requests_to_lose` are not answered at all; more OIDs than `oid_count_max` are tooBig;
    an OID in `failing` turns a whole answer into genErr, as some cards do.
    """

    def __init__(
        self, values: Mapping[str, Any], *, port: int = 0, auth_key: str = AUTH_KEY
    ) -> None:
        self.port = port
        self.reset(values)
        self._auth_key = auth_key
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def reset(self, values: Mapping[str, Any]) -> None:
        """Have these values and no quirks."""
        self.values = dict(values)
        self.delay_s = 0.0
        self.oid_count_max = 1000
        self.failing: set[str] = set()
        self.requests_to_lose = 0
        self.request_count = 0

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(20), "the agent did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        snmp = engine.SnmpEngine()
        transport = udp.UdpAsyncioTransport().open_server_mode(("127.0.0.1", self.port))
        config.add_transport(snmp, udp.DOMAIN_NAME, transport)
        config.add_v1_system(snmp, "area", "public")
        for name, auth, priv in _USERS:
            config.add_v3_user(snmp, name, auth, self._auth_key, priv, PRIV_KEY)
        answers = context.SnmpContext(snmp)
        answers.unregister_context_name(v2c.OctetString(b""))
        for context_name in (b"", b"rack-7"):
            answers.register_context_name(v2c.OctetString(context_name), _Objects(self))
        for responder in (
            cmdrsp.GetCommandResponder,
            cmdrsp.NextCommandResponder,
            cmdrsp.BulkCommandResponder,
        ):
            responder(snmp, answers)
        self._loop.run_until_complete(self._announce(transport))
        self._loop.run_forever()
        snmp.close_dispatcher()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def take_request(self) -> None:
        """Count a request, be slow, or lose it."""
        self.request_count += 1
        time.sleep(self.delay_s)
        if self.requests_to_lose:
            self.requests_to_lose -= 1
            raise PySnmpError("lost on purpose")

    async def _announce(self, transport: Any) -> None:
        while transport.transport is None:
            await asyncio.sleep(0.001)
        self.port = transport.transport.get_extra_info("sockname")[1]
        self._ready.set()


class _Objects(AbstractMibInstrumController):  # type: ignore[misc]  # pysnmp ships no types
    def __init__(self, agent: SnmpAgent) -> None:
        self._agent = agent

    def read_variables(self, *asked: Any, **_: Any) -> list[tuple[Any, Any]]:
        agent = self._agent
        agent.take_request()
        if len(asked) > agent.oid_count_max:
            raise TooBigError(idx=0)
        if agent.failing.intersection(str(name) for name, _value in asked):
            raise GenError(idx=0)
        return [(name, agent.values.get(str(name), noSuchInstance)) for name, _value in asked]

    def read_next_variables(self, *asked: Any, **_: Any) -> list[tuple[Any, Any]]:
        agent = self._agent
        agent.take_request()
        ordered = sorted(tuple(int(p) for p in oid.split(".")) for oid in agent.values)
        return [self._after(name, ordered) for name, _value in asked]

    def _after(self, name: Any, ordered: list[tuple[int, ...]]) -> tuple[Any, Any]:
        at = bisect_right(ordered, tuple(name))
        if at == len(ordered):
            return name, endOfMibView
        found = ".".join(str(p) for p in ordered[at])
        return v2c.ObjectIdentifier(found), self._agent.values[found]
