import tomllib
from dataclasses import replace
from typing import Any

import pytest

from batteryd.domain.alarm import AlarmEvent, Change, Priority
from batteryd.domain.component import Scope
from batteryd.errors import ConfigError
from batteryd.notify.routing import Routing, parse_notify
from tests.builders import NOON_S, make_key

HOT = AlarmEvent(
    key=make_key(),
    change=Change.RAISED,
    at_s=NOON_S,
    scope=Scope.SENSOR,
    priority=Priority.HIGH,
    quantity="temperature_c",
    value=46.2,
    setpoint=40.0,
    why="module 2 of rack 1: 46.2 °C, above 40.0 °C",
)
CHANNELS = """
[channel.log]
kind = "log"
[channel.mail]
kind = "smtp"
host = "mail.example.org"
sender = "batteryd@example.org"
recipients = ["oncall@example.org"]
[channel.pager]
kind = "webhook"
url = "https://pager.example.org/enqueue"
[[route]]
channels = ["log"]
"""


def parse(text: str) -> Routing:
    return parse_notify(tomllib.loads(text), file="notify.toml")


def mistakes_in(text: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        parse(text)
    return [str(mistake) for mistake in refused.value.mistakes]


@pytest.mark.parametrize(
    ("condition", "event", "is_told"),
    [
        ("", {}, True),
        ('priority_min = "high"', {}, True),
        ('priority_min = "critical"', {}, False),
        ('priority_min = "critical"', {"priority": Priority.CRITICAL}, True),
        ('sites = ["daejeon"]', {}, True),
        ('sites = ["gwangju", "daegu"]', {}, False),
        ('rooms = ["room-5b"]', {}, True),
        ('rooms = ["room-4a"]', {}, False),
        ('scopes = ["cell", "sensor"]', {}, True),
        ('scopes = ["rack"]', {}, False),
        ('rules = ["module_*"]', {}, True),
        ('rules = ["warranty_*", "silence"]', {}, False),
        ('changes = ["raised"]', {}, True),
        ('changes = ["raised"]', {"change": Change.RETURNED}, False),
        ('sites = ["daejeon"]\nrooms = ["room-4a"]', {}, False),  # all conditions, not any
    ],
)
def test_a_route_takes_what_fits_all_its_conditions(
    condition: str, event: dict[str, Any], is_told: bool
) -> None:
    routing = parse(f'{CHANNELS}\n[[route]]\nchannels = ["pager"]\n{condition}')

    told = routing.channels_for(replace(HOT, **event), room_id="room-5b")

    assert told == (("log", "pager") if is_told else ("log",))


def test_an_event_about_no_room_is_not_for_the_route_of_a_room() -> None:
    routing = parse(f'{CHANNELS}\n[[route]]\nchannels = ["pager"]\nrooms = ["room-5b"]')

    assert routing.channels_for(HOT, room_id=None) == ("log",)


def test_a_channel_of_two_routes_is_told_once() -> None:
    routing = parse(f'{CHANNELS}\n[[route]]\nchannels = ["pager", "log"]')

    assert routing.channels_for(HOT, room_id="room-5b") == ("log", "pager")


PERSON = '[person."Kim Minsu"]\nchannels = ["pager", "log"]\n'


@pytest.mark.parametrize("name", ["Kim Minsu", "kim  minsu", "KIM MINSU"])
def test_what_concerns_somebody_by_name_reaches_their_own_channels_too(name: str) -> None:
    routing = parse(CHANNELS + PERSON)

    told = routing.channels_for(HOT, room_id="room-5b", people=("Lee Jiwon", name))

    assert told == ("log", "pager")
    assert routing.without_channel(("Lee Jiwon", name)) == ("Lee Jiwon",)


def test_what_concerns_nobody_by_name_follows_the_routes_alone() -> None:
    routing = parse(CHANNELS + PERSON)

    assert routing.channels_for(HOT, room_id="room-5b") == ("log",)


def test_the_mistakes_of_people_are_told_like_those_of_routes() -> None:
    wrong = PERSON.replace('"log"', '"lgo"').replace("channels", "channel") + (
        '[person."Lee Jiwon"]\nchannels = ["paper"]\n[person."Park"]\nchannels = []\n'
    )

    found = mistakes_in(CHANNELS + wrong)

    assert any("person.Kim Minsu.channel: unknown key; did you mean channels?" in m for m in found)
    assert any("person.Lee Jiwon.channels" in m and "did you mean pager?" in m for m in found)
    assert any("person.Park.channels" in m for m in found)
    assert any("person = 1: tables such as" in m for m in mistakes_in(f"person = 1\n{CHANNELS}"))


def test_the_end_of_an_alarm_goes_where_its_beginning_went() -> None:
    routing = parse(
        f'{CHANNELS}\n[[route]]\nchannels = ["pager"]\npriority_min = "high"\nrules = ["module_*"]'
    )

    beginning = routing.channels_for(HOT, room_id="room-5b")
    end = routing.channels_for(replace(HOT, change=Change.RETURNED, value=36.0), room_id="room-5b")

    assert end == beginning == ("log", "pager")


def test_the_secrets_that_are_needed_are_those_that_templates_name() -> None:
    routing = parse(
        CHANNELS.replace(
            'url = "https://pager.example.org/enqueue"',
            'url = "{{ secret.pager_url }}"\n'
            'headers = { Authorization = "Bearer {{ secret.pager_token }}" }\n'
            'body_json = { key = ["{{ secret.routing_key }}"] }',
        ).replace(
            'host = "mail.example.org"',
            'host = "mail.example.org"\nusername = "b"\npassword = "{{ secret.smtp_password }}"',
        )
    )

    assert routing.secret_names == {"pager_url", "pager_token", "routing_key", "smtp_password"}


WEBHOOK = '[channel.hook]\nkind = "webhook"\nurl = "https://example.org/hook"\n'


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("chanel = 1", "notify.toml: chanel: unknown key; did you mean channel?"),
        ("channel = 3", "notify.toml: channel = 3: tables such as [channel.mail]"),
        ("[route]\na = 1", "notify.toml: route: tables, each [[route]]"),
        ("[channel.x]", "notify.toml: channel.x.kind: one of log, webhook, smtp"),
        (
            '[channel.x]\nkind = "webhok"',
            'notify.toml: channel.x.kind = "webhok": unknown kind; did you mean webhook?',
        ),
        ("[channel]\nx = 1", "notify.toml: channel.x.kind: one of log, webhook, smtp"),
        (
            '[channel.x]\nkind = "webhook"\nurl = "ftp://example.org"',
            "notify.toml: channel.x.url: an address such as https://example.org/hook",
        ),
        ('[channel.x]\nkind = "webhook"', "notify.toml: channel.x.url: this key is required"),
        (
            WEBHOOK + "timeot_s = 3.0",
            "notify.toml: channel.hook.timeot_s = 3.0: unknown key; did you mean timeout_s?",
        ),
        (WEBHOOK + "timeout_s = 60", "notify.toml: channel.hook.timeout_s = 60: 25 or less"),
        (
            WEBHOOK + 'ca_file = "own-ca.pem"',
            'notify.toml: channel.hook.ca_file = "own-ca.pem": a whole path, from / on',
        ),
        (
            WEBHOOK + 'body_text = "{{ nope }}"',
            'notify.toml: channel.hook.body_text = "{{ nope }}": template: UndefinedError',
        ),
        (
            WEBHOOK + 'body_text = "{{ value "',
            'notify.toml: channel.hook.body_text = "{{ value ": no template: unexpected end',
        ),
        (
            WEBHOOK + 'body_text = "{{ value|round }}"',  # some alarms have no value
            'notify.toml: channel.hook.body_text = "{{ value|round }}": template: TypeError',
        ),
        (
            WEBHOOK + 'body_json = { payload = { items = ["ok", "{{ valu }}"] } }',
            "notify.toml: channel.hook.body_json: template at payload.items.2: UndefinedError",
        ),
        (
            WEBHOOK + 'body_json = { a = 1 }\nbody_text = "x"',
            "notify.toml: channel.hook: body_json or body_text, not both",
        ),
        (
            WEBHOOK + 'headers = { "X Y" = "1" }',
            "notify.toml: channel.hook.headers: 'X Y' is no name of a header",
        ),
        (
            '[channel.m]\nkind = "smtp"\nhost = "mail"\nsender = "batteryd"\nrecipients = []',
            'notify.toml: channel.m.sender = "batteryd": one address such as',
        ),
        (
            '[channel.m]\nkind = "smtp"\nhost = "mail"\nsender = "a@b"\nrecipients = ["c@d"]\n'
            'security = "none"\nusername = "u"\npassword = "{{ secret.pw }}"',
            'notify.toml: channel.m: a password needs security = "starttls" or "tls"',
        ),
        (
            '[channel.m]\nkind = "smtp"\nhost = "mail"\nsender = "a@b"\nrecipients = ["c@d"]\n'
            'username = "u"',
            "notify.toml: channel.m: username and password, or neither",
        ),
        (
            '[[route]]\nchannels = ["pagr"]\n[channel.pager]\nkind = "log"',
            'notify.toml: route.1.channels = "pagr": unknown channel; did you mean pager?',
        ),
        ("[[route]]\nchannels = []", "notify.toml: route.1.channels"),
        (
            '[[route]]\nchannels = ["log"]\npriority_min = "urgent"',
            'notify.toml: route.1.priority_min = "urgent": one of low, medium, high, critical',
        ),
        (
            '[[route]]\nchannels = ["log"]\nscopes = ["cel"]',
            "notify.toml: route.1.scopes.1 = \"cel\": one of 'cell', 'sensor'",
        ),
        ("", "notify.toml: route: a route without sites, rooms, scopes and rules"),
        (
            '[channel.log]\nkind = "log"\n[[route]]\nchannels = ["log"]\nsites = ["daejeon"]',
            "notify.toml: route: a route without sites, rooms, scopes and rules",
        ),
        (
            '[channel.log]\nkind = "log"\n[[route]]\nchannels = ["log"]\nchanges = ["returned"]',
            "notify.toml: route: a route without sites, rooms, scopes and rules",
        ),
    ],
)
def test_a_mistake_says_where_it_is_and_what_would_be_right(text: str, mistake: str) -> None:
    found = mistakes_in(text)

    assert [m for m in found if m.startswith(mistake)], found


