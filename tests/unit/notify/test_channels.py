import logging
import re
import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr

from batteryd.notify.channels.log import LogChannel
from batteryd.notify.channels.registry import build_channels
from batteryd.notify.channels.smtp import SmtpChannel
from batteryd.notify.channels.webhook import WebhookChannel
from batteryd.notify.routing import Routing, parse_notify
from batteryd.notify.sample import sample_notifications

EXAMPLE = (Path(__file__).parents[3] / "config" / "notify.toml").read_text("utf-8")
DOCUMENTED = (Path(__file__).parents[3] / "docs" / "notifications.md").read_text("utf-8")


def with_everything_switched_on(text: str) -> Routing:
    """Parse the example with each commented-out line (one that is TOML, not prose) in force."""
    switched_on = re.sub(r"^# (?=\[|\w+ = )", "", text, flags=re.MULTILINE)
    switched_on = switched_on.replace("/etc/ssl/own-ca.pem", str(Path(__file__).resolve()))
    return parse_notify(tomllib.loads(switched_on), file="notify.toml")


def test_the_example_works_as_it_is() -> None:
    routing = parse_notify(tomllib.loads(EXAMPLE), file="notify.toml")

    assert set(routing.channels) == {"log"}


def test_every_channel_of_the_example_works_when_it_is_switched_on() -> None:
    routing = with_everything_switched_on(EXAMPLE)

    assert set(routing.channels) == {"log", "mail", "hook", "pager", "ntfy", "chat"}
    assert len(routing.routes) == 2
    assert routing.people["Kim Minsu"].channels == ("ntfy",)


def test_the_example_shows_every_key_that_there_is() -> None:
    routing = with_everything_switched_on(EXAMPLE)

    for channel in routing.channels.values():
        for key in type(channel).model_fields:
            assert re.search(rf"^#? ?\[?.*\b{key}\b", EXAMPLE, re.MULTILINE), key
    for key in type(routing.routes[0]).model_fields:
        assert re.search(rf"^#? ?{key} = ", EXAMPLE, re.MULTILINE), key


@pytest.mark.parametrize("key", sorted(next(sample_notifications()).body))
def test_the_documentation_names_everything_that_a_template_may(key: str) -> None:
    assert f"`{key}`" in DOCUMENTED


async def test_each_kind_becomes_its_channel() -> None:
    text = EXAMPLE.replace('# ca_file = "/etc/ssl/own-ca.pem"', "# no CA of our own here")
    routing = with_everything_switched_on(text)
    secrets = {name: SecretStr("hunter2") for name in routing.secret_names}

    channels = build_channels(routing, secrets=secrets)

    kinds = {name: type(channel) for name, channel in channels.items()}
    assert kinds["log"] is LogChannel
    assert kinds["mail"] is SmtpChannel
    assert kinds["pager"] is WebhookChannel
    assert "hunter2" not in repr(channels) + repr(vars(channels["pager"])) + repr(routing)
    for channel in channels.values():
        await channel.close()


async def test_the_log_channel_writes_one_line_of_pairs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    for notification in sample_notifications():
        await LogChannel().send(notification)

    raised, returned, _warmer, silent, _revoked = caplog.records
    assert [r.levelno for r in (raised, returned, silent)] == [
        logging.WARNING, logging.INFO, logging.WARNING,
    ]  # fmt: skip
    assert raised.getMessage() == (
        "alarm key='daejeon/rack-4/s1/m03/module_temperature' change='raised' priority='critical'"
        " rule='module_temperature' room='5층 배터리실' asset='Rack 4' component='s1/m03'"
        " value=52.1 setpoint=50.0 unit='°C'"
        " why='Module 3 of rack 4 is at 52.1 °C, above its limit of 50 °C.'"
    )
    assert "change='returned'" in returned.getMessage()
    assert "room=None" in silent.getMessage()
