"""Says once that something is lost and once that it is back, however often it is tried between."""

import logging


class Outages:
    """What is out at present, of one kind of thing."""

    def __init__(self, kind: str, *, log: logging.Logger) -> None:
        self._kind = kind
        self._log = log
        self._out: set[str] = set()

    def begin(self, name: str, *, error: str) -> None:
        """Note a failure; only the first one of an outage is logged."""
        if name not in self._out:
            self._out.add(name)
            self._log.warning("%s lost name=%s error=%r", self._kind, name, error)

    def end(self, name: str) -> None:
        """Note a success; it is logged where it ends an outage."""
        if name in self._out:
            self._out.discard(name)
            self._log.info("%s back name=%s", self._kind, name)