def test_every_mistake_of_the_file_is_listed_at_once() -> None:
    found = mistakes_in(
        '[channel.a]\nkind = "webhok"\n'
        '[channel.b]\nkind = "webhook"\nurl = "https://b"\nbody_text = "{{ nope }}"\nextra = 1\n'
        '[[route]]\nchannels = ["c"]\npriority_min = "urgent"\n'
    )

    assert [m.split(": ")[1].split(" = ")[0] for m in found] == [
        "channel.a.kind",
        "channel.b.body_text",
        "channel.b.extra",
        "route.1.channels",
        "route.1.priority_min",
    ]


@pytest.mark.parametrize(
    "text",
    [
        '[channel.x]\nkind = "webhook"\nurl = "https://user:hunter2@example.org/"',
        '[channel.x]\nkind = "webhook"\nurl = "ftp://example.org/hunter2"',
        WEBHOOK + 'headers = { Authorization = "Bearer hunter2" }',
        WEBHOOK + 'headers = { X-Api-Key = "hunter2" }',
        '[channel.m]\nkind = "smtp"\nhost = "mail"\nsender = "a@b"\nrecipients = ["c@d"]\n'
        'username = "u"\npassword = "hunter2"',
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(text: str) -> None:
    found = mistakes_in(text)

    assert found
    assert "hunter2" not in "\n".join(found)
