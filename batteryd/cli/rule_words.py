"""Rules and what they have learned, as commands print them."""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from batteryd.cli.frame import instant
from batteryd.rules.kind import LEARNED_LAYOUT, LEARNED_VERSION
from batteryd.rules.words import duration

if TYPE_CHECKING:
    from batteryd.rules.effective import EffectiveRule, Parameter
    from batteryd.store.learned import Kept

_SAID_ELSEWHERE = (LEARNED_VERSION, LEARNED_LAYOUT)


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


def kept_as_json(kept: "Kept") -> dict[str, object]:
    """Return a row of what was learned as plain JSON values; what is not known is null."""
    return {
        "rules": kept.family,
        "version": kept.version,
        "layout_id": kept.layout_id,
        "since": instant(kept.since_s),
        "kept_at": instant(kept.kept_at_s),
        "began_because": kept.began_because,
        "learned": {name: _plain(value) for name, value in _shown(kept.state).items()},
    }


def kept_lines(kept: "Kept") -> Iterator[str]:
    """Yield what was learned: since when, why it began then, and how far each thing has come."""
    age = duration(max(0.0, kept.kept_at_s - kept.since_s))
    yield f"{kept.family} (version {kept.version})"
    yield f"  learning since {instant(kept.since_s)}, {age}: {kept.began_because}"
    yield f"  as it was at   {instant(kept.kept_at_s)}"
    for name, value in _shown(kept.state).items():
        yield f"  {name:<28} {_summary(value)}"


def _shown(state: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in state.items() if name not in _SAID_ELSEWHERE}


def _summary(value: object) -> str:
    """Return a number or text as it is; of many numbers how many are known, and their range."""
    if not isinstance(value, np.ndarray):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if value.dtype.kind in "bU":
        return f"{np.count_nonzero(value)} of {value.size}"
    known = value[np.isfinite(value)] if value.dtype.kind == "f" else value.ravel()
    if not known.size:
        return f"none of {value.size} known"
    low, middle, high = (float(f(known)) for f in (np.min, np.median, np.max))
    count = f"{known.size} of {value.size}"
    return f"{count:>10} known   {low:>10.4g} {middle:>10.4g} {high:>10.4g}"


def _plain(value: object) -> object:
    if not isinstance(value, np.ndarray):
        return value if not isinstance(value, float) or np.isfinite(value) else None
    if value.dtype.kind != "f":
        return value.tolist()
    plain = value.astype(object)
    plain[~np.isfinite(value)] = None
    return plain.tolist()


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
