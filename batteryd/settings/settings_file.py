"""Reads `batteryd.toml`: the environment is laid over it, secrets are fetched, paths made absolute.

What is wrong is collected, and the section it is in falls back to its defaults: the files that the
other sections name can then still be checked in the same go.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from batteryd.devices.snmp import gufo_obstacle
from batteryd.errors import Mistake
from batteryd.mistakes import mistakes_of, value_text
from batteryd.settings.collect import Collector
from batteryd.settings.environment import (
    Table,
    environment_settings,
    overlaid,
    where_it_was_said,
)
from batteryd.settings.files import SourceFile, toml_of
from batteryd.settings.model import Credential, Influx, Section, Settings
from batteryd.settings.secrets import SecretPlaces, in_the_clear, read_secrets

NAMED = ("credentials", "schedule")  # sections that hold tables by name


class SettingsRead(NamedTuple):
    """The settings as far as they are right, and the names of all credentials, right or not."""

    settings: Settings
    credential_names: Collection[str]


def read_settings(
    file: SourceFile, *, environ: Mapping[str, str], collector: Collector
) -> SettingsRead:
    """Return the settings; mistakes go to the collector.

    Raises:
        ConfigError: the file is not TOML; nothing can be said of the files that it names.
    """
    written = toml_of(file)
    for key, model, table in _secret_tables(written):
        collector.add(*in_the_clear(table, model=model, file=file.name, key=key))
    spoken = environment_settings(environ, collector=collector)
    merged = overlaid(written, spoken)
    credentials = merged.get("credentials")
    names = frozenset(credentials) if isinstance(credentials, dict) else frozenset()
    settings = _checked(merged, written=written, spoken=spoken, file=file, collector=collector)
    places = SecretPlaces.of(file.path.parent, environ=environ)
    settings = _unlocked(settings, places=places, file=file, collector=collector)
    settings = _anchored(settings, file.path.parent)
    if settings.influx.ca_file is not None and not settings.influx.ca_file.is_file():
        shown = str(settings.influx.ca_file)
        collector.add(Mistake(file.name, "influx.ca_file", shown, "a file that is there"))
    collector.add(*_engine_mistakes(settings, file=file.name))
    return SettingsRead(settings, names)


def _checked(
    merged: dict[str, Any],
    *,
    written: Table,
    spoken: Table,
    file: SourceFile,
    collector: Collector,
) -> Settings:
    try:
        return Settings(**merged)
    except ValidationError as error:
        for mistake in mistakes_of(error, model=Settings, file=file.name):
            collector.add(where_it_was_said(mistake, written=written, spoken=spoken))
        for details in error.errors():
            _drop(merged, details["loc"])
    return Settings(**merged)


def _drop(merged: dict[str, Any], path: Sequence[int | str]) -> None:
    """Take out the section, or the one credential or schedule, that a mistake is in."""
    name = str(path[0])
    table = merged.get(name)
    if name in NAMED and len(path) > 1 and isinstance(table, dict):
        merged[name] = {key: value for key, value in table.items() if key != path[1]}
    else:
        merged.pop(name, None)


def _secret_tables(written: Table) -> Iterator[tuple[str, type[BaseModel], Table]]:
    influx = written.get("influx")
    if isinstance(influx, dict):
        yield "influx", Influx, influx
    credentials = written.get("credentials")
    for name, table in credentials.items() if isinstance(credentials, dict) else ():
        if isinstance(table, dict):
            yield f"credentials.{name}", Credential, table


def _engine_mistakes(settings: Settings, *, file: str) -> Iterator[Mistake]:
    engine = settings.poll.snmp_engine
    for name, credential in settings.credentials.items():
        obstacle = gufo_obstacle(credential) if engine == "gufo" else ""
        if obstacle:
            allowed = f"auto or pysnmp, because of credentials.{name}: {obstacle}"
            yield Mistake(file, "poll.snmp_engine", value_text(engine), allowed)


def _unlocked(
    settings: Settings, *, places: SecretPlaces, file: SourceFile, collector: Collector
) -> Settings:
    def unlocked(section: Section, key: str) -> Section:
        read = collector.attempt(
            lambda: read_secrets(section, places=places, file=file.name, key=key)
        )
        return section if read is None else read

    credentials = {
        name: unlocked(credential, f"credentials.{name}")
        for name, credential in settings.credentials.items()
    }
    influx = unlocked(settings.influx, "influx")
    return settings.model_copy(update={"influx": influx, "credentials": credentials})


def _anchored(settings: Settings, folder: Path) -> Settings:
    """Make the paths of every section absolute, as seen from the configuration's folder."""

    def anchored(section: Section) -> Section:
        paths = {key: folder / path for key, path in section if isinstance(path, Path)}
        return section.model_copy(update=paths)

    sections = ((name, getattr(settings, name)) for name in Settings.model_fields)
    return settings.model_copy(
        update={
            **{name: anchored(part) for name, part in sections if isinstance(part, Section)},
            "schedule": {name: anchored(part) for name, part in settings.schedule.items()},
        }
    )
