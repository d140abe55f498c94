"""Reads `notify.toml`: who hears of what, and the secrets that its templates name."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

from batteryd.errors import Mistake
from batteryd.mistakes import unknown_text, value_text
from batteryd.notify.channel_settings import LogSettings
from batteryd.notify.routing import Routing, parse_notify
from batteryd.settings.collect import Collector
from batteryd.settings.files import Files, toml_of
from batteryd.settings.located import InventoryRows
from batteryd.settings.secrets import SecretPlaces, read_secret_files


class Notify(NamedTuple):
    """Channels and routes, and what their templates may name as `{{ secret.NAME }}`."""

    routing: Routing
    secrets: Mapping[str, SecretStr]


def read_notify(path: Path, *, places: SecretPlaces, files: Files, collector: Collector) -> Notify:
    """Return channels, routes and secrets; a secret that cannot be read goes to the collector.

    Raises:
        ConfigError: the file itself cannot be used.
    """
    file = files.read(path)
    routing = parse_notify(toml_of(file), file=file.name)
    collector.add(*_missing_certificates(routing, file=file.name))
    wanted = {name: name for name in sorted(routing.secret_names)}
    secrets = collector.attempt(
        lambda: read_secret_files(wanted, places=places, file=file.name, key_template="secret.{}")
    )
    return Notify(routing, secrets or {})


def routes_to_nowhere(routing: Routing, *, rows: InventoryRows, file: Path) -> Iterator[Mistake]:
    """Yield every site and room of a route that the inventory does not have."""
    for number, route in enumerate(routing.routes, start=1):
        for kind, names in (("site", route.sites), ("room", route.rooms)):
            known = rows.ids.get(kind, frozenset())
            for name in names:
                if name not in known:
                    allowed = unknown_text(kind, name, known=sorted(known))
                    yield Mistake(str(file), f"route.{number}.{kind}s", value_text(name), allowed)


def _missing_certificates(routing: Routing, *, file: str) -> Iterator[Mistake]:
    for name, channel in routing.channels.items():
        if isinstance(channel, LogSettings) or channel.ca_file is None:
            continue
        if not Path(channel.ca_file).is_file():
            key = f"channel.{name}.ca_file"
            yield Mistake(file, key, value_text(channel.ca_file), "a file that is there")
