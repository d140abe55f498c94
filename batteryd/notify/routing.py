"""Who hears of what: notify.toml as data, and the decision which channels an event goes to.

Every route is asked about every event, and an event goes to each channel of each route that takes
it, once. A condition that a route does not state takes everything; there is no order between routes
and no "stop here", so adding a route can never take a message away from somebody.

A person may have channels of their own (`[person."NAME"]`). What concerns somebody by name, as a
work order does, goes there beside what the routes say, so that a revoked GO reaches everybody on
the permit at once.

The beginning and the end of an alarm have the same site, room, scope, rule and priority, and so the
same channels, unless a route names only one of the two changes.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from batteryd.domain.alarm import PRIORITY_BY_TEXT, AlarmEvent, Change, Priority
from batteryd.domain.component import Scope
from batteryd.domain.person import same_person
from batteryd.errors import ConfigError, Mistake
from batteryd.mistakes import mistakes_of, unknown_text, value_text
from batteryd.notify.channel_settings import KINDS, AnyChannelSettings

_CATCH_ALL = (
    "a route without sites, rooms, scopes and rules, so that a critical alarm which nobody thought"
    " of is heard of as well"
)


_KEYS = ("channel", "person", "route")
_KIND_WORDS = ", ".join(KINDS)
_SHAPES = MappingProxyType(
    {
        "channel": "tables such as [channel.mail]",
        "person": 'tables such as [person."Kim Minsu"]',
        "route": "tables, each [[route]]",
    }
)

Model = TypeVar("Model", bound=BaseModel)
Container = TypeVar("Container", dict[str, Any], list[Any])


def _priority(text: object) -> object:
    if isinstance(text, str) and text in PRIORITY_BY_TEXT:
        return PRIORITY_BY_TEXT[text]
    raise ValueError(f"one of {', '.join(PRIORITY_BY_TEXT)}")


Texts = tuple[str, ...]


class Route(BaseModel):
    """One `[[route]]`: events that fit all its conditions go to its channels."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channels: Annotated[Texts, Field(min_length=1)]
    sites: Texts = ()  # empty: all
    rooms: Texts = ()
    scopes: tuple[Scope, ...] = ()
    rules: Texts = ()  # patterns such as "warranty_*"
    changes: Annotated[tuple[Change, ...], Field(min_length=1)] = tuple(Change)
    priority_min: Annotated[Priority, BeforeValidator(_priority)] = Priority.LOW

    def takes(self, event: AlarmEvent, *, room_id: str | None) -> bool:
        """Whether an event fits every condition. One about no room fits no list of rooms."""
        return (
            event.priority >= self.priority_min
            and event.change in self.changes
            and (not self.sites or event.key.site_id in self.sites)
            and (not self.rooms or room_id in self.rooms)
            and (not self.scopes or event.scope in self.scopes)
            and (not self.rules or any(fnmatchcase(event.key.rule, r) for r in self.rules))
        )

    @property
    def is_catch_all(self) -> bool:
        """Whether the beginning of every critical alarm fits."""
        return Change.RAISED in self.changes and not (
            self.sites or self.rooms or self.scopes or self.rules
        )


class Person(BaseModel):
    """One `[person."NAME"]`: how somebody hears of what concerns them by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channels: Annotated[Texts, Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Routing:
    """The whole of notify.toml."""

    channels: Mapping[str, AnyChannelSettings]
    routes: tuple[Route, ...]
    people: Mapping[str, Person] = field(default_factory=dict)  # by name, as it was typed

    def channels_for(
        self, event: AlarmEvent, *, room_id: str | None, people: Collection[str] = ()
    ) -> tuple[str, ...]:
        """Return the channels that an event goes to, each once.

        Those of the routes come first, in their order, then those of the people it concerns.
        """
        taken = [r.channels for r in self.routes if r.takes(event, room_id=room_id)]
        taken += [
            person.channels
            for name, person in self.people.items()
            if any(same_person(name, concerned) for concerned in people)
        ]
        return tuple(dict.fromkeys(name for names in taken for name in names))

    def without_channel(self, people: Iterable[str]) -> tuple[str, ...]:
        """Return those people whom nothing reaches by name."""
        return tuple(
            name for name in people if not any(same_person(name, known) for known in self.people)
        )

    @property
    def secret_names(self) -> frozenset[str]:
        """Return every secret that a channel needs."""
        return frozenset(name for c in self.channels.values() for name in c.secret_names)


def parse_notify(data: Mapping[str, Any], *, file: str) -> Routing:
    """Check the content of notify.toml, templates included.

    Raises:
        ConfigError: with every mistake there is.
    """
    mistakes = [
        Mistake(file, key, "", unknown_text("key", key, known=_KEYS))
        for key in data
        if key not in _KEYS
    ]
    channel_tables = _expect(data.get("channel", {}), dict, file=file, key="channel", to=mistakes)
    route_tables = _expect(data.get("route", []), list, file=file, key="route", to=mistakes)
    person_tables = _expect(data.get("person", {}), dict, file=file, key="person", to=mistakes)
    channels = {
        name: _channel(table, file=file, key=f"channel.{name}", to=mistakes)
        for name, table in channel_tables.items()
    }
    routes = [
        _told(Route, table, file=file, key=f"route.{number}", known=channels, to=mistakes)
        for number, table in enumerate(route_tables, start=1)
    ]
    people = {
        name: _told(Person, table, file=file, key=f"person.{name}", known=channels, to=mistakes)
        for name, table in person_tables.items()
    }
    found = Routing(
        {name: channel for name, channel in channels.items() if channel is not None},
        tuple(route for route in routes if route is not None),
        {name: person for name, person in people.items() if person is not None},
    )
    if not mistakes and not any(r.is_catch_all for r in found.routes):
        mistakes.append(Mistake(file, "route", "", _CATCH_ALL))
    if mistakes:
        raise ConfigError(tuple(mistakes))
    return found


def _channel(table: object, *, file: str, key: str, to: list[Mistake]) -> AnyChannelSettings | None:
    kind = table.get("kind", "") if isinstance(table, dict) else ""
    model = KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        allowed = unknown_text("kind", str(kind), known=KINDS) if kind else f"one of {_KIND_WORDS}"
        to.append(Mistake(file, f"{key}.kind", value_text(kind) if kind else "", allowed))
        return None
    return _checked(model, table, file=file, key=key, to=to)


def _told(
    model: type[Model],
    table: object,
    *,
    file: str,
    key: str,
    known: Collection[str],
    to: list[Mistake],
) -> Model | None:
    """Check a table that says in `channels` where something is told."""
    names = table.get("channels") if isinstance(table, dict) else ()
    for name in names if isinstance(names, list) else ():
        if name not in known:
            allowed = unknown_text("channel", str(name), known=known)
            to.append(Mistake(file, f"{key}.channels", value_text(name), allowed))
    return _checked(model, table, file=file, key=key, to=to)


def _checked(
    model: type[Model], table: object, *, file: str, key: str, to: list[Mistake]
) -> Model | None:
    try:
        return model.model_validate(table)
    except ValidationError as error:
        # An address may be a secret as a whole, even one that was written here by mistake.
        to += (
            replace(mistake, value="") if mistake.key.endswith(".url") else mistake
            for mistake in mistakes_of(error, model=model, file=file, key=key)
        )
        return None


def _expect(
    found: object, kind: type[Container], *, file: str, key: str, to: list[Mistake]
) -> Container:
    if isinstance(found, kind):
        return found
    to.append(Mistake(file, key, value_text(found), _SHAPES[key]))
    return kind()
