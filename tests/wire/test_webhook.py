"""Webhooks to a real server on loopback that fails in every way a receiver can."""

import json
import logging
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from batteryd.domain.notification import Notification
from batteryd.errors import DeliveryError
from batteryd.notify.channel_settings import WebhookSettings
from batteryd.notify.channels.webhook import WebhookChannel
from batteryd.notify.sample import sample_notifications
from batteryd.notify.secrets import Secrets
from tests.http_receiver import Answer, HttpReceiver, answer, drip, raw

pytestmark = pytest.mark.wire

HOT, RETURNED, SILENT, *_ = sample_notifications()
NO_SECRETS: dict[str, str] = {}


async def send(
    receiver: HttpReceiver,
    notification: Notification = HOT,
    *,
    secrets: dict[str, str] = NO_SECRETS,
    **table: Any,
) -> None:
    """Send through a channel that is made for it; the table lacks only kind and url."""
    settings = WebhookSettings.model_validate({"kind": "webhook", "url": receiver.url, **table})
    values = {name: SecretStr(value) for name, value in secrets.items()}
    channel = WebhookChannel(settings, secrets=Secrets(values, names=settings.secret_names))
    try:
        await channel.send(notification)
    finally:
        await channel.close()


async def failure_of(receiver: HttpReceiver, **table: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as failed:
        await send(receiver, **table)
    return failed.value


async def test_without_a_body_of_its_own_everything_is_sent_as_json() -> None:
    async with HttpReceiver() as receiver:
        await send(receiver)

    (request,) = receiver.requests
    body = json.loads(request.body)
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json"
    assert body["value"] == 52.1
    assert body["room"] == "5층 배터리실"
    assert body["subject"].startswith("[CRITICAL] Rack 4")
    assert body["services"][0] == {"name": "mobile identity", "grade": 1}
    assert "secret" not in body


async def test_a_tree_of_templates_becomes_the_receivers_json() -> None:
    async with HttpReceiver() as receiver:
        await send(
            receiver,
            RETURNED,
            secrets={"routing_key": "R0UT1NG"},
            body_json={
                "routing_key": "{{ secret.routing_key }}",
                "event_action": "{{ 'resolve' if change == 'returned' else 'trigger' }}",
                "dedup_key": "{{ dedup_key }}",
                "payload": {"custom_details": {"value": "{{ value }}"}},
            },
        )

    assert json.loads(receiver.requests[0].body) == {
        "routing_key": "R0UT1NG",
        "event_action": "resolve",
        "dedup_key": HOT.dedup_key,  # the same as that of its beginning
        "payload": {"custom_details": {"value": 46.0}},
    }


async def test_text_method_and_headers_are_templates_too() -> None:
    async with HttpReceiver() as receiver:
        await send(
            receiver,
            secrets={"token": "t0k3n"},
            url=f"{receiver.url}/{{{{ site_id }}}}",
            method="PUT",
            body_text="{{ room }}: {{ value|amount(unit) }}",
            headers={"Authorization": "Bearer {{ secret.token }}", "Title": "{{ room }}\n!"},
        )

    (request,) = receiver.requests
    assert (request.method, request.path) == ("PUT", "/daejeon")
    assert request.body.decode() == "5층 배터리실: 52.1 °C"
    assert request.headers["authorization"] == "Bearer t0k3n"
    assert request.headers["title"] == "5층 배터리실 !"  # one line, or it would be two headers
    assert request.headers["content-type"] == "text/plain; charset=utf-8"


async def test_every_attempt_carries_the_same_idempotency_key() -> None:
    named_in_hangul = replace(HOT, dedup_key="daejeon/랙-4/s1/m03/hot", event_id=17)
    async with HttpReceiver(answer("503 Service Unavailable")) as receiver:
        with pytest.raises(DeliveryError):
            await send(receiver, named_in_hangul)
        await send(receiver, replace(named_in_hangul, attempts=2))

    first, second = (r.headers["idempotency-key"] for r in receiver.requests)
    assert first == second == "daejeon/%EB%9E%99-4/s1/m03/hot#17"


@pytest.mark.parametrize(
    ("status", "is_permanent"),
    [
        ("400 Bad Request", True),
        ("401 Unauthorized", True),
        ("403 Forbidden", True),
        ("404 Not Found", True),
        ("410 Gone", True),
        ("413 Content Too Large", True),
        ("408 Request Timeout", False),
        ("425 Too Early", False),
        ("429 Too Many Requests", False),
        ("500 Internal Server Error", False),
        ("502 Bad Gateway", False),
        ("503 Service Unavailable", False),
        ("301 Moved Permanently", True),
        ("304 Not Modified", True),
    ],
)
async def test_the_status_says_whether_trying_again_can_help(
    status: str, is_permanent: bool
) -> None:
    async with HttpReceiver(answer(status)) as receiver:
        failure = await failure_of(receiver)

    assert failure.permanent is is_permanent
    assert str(failure).startswith(f"HTTP {status[:3]}: ")


@pytest.mark.parametrize("status", ["200 OK", "202 Accepted", "204 No Content"])
async def test_any_2xx_is_a_success(status: str) -> None:
    async with HttpReceiver(answer(status)) as receiver:
        await send(receiver)

    assert len(receiver.requests) == 1


async def test_a_redirect_is_not_followed() -> None:
    async with HttpReceiver() as elsewhere, HttpReceiver() as receiver:
        receiver._answers = [answer("307 Temporary Redirect", f"Location: {elsewhere.url}/")]
        failure = await failure_of(receiver)

    assert failure.permanent
    assert "redirected" in str(failure)
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("headers", "retry_after_s"),
    [
        (["Retry-After: 120"], 120.0),
        (
            [
                "Date: Fri, 26 Sep 2025 11:16:44 GMT",
                "Retry-After: Fri, 26 Sep 2025 11:18:14 GMT",
            ],
            90.0,
        ),
        (
            ["Date: Fri, 26 Sep 2025 11:16:44 GMT", "Retry-After: Fri, 26 Sep 2025 11:00:00 GMT"],
            0.0,
        ),
        (["Retry-After: Fri, 26 Sep 2025 11:18:14 GMT"], None),  # by which clock?
        (["Retry-After: soon"], None),
        (["Retry-After: -5"], None),
        ([], None),
    ],
)
async def test_a_receiver_says_when_to_come_back(
    headers: list[str], retry_after_s: float | None
) -> None:
    async with HttpReceiver(answer("429 Too Many Requests", *headers)) as receiver:
        failure = await failure_of(receiver)

    assert failure.retry_after_s == retry_after_s


