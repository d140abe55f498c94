"""Where something listens on a network."""

from typing import NamedTuple


class HostPort(NamedTuple):
    """A host and a port, as text with brackets where the host is an IPv6 address."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"
