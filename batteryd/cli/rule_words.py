"""The rules that count for a battery, as `check-config --effective` prints them."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batteryd.rules.effective import EffectiveRule, Parameter
    from batteryd.rules.kind import Subject


def subject_line(subject: "Subject", *, is_polled: bool) -> str:
    """Return what a battery is, as far as rules can differ by it."""
    profile = f"profile {subject.profile}" if subject.profile else "no profile"
    chemistry = subject.chemistry or "chemistry not known"
    unpolled = "" if is_polled else "; it is not polled, so that only its warranty is watched"
    return f"# {subject.asset_id}: {chemistry}, {profile}, site {subject.site_id}{unpolled}\n"


def effective_lines(rule: "EffectiveRule") -> Iterator[str]:
    """Yield what counts of a rule as rules.toml would say it, with whose word each key is."""
    yield f"[rule.{rule.name}]"
    yield f"kind = {_toml(rule.kind)}"
    yield from _remarked(rule.remark)
    yield from map(_parameter_line, rule.parameters)
    if rule.at_work:
        yield f"[rule.{rule.name}.work]"
        yield from _remarked(rule.remark_at_work)
        yield from map(_parameter_line, rule.at_work)
    yield ""


def _remarked(remark: str) -> Iterator[str]:
    if remark:
        yield f"# {remark}"


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
