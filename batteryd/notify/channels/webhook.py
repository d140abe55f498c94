"""Tells by an HTTP request: any receiver that takes JSON or text is a table in notify.toml.

A 2xx answer is the only success. 408, 425, 429 and 5xx say that it may work later, as does silence;
Retry-After is passed on. Any other answer will not change by asking again. Redirects are not
followed: the message, with its secrets, goes where the operator wrote and nowhere else.

Every request carries `Idempotency-Key`, the same in each attempt to deliver one notification.
"""

import asyncio
import json
import logging
import ssl
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx

from batteryd.domain.notification import Notification
from batteryd.errors import DeliveryError
from batteryd.notify.channel_settings import WebhookSettings
from batteryd.notify.secrets import Secrets
from batteryd.notify.template import TextTemplate, TreeTemplate, context_of

# httpx writes the address of each request into the log, and an address may be a secret.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)

_TRY_LATER = frozenset({408, 425, 429})
_ANSWER_BYTES_MAX = 2048  # enough for the reason; the rest is not read
_REASON_LENGTH_MAX = 200


class WebhookChannel:
    """Sends each notification as one request."""

    def __init__(self, settings: WebhookSettings, *, secrets: Secrets) -> None:
        """Prepare; nothing is connected yet.

        Raises:
            OSError: `ca_file` cannot be read.
        """
        self._settings = settings
        self._secrets = secrets
        self._url = TextTemplate(settings.url)
        self._headers = {name: TextTemplate(value) for name, value in settings.headers.items()}
        self._text = TextTemplate(settings.body_text) if settings.body_text else None
        self._tree = None if settings.body_json is None else TreeTemplate(settings.body_json)
        self._client = httpx.AsyncClient(
            timeout=settings.timeout_s,
            follow_redirects=False,
            verify=ssl.create_default_context(cafile=settings.ca_file),
        )

    async def send(self, notification: Notification) -> None:
        """Make the request.

        Raises:
            DeliveryError: as the module says.
        """
        try:
            context = context_of(notification, secrets=self._secrets.revealed())
            await self._request(notification, context)
        except DeliveryError as error:
            failure = self._secrets.scrubbed(error)
        else:
            return
        raise failure  # here, so that the error with the secrets is not its context

    async def close(self) -> None:
        """Close kept connections."""
        await self._client.aclose()

    async def _request(self, notification: Notification, context: dict[str, Any]) -> None:
        content, content_type = self._content(notification, context)
        headers = {
            "Content-Type": content_type,
            "Idempotency-Key": quote(notification.idempotency_key, safe="/#:@+=,;.~-_"),
            **{name: _one_line(value.render(context)) for name, value in self._headers.items()},
        }
        try:
            request = self._client.build_request(
                self._settings.method,
                self._url.render(context).strip(),
                content=content,
                headers={name.encode(): value.encode() for name, value in headers.items()},
            )
            # The client's time-out is about each read; a server that drips could take for ever.
            async with asyncio.timeout(self._settings.timeout_s):
                response = await self._client.send(request, stream=True)
                try:
                    await _judge(response)
                finally:
                    await response.aclose()
        except TimeoutError:
            limit = f"no answer within {self._settings.timeout_s:g} s"
            raise DeliveryError(limit, permanent=False) from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise DeliveryError(
                "the address is no http:// or https:// URL", permanent=True
            ) from error
        except httpx.HTTPError as error:
            text = f"{type(error).__name__}: {error}".rstrip(": ")
            raise DeliveryError(text, permanent=False) from error

    def _content(self, notification: Notification, context: dict[str, Any]) -> tuple[bytes, str]:
        if self._text is not None:
            return self._text.render(context).encode(), "text/plain; charset=utf-8"
        if self._tree is not None:
            return self._tree.render(context).encode(), "application/json"
        return json.dumps(_everything(context), ensure_ascii=False).encode(), "application/json"


def _everything(context: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in context.items() if name != "secret"}


def _one_line(text: str) -> str:
    return " ".join(text.split())


async def _judge(response: httpx.Response) -> None:
    if response.is_success:
        return
    status = response.status_code
    permanent = status < 500 and status not in _TRY_LATER
    raise DeliveryError(
        f"HTTP {status}: {await _reason(response)}",
        permanent=permanent,
        retry_after_s=None if permanent else _retry_after_s(response.headers),
    )


async def _reason(response: httpx.Response) -> str:
    if response.is_redirect:
        return "redirected; notify.toml must name the new address"
    read = b""
    async for chunk in response.aiter_bytes():
        read += chunk
        if len(read) >= _ANSWER_BYTES_MAX:
            break
    return _one_line(read.decode("utf-8", "replace"))[:_REASON_LENGTH_MAX] or response.reason_phrase


def _retry_after_s(headers: httpx.Headers) -> float | None:
    """Return what the receiver asks for; a date is read against its own clock, not against ours."""
    asked = headers.get("Retry-After", "").strip()
    if asked.isdecimal():
        return float(asked)
    until, sent_at = _http_date(asked), _http_date(headers.get("Date", ""))
    if until is None or sent_at is None:
        return None
    return max(0.0, (until - sent_at).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None
