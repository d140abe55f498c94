"""The one place that writes to InfluxDB: a body of line protocol goes out, an `Answer` comes back.

`influxdb-client` brings the transport, TLS and the token; its `WriteService` posts to
`/api/v2/write`. InfluxDB 1.x has `/write` and basic authentication instead, which one overridden
method gives it. The client's own batching is not used: it loses data after three minutes.

No exception leaves this module, and no credential: the client keeps both in headers, and what is
passed on is the server's text or the kind of failure.
"""

from typing import Any, Protocol

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService
from urllib3.exceptions import HTTPError, ReadTimeoutError

from batteryd.store.influx_answer import Answer, Verdict, judge
from batteryd.store.influx_target import InfluxApi, InfluxTarget

_TEXT_MAX = 500  # of what a server says


class BodyWriter(Protocol):
    """Where bodies of line protocol go."""

    def write(self, body: bytes) -> Answer:
        """Send a body once and return what became of it."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class V1WriteService(WriteService):
    """`WriteService` for `/write` of InfluxDB 1.x: `bucket` is the database, `org` unused."""

    def post_write(self, org: str, bucket: str, body: bytes, **options: Any) -> None:
        """Post a body."""
        self.api_client.call_api(
            "/write",
            "POST",
            query_params=[("db", bucket), ("precision", options["precision"])],
            header_params={"Content-Type": "text/plain"},
            body=body,
            _return_http_data_only=True,
        )


_SERVICES: dict[InfluxApi, Any] = {InfluxApi.V1: V1WriteService, InfluxApi.V2: WriteService}


def open_client(target: InfluxTarget) -> Any:  # the client's methods have no types
    """Return an `InfluxDBClient` for a target; nothing is connected yet."""
    return InfluxDBClient(
        url=target.url.rstrip("/"),
        token=target.credential or "",
        org=target.org,
        auth_basic=target.api is InfluxApi.V1 and target.credential is not None,
        timeout=int(target.timeout_s * 1000),
        ssl_ca_cert=None if target.ca_file is None else str(target.ca_file),
    )


class InfluxWriter:
    """Writes to one target. Times are milliseconds."""

    def __init__(self, target: InfluxTarget) -> None:
        self._target = target
        self._client = open_client(target)
        self._service = _SERVICES[target.api](self._client.api_client)

    def write(self, body: bytes) -> Answer:
        """Send a body once and return what became of it."""
        target = self._target
        try:
            self._service.post_write(target.org, target.bucket, body, precision="ms")
        except ApiException as error:
            return _answer(error)
        except ReadTimeoutError:
            return Answer(Verdict.UNAVAILABLE, f"no answer in {target.timeout_s} s")
        except UnicodeDecodeError:
            return Answer(Verdict.UNAVAILABLE, "an answer that is no text")
        except HTTPError as error:
            return Answer(Verdict.UNREACHABLE, f"{type(error).__name__} at {target.url}")
        return Answer(Verdict.ACCEPTED)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


def _answer(error: ApiException) -> Answer:
    if not error.status:  # TLS did not come about
        return Answer(Verdict.REFUSED, str(error.reason)[:_TEXT_MAX])
    text = str(error.body or error.reason or error.status)[:_TEXT_MAX].strip()
    return Answer(judge(error.status, text), text, error.retry_after)
