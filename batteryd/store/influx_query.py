"""The one place that reads from InfluxDB: one column of one asset, summarised by period.

InfluxQL over `/query` is understood by InfluxDB 1.x, by 2.x (with a DBRP mapping for the bucket)
and by 3. VictoriaMetrics has `/query` for the names of databases only and answers with nothing.
"""

from typing import Any

import numpy as np
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from batteryd.domain.snapshot import Column
from batteryd.errors import StoreError
from batteryd.store.fold import Summaries
from batteryd.store.influx_target import InfluxTarget
from batteryd.store.influx_write import open_client
from batteryd.store.line_protocol import tag_value
from batteryd.store.packing import to_ms


class InfluxReader:
    """Reads from one target."""

    def __init__(self, target: InfluxTarget) -> None:
        self._target = target
        self._client = open_client(target)

    def summaries(
        self, asset_id: str, column: Column, from_s: float, to_s: float, *, period_s: int
    ) -> Summaries:
        """Return what the target has in `from_s <= time < to_s`, a line a period.

        Raises:
            StoreError: no answer, or one that says no.
        """
        rows = self._rows(_statement(asset_id, column, from_s, to_s, period_s))
        return _summaries(np.array(rows, np.float64).reshape(-1, 5))

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _rows(self, statement: str) -> list[list[float]]:
        target = self._target
        query = [("db", target.bucket), ("epoch", "ms"), ("q", statement)]
        try:
            answer = self._client.api_client.call_api(
                "/query",
                "GET",
                query_params=query,
                response_type="object",
                _return_http_data_only=True,
            )
        except ApiException as error:
            raise StoreError(f"{target.url} answered {error.status} {error.reason}") from error
        except (HTTPError, UnicodeDecodeError) as error:
            raise StoreError(f"{target.url}: {type(error).__name__}") from error
        return _first_series(answer, target)


def _first_series(answer: Any, target: InfluxTarget) -> list[list[float]]:
    try:
        result = answer["results"][0]
        if "error" in result:
            raise StoreError(f"{target.url}: {result['error']}")
        series = result.get("series", [])
        rows: list[list[float]] = series[0]["values"] if series else []
    except (TypeError, KeyError, IndexError) as error:
        raise StoreError(f"{target.url} gave an answer that is no InfluxQL result") from error
    return rows


def _statement(asset_id: str, column: Column, from_s: float, to_s: float, period_s: int) -> str:
    field = column.quantity.replace('"', '\\"')
    aggregates = ", ".join(f'{name}("{field}")' for name in ("min", "mean", "max", "count"))
    return (
        f'SELECT {aggregates} FROM "battery"'
        f" WHERE \"asset\" = '{_literal(asset_id)}'"
        f" AND \"component\" = '{_literal(str(column.component))}'"
        f" AND time >= {to_ms(from_s)}ms AND time < {to_ms(to_s)}ms"
        f" GROUP BY time({period_s}s) fill(none)"
    )


def _literal(text: str) -> str:
    # A stored tag has no backslash, so the quote is all that can end a literal.
    return tag_value(text).replace("'", "\\'")


def _summaries(rows: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Summaries:
    """Build summaries from rows of time in ms, minimum, mean, maximum, count."""
    at_ms, minimum, mean, maximum, count = rows.T
    return Summaries(
        asset=np.zeros(len(rows), np.int64),
        start_s=at_ms.astype(np.int64) // 1000,
        poll_count=count.astype(np.int64),
        minimum=minimum.reshape(-1, 1),
        total=(mean * count).reshape(-1, 1),
        maximum=maximum.reshape(-1, 1),
        count=count.astype(np.int64).reshape(-1, 1),
    )
