"""Reads a whole configuration, or lists everything that is wrong with it.

Each step hands on what it could read and leaves its mistakes with the collector, so a slip in
`rules.toml` shows together with one in the inventory. What is wrong in one file makes no second
mistake in another: a battery may refer to a profile whose own file is broken.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from batteryd.devices.profile import Profile
from batteryd.domain.inventory import Inventory
from batteryd.errors import ConfigError, Mistake
from batteryd.mistakes import unknown_text
from batteryd.rules.rulebook import RuleBook
from batteryd.rules.rulebook_file import parse_rulebook
from batteryd.settings.collect import Collector
from batteryd.settings.files import Files, toml_of
from batteryd.settings.inventory import build_inventory, mistakes_between, read_rows
from batteryd.settings.located import InventoryRows
from batteryd.settings.model import Credential, Settings
from batteryd.settings.notify_file import Notify, read_notify, routes_to_nowhere
from batteryd.settings.paths import SYSTEM_CONFIG_FILE
from batteryd.settings.profiles import Profiles, read_profiles
from batteryd.settings.secrets import SecretPlaces
from batteryd.settings.settings_file import read_settings


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that the operator said, checked as one. `digests` has the SHA-256 of every file read."""

    settings: Settings
    inventory: Inventory
    rulebook: RuleBook
    notify: Notify
    profiles: Mapping[str, Profile]
    digests: Mapping[str, str]

    @property
    def credentials(self) -> Mapping[str, Credential]:
        """What SNMP agents want to hear, by the name that the inventory uses."""
        return self.settings.credentials


def load_configuration(
    config_file: Path | None = None, *, environ: Mapping[str, str]
) -> Configuration:
    """Read `batteryd.toml` and every file that it names.

    Raises:
        ConfigError: with every mistake in every file.
    """
    collector, files = Collector(), Files()
    file = files.read(config_file or SYSTEM_CONFIG_FILE)
    settings, credential_names = read_settings(file, environ=environ, collector=collector)
    paths = settings.files
    profiles = read_profiles(paths.profiles, files=files, collector=collector)
    rulebook = collector.attempt(lambda: _rulebook(paths.rules, profiles=profiles, files=files))
    places = SecretPlaces.of(file.path.parent, environ=environ)
    notify = collector.attempt(
        lambda: read_notify(paths.notify, places=places, files=files, collector=collector)
    )
    rows = collector.attempt(lambda: read_rows(paths.inventory, files=files, collector=collector))
    if rows is not None:
        collector.add(*mistakes_between(rows, profiles=profiles, credentials=credential_names))
    if rows is not None and rulebook is not None:
        collector.add(*_overrides_for_nobody(rulebook, rows=rows, profiles=profiles))
    if rows is not None and notify is not None:
        collector.add(*routes_to_nowhere(notify.routing, rows=rows, file=paths.notify))
    if notify is not None:
        collector.add(*_mails_to_nobody(settings, notify, file=file.name))
    if rulebook is None or notify is None or rows is None or collector.mistakes:
        raise ConfigError(collector.mistakes)
    return Configuration(
        settings=settings,
        inventory=build_inventory(rows, profiles=profiles),
        rulebook=rulebook,
        notify=notify,
        profiles={name: profile for name, profile in profiles.items() if profile is not None},
        digests=files.digests,
    )


def check_config(
    config_file: Path | None = None, *, environ: Mapping[str, str]
) -> tuple[Mistake, ...]:
    """Return everything that is wrong; an empty answer means that the daemon would take it."""
    try:
        load_configuration(config_file, environ=environ)
    except ConfigError as error:
        return error.mistakes
    return ()


def load_rulebook(path: Path, configuration: Configuration) -> RuleBook:
    """Read other rules for the same site.

    Raises:
        ConfigError: with every mistake in the file.
    """
    rulebook = _rulebook(path, profiles=configuration.profiles, files=Files())
    inventory = configuration.inventory
    mistakes = rulebook.unknown_names(
        profiles=configuration.profiles.keys(),
        sites=inventory.sites.keys(),
        batteries=inventory.batteries.keys() | inventory.ups.keys(),
    )
    if mistakes:
        raise ConfigError(mistakes)
    return rulebook


def _rulebook(path: Path, *, profiles: Profiles, files: Files) -> RuleBook:
    file = files.read(path)
    limits = {
        name: {q: limit.model_dump(exclude_none=True) for q, limit in profile.limits.items()}
        for name, profile in profiles.items()
        if profile is not None
    }
    return parse_rulebook(toml_of(file), file=file.name, profile_limits=limits)


def _mails_to_nobody(settings: Settings, notify: Notify, *, file: str) -> tuple[Mistake, ...]:
    """Return a mistake for every schedule whose mail goes through no mail channel."""
    channels = notify.routing.channels
    mails = [name for name, channel in channels.items() if channel.kind == "smtp"]
    return tuple(
        Mistake(
            file, f"schedule.{name}.mail", f'"{schedule.mail}"',
            unknown_text("channel of kind smtp", schedule.mail, known=mails),
        )
        for name, schedule in settings.schedule.items()
        if schedule.mail is not None and schedule.mail not in mails
    )  # fmt: skip


def _overrides_for_nobody(
    rulebook: RuleBook, *, rows: InventoryRows, profiles: Profiles
) -> tuple[Mistake, ...]:
    ids = rows.ids
    return rulebook.unknown_names(
        profiles=profiles.keys(),
        sites=ids.get("site", frozenset()),
        batteries=ids.get("battery", frozenset()) | ids.get("ups", frozenset()),
    )
