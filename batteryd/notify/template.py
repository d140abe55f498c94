"""Templates of messages: Jinja2 in a sandbox, in which a name that does not exist is an error.

There are two kinds. A `TextTemplate` gives text. A `TreeTemplate` is a table as TOML has it, every
text in it a template: it gives JSON without anybody having to think of quotes, and a text that is
one expression alone keeps its type, so `"{{ value }}"` becomes the number 52.1, or null.

What templates may name: the keys of `AlarmMessage.as_body`, what `context_of` adds to them, the
filters below, and `secret.NAME`, the content of a secret's file.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, Undefined, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from batteryd.domain.notification import Notification
from batteryd.errors import DeliveryError
from batteryd.notify.wording import SUBJECT, SUMMARY, TEXT

Context = Mapping[str, Any]

_ONE_EXPRESSION = re.compile(r"\{\{(?P<expression>(?:(?!\}\}|\{\{).)*)\}\}", re.DOTALL)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_UNKNOWN = "unknown"  # what filters make of null
_VOLTS_MIN = 0.1
_DECIMALS = {"mV": 0, "K": 1, "K/min": 1, "K·h": 1, "mΩ": 2}
# What an expression can raise on values that its author did not think of.
_FAILURES = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError)


class TextTemplate:
    """A template that gives text."""

    def __init__(self, source: str) -> None:
        """Compile.

        Raises:
            ValueError: the source is no template; says where and why.
        """
        try:
            self._render = _ENVIRONMENT.from_string(source).render
            self.secret_names = frozenset(_secret_names(source))
        except TemplateSyntaxError as error:
            raise ValueError(f"no template: {error.message} (line {error.lineno})") from error

    def render(self, context: Context) -> str:
        """Fill the template.

        Raises:
            DeliveryError: it names something that is not there. Trying again cannot help.
        """
        try:
            return self._render(context)
        except _FAILURES as error:
            raise _permanent(error) from error


class TreeTemplate:
    """A tree of tables, lists and values whose texts are templates."""

    def __init__(self, tree: object) -> None:
        """Compile.

        Raises:
            ValueError: a text in it is no template; says where and why.
        """
        self._names: set[str] = set()
        self._node = self._compile(tree, path="")
        self.secret_names = frozenset(self._names)

    def render(self, context: Context) -> str:
        """Fill the templates and write the tree as JSON.

        Raises:
            DeliveryError: as for `TextTemplate.render`, with the place in the tree.
        """
        tree = self._node(context)
        try:
            return json.dumps(tree, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError) as error:  # e.g. a filter's generator
            raise _permanent(error) from error

    def _compile(self, tree: object, *, path: str) -> Callable[[Context], Any]:
        if isinstance(tree, Mapping):
            inner = {k: self._compile(v, path=f"{path}.{k}") for k, v in tree.items()}
            return lambda context: {k: node(context) for k, node in inner.items()}
        if isinstance(tree, list):
            items = [self._compile(v, path=f"{path}.{i}") for i, v in enumerate(tree, start=1)]
            return lambda context: [node(context) for node in items]
        if isinstance(tree, str):
            return self._compile_text(tree, path=path)
        return lambda context: tree

    def _compile_text(self, source: str, *, path: str) -> Callable[[Context], Any]:
        at = path.lstrip(".")
        try:
            self._names |= TextTemplate(source).secret_names
        except ValueError as error:
            raise ValueError(f"{at}: {error}") from error
        render = _native(source)

        def render_at(context: Context) -> Any:
            try:
                return render(context)
            except _FAILURES as error:
                raise _permanent(error, at=at) from error

        return render_at


def context_of(notification: Notification, *, secrets: Mapping[str, str]) -> dict[str, Any]:
    """Return everything that a template of this notification may name.

    Raises:
        DeliveryError: the notification's body lacks what the default texts need.
    """
    context: dict[str, Any] = {
        **notification.body,
        "dedup_key": notification.dedup_key,
        "idempotency_key": notification.idempotency_key,
        "event_id": notification.event_id,
    }
    summary = _SUMMARY.render(context)
    subject, text = _SUBJECT.render(context), _TEXT.render(context | {"summary": summary})
    return context | {"subject": subject, "summary": summary, "text": text, "secret": secrets}


def _native(source: str) -> Callable[[Context], Any]:
    alone = _ONE_EXPRESSION.fullmatch(source.strip())
    if alone is None:
        return _ENVIRONMENT.from_string(source).render
    evaluate = _ENVIRONMENT.compile_expression(alone["expression"], undefined_to_none=False)

    def render(context: Context) -> Any:
        found = evaluate(**context)
        # Jinja hands an undefined result over without a word; asking for its text complains.
        return str(found) if isinstance(found, Undefined) else found

    return render


def _secret_names(source: str) -> Iterator[str]:
    for found in _ENVIRONMENT.parse(source).find_all(nodes.Getattr):
        if isinstance(found.node, nodes.Name) and found.node.name == "secret":
            yield found.attr


def _permanent(error: Exception, *, at: str = "") -> DeliveryError:
    place = f" at {at}" if at else ""
    return DeliveryError(f"template{place}: {type(error).__name__}: {error}", permanent=True)


def _amount(value: float | None, unit: str = "") -> str:
    """Write a number with at most three decimals, and its unit: `52.1 °C`.

    What is the result of a comparison has as many as can be trusted. What is less than a tenth of a
    volt is about cells, and told in millivolts.
    """
    if value is None:
        return _UNKNOWN
    if unit == "V" and 0 < abs(value) < _VOLTS_MIN:
        value, unit = value * 1000, "mV"
    digits = f"{value:.{_DECIMALS.get(unit, 3)}f}"
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return f"{digits} {unit}".rstrip()


def _duration(duration_s: float | None) -> str:
    """Write a duration in its two largest units: `2 h 5 min`."""
    if duration_s is None:
        return _UNKNOWN
    left = round(duration_s)
    parts = []
    for unit, unit_s in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, unit_s)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def _local_time(at_s: float | None, time_zone: str = "UTC") -> str:
    """Write an instant in the site's own time: `2025-09-26 20:16:44 KST`."""
    if at_s is None:
        return _UNKNOWN
    return datetime.fromtimestamp(at_s, _zone(time_zone)).strftime("%Y-%m-%d %H:%M:%S %Z")


