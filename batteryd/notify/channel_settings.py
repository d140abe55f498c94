"""The table of a channel in notify.toml, one class a kind.

The tables are checked strictly and every template in them is tried on sample messages, so what was
read can be sent. They may not hold a secret: where one is needed, a template names it as
`{{ secret.NAME }}`, and NAME is the name of the file that holds it.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    field_validator,
    model_validator,
)

from batteryd.errors import DeliveryError
from batteryd.notify.sample import sample_contexts
from batteryd.notify.template import TextTemplate, TreeTemplate

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110, token
_SECRET_HEADER = re.compile(r"authori[sz]ation|token|key|secret|cookie", re.IGNORECASE)
_ADDRESS = re.compile(r"[^@\s<>,]+@[^@\s<>,]+")
_ONE_SECRET = re.compile(r"\{\{\s*secret\.\w+\s*\}\}")


def _tried(source: str) -> str:
    template = TextTemplate(source)
    _try(template)
    return source


def _tried_tree(tree: dict[str, JsonValue]) -> dict[str, JsonValue]:
    _try(TreeTemplate(tree))
    return tree


def _try(template: TextTemplate | TreeTemplate) -> None:
    for context in sample_contexts(template.secret_names):
        try:
            template.render(context)
        except DeliveryError as error:
            raise ValueError(f"{error}; tried on the alarm {context['dedup_key']}") from error


def _absolute(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError("a whole path, from / on")
    return path


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError("one address such as batteryd@example.org, without a name")
    return text


Text = Annotated[str, Field(min_length=1), AfterValidator(_tried)]
Tree = Annotated[dict[str, JsonValue], AfterValidator(_tried_tree)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
CaFile = Annotated[str, AfterValidator(_absolute)]  # of a CA of your own, in PEM form
TimeoutS = Annotated[float, Field(ge=0.1, le=25)]  # the outbox gives up waiting after 30 s
Address = Annotated[str, AfterValidator(_address)]


class ChannelSettings(BaseModel):
    """The table of one channel."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    @property
    def secret_names(self) -> frozenset[str]:
        """Return the secrets that its templates name."""
        return frozenset(name for t in self._templates() for name in t.secret_names)

    def _templates(self) -> Iterator[TextTemplate | TreeTemplate]:
        yield from ()


class LogSettings(ChannelSettings):
    """A line in batteryd's own log."""

    kind: Literal["log"]


class WebhookSettings(ChannelSettings):
    """An HTTP request. Without a body of its own it carries everything there is, as JSON."""

    kind: Literal["webhook"]
    url: Text
    method: Literal["POST", "PUT"] = "POST"
    headers: dict[str, str] = Field(default_factory=dict)
    body_json: Tree | None = None
    body_text: Text | None = None
    timeout_s: TimeoutS = 10.0
    ca_file: CaFile | None = None

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        if TextTemplate(url).secret_names:
            return url  # what it comes to is known when its secret is
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError('an address such as https://example.org/hook, or "{{ secret.NAME }}"')
        if "@" in parts.netloc:
            raise ValueError("no user or password in the address: name a secret in a header")
        return url

    @field_validator("headers")  # as a whole: a mistake must not repeat the value of a header
    @classmethod
    def _are_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not _HEADER_NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no name of a header")
            _tried(value)
            if _SECRET_HEADER.search(name) and not TextTemplate(value).secret_names:
                raise ValueError(f'{name}: name a secret, e.g. "Bearer {{{{ secret.NAME }}}}"')
        return headers

    @model_validator(mode="after")
    def _has_one_body(self) -> Self:
        if self.body_json is not None and self.body_text is not None:
            raise ValueError("body_json or body_text, not both")
        return self

    def _templates(self) -> Iterator[TextTemplate | TreeTemplate]:
        yield TextTemplate(self.url)
        yield from map(TextTemplate, self.headers.values())
        yield TreeTemplate(self.body_json)
        yield TextTemplate(self.body_text or "")


class SmtpSettings(ChannelSettings):
    """A mail through a server that relays for this host or this user."""

    kind: Literal["smtp"]
    host: Name
    security: Literal["starttls", "tls", "none"] = "starttls"
    port: Annotated[int, Field(ge=1, le=65535)] | None = None  # None: 587, 465 or 25
    username: Name | None = None
    password: str | None = None
    sender: Address
    recipients: Annotated[tuple[Address, ...], Field(strict=False, min_length=1, max_length=50)]
    subject: Text = "{{ subject }}"
    text: Text = "{{ text }}"
    timeout_s: TimeoutS = 10.0  # of each step of the conversation
    ca_file: CaFile | None = None

    @field_validator("password")
    @classmethod
    def _is_a_secret(cls, password: str | None) -> str | None:
        if password is not None and not _ONE_SECRET.fullmatch(password):
            raise ValueError('"{{ secret.NAME }}", with the name of a file that holds it')
        return password

    @model_validator(mode="after")
    def _keeps_the_password_private(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password, or neither")
        if self.password is not None and self.security == "none":
            raise ValueError('a password needs security = "starttls" or "tls"')
        return self

    def _templates(self) -> Iterator[TextTemplate | TreeTemplate]:
        yield from map(TextTemplate, (self.password or "", self.subject, self.text))


AnyChannelSettings = LogSettings | WebhookSettings | SmtpSettings

KINDS: Mapping[str, type[AnyChannelSettings]] = MappingProxyType(
    {"log": LogSettings, "webhook": WebhookSettings, "smtp": SmtpSettings}
)