@pytest.mark.parametrize(
    "misbehave",
    [
        raw(b""),  # hangs up without a word
        raw(b"HTTP/1.1 200 OK\r\nContent-Le"),  # in the middle of the headers
        raw(b"\x16\x03\x01 this is not HTTP\r\n\r\n"),
        raw(
            b"HTTP/1.1 503 X\r\nContent-Length: 500\r\n\r\nhalf a rea"
        ),  # in the middle of the body
        raw(b"", then_wait_s=5.0),  # says nothing
        raw(b"HTTP/1.1 200 OK\r\n", then_wait_s=5.0),  # goes silent half-way
        drip(b"X-Header: 1\r\n", every_s=0.02),
    ],
)
async def test_an_answer_that_breaks_off_or_never_comes_is_tried_again(misbehave: Answer) -> None:
    async with HttpReceiver(misbehave) as receiver:
        failure = await failure_of(receiver, timeout_s=0.2)

    assert not failure.permanent


async def test_a_body_that_never_ends_is_not_read_to_its_end() -> None:
    async def endless(writer: Any) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await drip(b"no such key " * 400, every_s=0.001)(writer)

    async with HttpReceiver(endless) as receiver:
        failure = await failure_of(receiver, timeout_s=5.0)

    assert failure.permanent
    assert len(str(failure)) < 300


async def test_nobody_listening_is_tried_again() -> None:
    async with HttpReceiver() as receiver:
        pass

    failure = await failure_of(receiver)

    assert not failure.permanent
    assert "ConnectError" in str(failure)


async def test_an_address_that_is_none_is_known_when_its_secret_is() -> None:
    async with HttpReceiver() as receiver:
        failure = await failure_of(
            receiver, url="{{ secret.hook }}", secrets={"hook": "hooks.example/T0K3N"}
        )

    assert failure.permanent
    assert "T0K3N" not in str(failure)


async def test_secrets_appear_in_no_log_error_or_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = answer("400 Bad Request", body="bad key T0K3N at /services/HOOK")
    secrets = {"hook": "/services/HOOK", "key": "T0K3N"}
    async with HttpReceiver(echo) as receiver:
        failure = await failure_of(
            receiver,
            url=f"{receiver.url}{{{{ secret.hook }}}}",
            body_json={"key": "{{ secret.key }}"},
            secrets=secrets,
        )
    hidden = Secrets({n: SecretStr(v) for n, v in secrets.items()}, names=secrets)

    assert receiver.requests[0].path == "/services/HOOK"  # it did go there
    assert str(failure) == "HTTP 400: bad key ••• at •••"
    for text in (caplog.text, repr(failure), repr(failure.__context__), repr(hidden)):
        assert "T0K3N" not in text
        assert "HOOK" not in text