def _utc(at_s: float) -> str:
    """Write an instant as machines read it: `2025-09-26T11:16:44Z`."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _in_local_time(text: str, time_zone: str = "UTC") -> str:
    """Write the instants of a sentence in the site's own time: `since 2025-09-26 20:16:44 KST`."""
    return _INSTANT.sub(
        lambda found: _local_time(datetime.fromisoformat(found[0]).timestamp(), time_zone), text
    )


def _sentence(text: str) -> str:
    """Write a text as a sentence: with a full stop."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _coverage(status: str, last_day: str | None) -> str:
    """Write how a battery is covered: `Battery out of warranty since 19 Aug 2024`."""
    if status == "unknown" or last_day is None:
        return "Warranty unknown"
    day = date.fromisoformat(last_day)
    if status == "expired":
        return f"Battery out of warranty since {_day(day + timedelta(days=1))}"
    return f"Battery in warranty until {_day(day)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _feeding(services: Sequence[Mapping[str, Any]]) -> str:
    """Write what hangs on a battery: `feeds 3 services of grade 1 and 1 of grade 3.`."""
    counts = Counter(service["grade"] for service in services)
    if not counts:
        return "no service is known to depend on it."
    (first, count), *others = sorted(counts.items())
    parts = [f"{count} service{'' if count == 1 else 's'} of grade {first}"]
    parts += [f"{number} of grade {grade}" for grade, number in others]
    *before, last = parts
    return f"feeds {', '.join(before)} and {last}." if before else f"feeds {last}."


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC  # a message in another zone, which it names, is better than none


FILTERS = MappingProxyType(
    {
        "amount": _amount,
        "coverage": _coverage,
        "duration": _duration,
        "feeding": _feeding,
        "in_local_time": _in_local_time,
        "local_time": _local_time,
        "sentence": _sentence,
        "utc": _utc,
    }
)


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # text and JSON, never HTML
    )
    environment.filters.update(FILTERS)
    return environment


_ENVIRONMENT = _environment()
_SUBJECT = TextTemplate(SUBJECT)
_SUMMARY = TextTemplate(SUMMARY)
_TEXT = TextTemplate(TEXT)
