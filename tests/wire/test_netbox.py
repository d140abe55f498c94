"""NetBox is asked over real HTTP, page by page, and never told anything."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from batteryd.errors import (
    ConfigError,
    LinkAuthFailed,
    LinkError,
    LinkRefused,
    LinkTimeout,
)
from batteryd.settings.netbox import NetBoxAnswer, PageLimits, ask_netbox
from tests.netbox_server import (
    TOKEN,
    NetBoxServer,
    make_asset,
    make_device,
    make_feed,
    netbox_server,
)

pytestmark = pytest.mark.wire


@pytest.fixture
def netbox() -> Iterator[NetBoxServer]:
    with netbox_server() as server:
        yield server


def ask(netbox: NetBoxServer, **wanted: Any) -> NetBoxAnswer:
    token = SecretStr(netbox.token)
    return ask_netbox(netbox.url, token=token, role="battery", **wanted)


def test_every_page_is_read_from_the_server_that_was_named(netbox: NetBoxServer) -> None:
    netbox.lists["/api/dcim/devices/"] = [make_device(n) for n in range(1, 6)]

    found = ask(netbox)

    assert [device["name"] for device in found.devices] == [f"rack-{n}" for n in range(1, 6)]
    assert sum(path == "/api/dcim/devices/" for _, path, _ in netbox.asked) == 3


def test_nothing_but_get_is_ever_sent(netbox: NetBoxServer) -> None:
    netbox.lists["/api/dcim/devices/"] = [make_device(1)]
    netbox.install_inventory(make_asset(1))

    ask(netbox, with_panels=True)

    assert {method for method, _, _ in netbox.asked} == {"GET"}
    assert {path for _, path, _ in netbox.asked} == {
        "/api/dcim/devices/",
        "/api/dcim/power-feeds/",
        "/api/plugins/inventory/assets/",
    }


def test_devices_are_asked_for_by_role_and_tag(netbox: NetBoxServer) -> None:
    ask(netbox, tag="lithium")

    wanted = netbox.queries[0]
    assert (wanted["role"], wanted["tag"], wanted["exclude"]) == (
        ["battery"],
        ["lithium"],
        ["config_context"],
    )


def test_without_the_plugin_there_are_no_assets_and_that_is_known(netbox: NetBoxServer) -> None:
    without = ask(netbox)
    netbox.install_inventory(make_asset(7), make_asset(8, device=None))
    installed = ask(netbox)

    assert (without.has_assets, dict(without.assets)) == (False, {})
    assert (installed.has_assets, set(installed.assets)) == (True, {7})


def test_the_panels_of_a_rack_come_from_its_feeds(netbox: NetBoxServer) -> None:
    netbox.lists["/api/dcim/power-feeds/"] = [
        make_feed(41, "UPS A"),
        make_feed(41, "UPS B"),
        make_feed(42, "UPS A"),
        make_feed(43, "UPS A") | {"rack": None},
    ]

    found = ask(netbox, with_panels=True)

    assert found.panels == {41: {"UPS A", "UPS B"}, 42: {"UPS A"}}
    assert ask(netbox).panels == {}


@pytest.mark.parametrize(
    ("token", "header"), [(TOKEN, f"Token {TOKEN}"), ("nbt_4F9.abc", "Bearer nbt_4F9.abc")]
)
def test_a_token_is_sent_as_its_kind_wants_it(
    netbox: NetBoxServer, token: str, header: str
) -> None:
    netbox.token = token

    ask(netbox)

    assert {sent for _, _, sent in netbox.asked} == {header}


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, LinkAuthFailed),
        (403, LinkAuthFailed),
        (302, LinkError),
        (404, LinkError),
        (500, LinkError),
    ],
)
def test_a_refusal_is_an_error_of_the_link_and_never_tells_the_token(
    netbox: NetBoxServer,
    status: int,
    error: type[LinkError],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    netbox.status = status

    with pytest.raises(error) as raised:
        ask(netbox)

    assert TOKEN not in str(raised.value) + caplog.text
    assert netbox.url in str(raised.value)
    assert len(netbox.asked) == 1


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"results": 7, "next": null}', b"\xff"])
def test_an_answer_that_is_no_list_is_told(netbox: NetBoxServer, body: bytes) -> None:
    netbox.body = body

    with pytest.raises(LinkError, match="the answer is no list of NetBox's"):
        ask(netbox)


def test_a_list_without_an_end_is_given_up(netbox: NetBoxServer) -> None:
    netbox.body = b'{"results": [], "next": "http://netbox.internal/?limit=2&offset=0"}'

    with pytest.raises(LinkError, match="more than 3 pages"):
        ask(netbox, pages=PageLimits(count_max=3))


def test_a_page_without_an_end_is_given_up(netbox: NetBoxServer) -> None:
    netbox.lists["/api/dcim/devices/"] = [make_device(1)]

    with pytest.raises(LinkError, match="more than 1000 bytes in one page"):
        ask(netbox, pages=PageLimits(bytes_max=1000))


def test_a_server_that_does_not_answer_is_given_up(netbox: NetBoxServer) -> None:
    netbox.is_released.clear()

    with pytest.raises(LinkTimeout, match=r"no answer in 0\.1 s"):
        ask(netbox, pages=PageLimits(timeout_s=0.1))

    netbox.is_released.set()


def test_nobody_listening_is_a_refused_link() -> None:
    with pytest.raises(LinkRefused, match=r"http://127\.0\.0\.1:9/api/dcim/devices/"):
        ask_netbox("http://127.0.0.1:9", token=SecretStr(TOKEN), role="battery")


@pytest.mark.parametrize(
    "url",
    ["netbox.example.org", "ftp://netbox", "https://kim:hunter2@netbox", "https://netbox/?token=x"],
)
def test_an_address_is_an_address_and_nothing_else(url: str) -> None:
    with pytest.raises(ConfigError) as raised:
        ask_netbox(url, token=SecretStr(TOKEN), role="battery")

    assert "hunter2" not in str(raised.value)


def test_a_file_of_certificates_that_is_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("no certificate")

    for ca_file in (path, tmp_path / "missing.pem"):
        with pytest.raises(ConfigError, match="a file with certificates"):
            ask_netbox(
                "https://127.0.0.1:9", token=SecretStr(TOKEN), role="battery", ca_file=ca_file
            )
