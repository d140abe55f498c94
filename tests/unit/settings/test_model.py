"""Settings hand on what the parts they configure take."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from batteryd.settings.model import Influx, Journal, Poll, Settings, Web
from batteryd.store.influx_target import InfluxApi, InfluxTarget
from batteryd.store.limits import JournalLimits


def test_the_journals_defaults_are_the_stores_own() -> None:
    assert Journal().limits == JournalLimits()


def test_the_journals_size_is_handed_on_in_bytes() -> None:
    limits = Journal(size_gib_max=0.5, reserve_gib=0.25).limits

    assert limits.size_bytes_max == 536_870_912
    assert limits.reserve_bytes == 268_435_456


def test_a_target_of_version_1_has_user_and_password() -> None:
    influx = Influx(
        url="https://influx.example:8086",
        version=1,
        bucket="batteries",
        username="batteryd",
        password=SecretStr("hunter2"),
        ca_file=Path("/etc/ssl/own-ca.pem"),
    )

    assert influx.target == InfluxTarget(
        url="https://influx.example:8086",
        bucket="batteries",
        api=InfluxApi.V1,
        username="batteryd",
        password=SecretStr("hunter2"),
        ca_file=Path("/etc/ssl/own-ca.pem"),
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_the_page_is_on_loopback(host: str) -> None:
    assert Web(host=host).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.5.1", "", "example.org", "127.0.0.1:80"])
def test_the_page_is_nowhere_else(host: str) -> None:
    with pytest.raises(ValidationError):
        Web(host=host)


def test_numbers_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValidationError):
        Poll(deadline_s=float("nan"))
    with pytest.raises(ValidationError):
        Poll(deadline_s=float("inf"))


def test_settings_look_at_nothing_but_what_they_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATTERYD_WEB__PORT", "9999")

    assert Settings().web.port == 8470
