"""Rule books and what they are run on: the one that ships, or one written in a test."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from batteryd.domain.alarm import Alarm, AlarmEvent, AlarmKey
from batteryd.domain.inventory import Asset, Chemistry
from batteryd.rules.engine import Engine
from batteryd.rules.kind import Rule
from batteryd.rules.lifecycle import advance
from batteryd.rules.limit_settings import LimitSettings
from batteryd.rules.makers import NO_LIMITS, ProfileLimits
from batteryd.rules.rulebook import RuleBook
from batteryd.rules.rulebook_file import parse_rulebook
from tests.builders import make_battery, make_inventory

SHIPPED = Path(__file__).parents[1] / "config" / "rules.toml"


def shipped_rulebook() -> RuleBook:
    """Return the rules that batteryd ships with."""
    return parse_rulebook(tomllib.loads(SHIPPED.read_text()), file=SHIPPED.name)


def trusting_rulebook() -> RuleBook:
    """Return the rules that batteryd ships with, as people at work have them: no `jump`."""
    text = re.sub(r"(?m)^jump = [0-9.]+", "jump = 0.0", SHIPPED.read_text())
    return parse_rulebook(tomllib.loads(text), file=SHIPPED.name)


def rulebook(text: str, profile_limits: ProfileLimits = NO_LIMITS) -> RuleBook:
    """Return the rules of a TOML text."""
    return parse_rulebook(tomllib.loads(text), profile_limits=profile_limits)


def limit_of(rule: Rule) -> LimitSettings:
    """Return the settings of a rule that is a limit."""
    assert isinstance(rule.settings, LimitSettings)
    return rule.settings


def make_asset(
    chemistry: Chemistry | None = Chemistry.NMC, *, poll_interval_s: float = 10.0, **changes: Any
) -> Asset:
    """Return the asset that snapshots of `tests.builders` are of."""
    asset = make_inventory(make_battery(chemistry=chemistry)).assets["rack-1"]
    source = replace(asset.source, poll_interval_s=poll_interval_s)
    return replace(asset, source=source, **changes)


def make_engine(rules: RuleBook | str, asset: Asset | None = None) -> Engine:
    """Return an engine on one rack."""
    book = rulebook(rules) if isinstance(rules, str) else rules
    return Engine(book, [asset or make_asset()])


def told(events: Iterable[AlarmEvent]) -> list[tuple[str, str, str, str]]:
    """Return the events in short: change, rule, component, priority."""
    return [(e.change.value, e.key.rule, str(e.key.component), e.priority.text) for e in events]


def alarms_of(events: Iterable[AlarmEvent]) -> list[Alarm]:
    """Return the alarms that the ledger would have after these events."""
    alarms: dict[AlarmKey, Alarm] = {}
    for event in events:
        alarms[event.key] = advance(alarms.get(event.key), event).alarm
    return list(alarms.values())
