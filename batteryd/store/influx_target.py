"""Where the InfluxDB follower writes and trends are read: address, dialect and credentials.

Two dialects reach every server of the family: `/api/v2/write` with a token (InfluxDB 2.x, 3) and
`/write` with a user and a password (InfluxDB 1.x); VictoriaMetrics takes both. Credentials are
`SecretStr`: they print as dots, and an address that carries one is refused.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr


class InfluxApi(StrEnum):
    """Which dialect a server is spoken to in."""

    V1 = "1"
    V2 = "2"


@dataclass(frozen=True, slots=True)
class InfluxTarget:
    """One server and the place in it where samples go."""

    url: str  # scheme, host and port, e.g. https://influx.example:8086
    bucket: str  # the database, in InfluxDB 1.x
    api: InfluxApi = InfluxApi.V2
    org: str = ""  # V2 only
    token: SecretStr | None = None  # V2
    username: str | None = None  # V1
    password: SecretStr | None = None  # V1
    ca_file: Path | None = None  # where the server's certificate is signed by a CA of your own
    timeout_s: float = 10.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("url must be http://HOST:PORT or https://HOST:PORT")
        if parts.username or parts.password:
            raise ValueError("url must not carry credentials: use token, or username and password")
        if not self.bucket:
            raise ValueError("bucket (the database, in InfluxDB 1.x) must not be empty")

    @property
    def credential(self) -> str | None:
        """Return the secret as `influxdb-client` takes it; None where the server asks for none."""
        match self.api:
            case InfluxApi.V1:
                if self.username is None or self.password is None:
                    return None
                return f"{self.username}:{self.password.get_secret_value()}"
            case InfluxApi.V2:
                return None if self.token is None else self.token.get_secret_value()
