"""The rules that count for a battery, as `check-config --effective` prints them."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batteryd.rules.effective import EffectiveRule, Parameter


def effective_lines(rule: "EffectiveRule") -> Iterator[str]:
    """Yield what counts of a rule as rules.toml would say it, with whose word each key is."""
    yield f"[rule.{rule.name}]"
    yield f"kind = {_toml(rule.kind)}"
    if rule.is_enabled:
        yield from map(_parameter_line, rule.parameters)
    else:
        yield from (_parameter_line(p) for p in rule.parameters if p.key == "enabled")
    if rule.is_enabled and rule.at_work:
        yield f"[rule.{rule.name}.work]"
        yield from map(_parameter_line, rule.at_work)
    yield ""


def _parameter_line(parameter: "Parameter") -> str:
    written = f"{parameter.key} = {_toml(parameter.value)}"
    return f"{written:<60}  # {parameter.origin}"


def _toml(value: Any) -> str:
    """Return a value as rules.toml writes it."""
    if isinstance(value, dict):
        pairs = (f"{key} = {_toml(one)}" for key, one in value.items())
        return f"{{ {', '.join(pairs)} }}" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
