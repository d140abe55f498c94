"""What in a recording is known: what may stay, and what belongs to somebody.

The standard groups and the profiles say it. What a profile reads stays (a measurement, a model, a
date), a serial number does not, and of everything else nobody knows what it is.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from batteryd.devices.compiler import compile_decoder
from batteryd.devices.modbus_profile import ModbusProfile
from batteryd.devices.profile import Profile
from batteryd.devices.recording_secrets import NAME, SERIAL
from batteryd.devices.snmp_profile import SnmpProfile
from batteryd.domain.inventory import Geometry

_SECRETS_OF_STANDARDS = {
    "1.3.6.1.2.1.1.4.0": NAME,  # sysContact
    "1.3.6.1.2.1.1.5.0": NAME,  # sysName
    "1.3.6.1.2.1.1.6.0": NAME,  # sysLocation
    "1.3.6.1.2.1.33.1.1.5.0": NAME,  # upsIdentName
    "1.3.6.1.2.1.33.1.1.6.0": NAME,  # upsIdentAttachedDevices
}
# Makers write what they sell into it, and beside it serial numbers and their hosts' names.
SYS_DESCR = "1.3.6.1.2.1.1.1.0"

_SECRET_FIELDS = ("serial",)


class SnmpPlaces(NamedTuple):
    """What is known of an agent's objects."""

    known: frozenset[str]  # scalars and columns
    secret: Mapping[str, str]  # kinds by OID

    @classmethod
    def of(cls, profiles: Iterable[Profile]) -> "SnmpPlaces":
        """Gather what profiles say. An OID means one thing, so any of them may be believed."""
        known: set[str] = {SYS_DESCR}
        secret = dict(_SECRETS_OF_STANDARDS)
        for profile in profiles:
            if isinstance(profile, SnmpProfile):
                known.update(point.oid for point in profile.points)
                for name, oids in profile.nameplate.oids.items():
                    if name in _SECRET_FIELDS:
                        secret.update(dict.fromkeys(oids, SERIAL))
                    else:
                        known.update(oids)
        return cls(frozenset(known), secret)

    def is_known(self, oid: str) -> bool:
        """Whether a profile reads an object, or the column that it stands in."""
        return any(start in self.known for start in _beginnings(oid))

    def secret_kind(self, oid: str) -> str | None:
        """Return whose an object is, if it is somebody's."""
        return next((self.secret[s] for s in _beginnings(oid) if s in self.secret), None)


class ModbusPlaces(NamedTuple):
    """What is known of a unit's registers: (function, address) of each."""

    measured: frozenset[tuple[int, int]]
    known: frozenset[tuple[int, int]]  # texts that may stay
    secret: tuple[tuple[int, range], ...]

    @classmethod
    def of(cls, profile: Profile | None) -> "ModbusPlaces":
        """Gather what the device's own profile says. In another's, a register is another thing."""
        if not isinstance(profile, ModbusProfile):
            return cls(frozenset(), frozenset(), ())
        requests = compile_decoder(profile, Geometry()).requests
        texts = {
            name: (text.function, range(text.address, text.address + text.word_count))
            for name, text in profile.nameplate.texts.items()
        }
        secret = tuple(place for name, place in texts.items() if name in _SECRET_FIELDS)
        known = (place for name, place in texts.items() if name not in _SECRET_FIELDS)
        return cls(
            measured=frozenset(
                (r.function, at) for r in requests for at in range(r.start, r.start + r.count)
            ),
            known=frozenset((function, at) for function, span in known for at in span),
            secret=secret,
        )


def _beginnings(oid: str) -> Iterator[str]:
    while oid:
        yield oid
        oid = oid.rpartition(".")[0]
