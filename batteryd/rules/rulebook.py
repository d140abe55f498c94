"""Which rules there are, and with which settings each applies to whom.

`rules.toml` has one table a rule, `[rule.NAME]`, with the rule's `kind` and settings. What differs
for some batteries stands in tables below it. A later layer replaces whole keys of an earlier one:

    the rule itself
    < [rule.NAME.chemistry.LFP]
    < the maker's `limits` in the device profile   (setpoints of rules of kind `limit`)
    < [rule.NAME.profile.PROFILE]
    < [rule.NAME.site.SITE]
    < [rule.NAME.battery.ASSET]
    < [rule.NAME.work]                             (while people work there; tightens only)

No layer can break what another one relies on: numbers that belong together (all setpoints of a
rule) are one key, and what a rule is about cannot be overridden. So a rule book that was parsed
without a mistake has valid settings for every battery there will ever be, in any combination.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from batteryd.errors import Mistake
from batteryd.mistakes import unknown_text
from batteryd.rules.kind import Rule, RuleKind, Subject
from batteryd.rules.table import RULES

LAYERS = ("chemistry", "profile", "site", "battery")
MAKER = "maker"  # the layer of the profiles' own limits; not a table of rules.toml
WORK = "work"

# Alarms that are raised beside the rules, and whether they protect life. No rule has their names.
ALARMS_OF_WORK: Mapping[str, bool] = MappingProxyType(
    {
        "clearance_revoked": True,
        "unannounced_work": False,
        "work_out_of_warranty": False,
        "warranty_condition": False,
    }
)

_LIMITS = frozenset({"setpoint", "tighten_by"})  # keys that say where a limit is

Settings = Mapping[str, Any]  # as written, checked


class Layer(NamedTuple):
    """An override: for whom, in words, and which keys it replaces."""

    origin: str
    settings: Settings


@dataclass(frozen=True)
class RuleTable:
    """One rule as written: its own settings, and its overrides by layer and name."""

    name: str
    kind: str
    settings: Settings
    layers: Mapping[str, Mapping[str, Settings]]
    work: Settings = field(default_factory=dict)  # during work; the strongest layer

    @property
    def row(self) -> RuleKind:
        """What the registry says of this kind."""
        return RULES[self.kind]

    def for_(self, subject: Subject) -> Rule:
        """Return the rule as it applies to a subject."""
        merged, origin = dict(self.settings), ""
        for layer in self.layers_of(subject):
            merged |= layer.settings
            origin = layer.origin if layer.settings.keys() & _LIMITS else origin
        return Rule(self.name, self.kind, self.row.settings.model_validate(merged), origin)

    def layers_of(self, subject: Subject) -> Iterator[Layer]:
        """Yield the overrides that count for a subject, the strongest last."""
        chemistry = subject.chemistry or ""
        named = (
            ("chemistry", chemistry, str(chemistry)),
            (MAKER, subject.profile, f"profile {subject.profile}"),
            ("profile", subject.profile, f"profile {subject.profile}"),
            ("site", subject.site_id, f"site {subject.site_id}"),
            ("battery", subject.asset_id, "this battery"),
        )
        for layer, name, origin in named:
            settings = self.layers.get(layer, {}).get(name)
            if settings is not None:
                yield Layer(origin, settings)
        if subject.at_work and self.work:
            yield Layer("the time of work", self.work)


@dataclass(frozen=True, eq=False)
class RuleBook:
    """All rules. Made by `rulebook_file.parse_rulebook`; compare by `sha256`."""

    tables: Mapping[str, RuleTable]
    file: str = "rules.toml"
    _known: dict[Subject, tuple[Rule, ...]] = field(default_factory=dict, repr=False)

    def effective(self, subject: Subject) -> tuple[Rule, ...]:
        """Return the rules that are enabled for a subject, in the order of the file.

        Subjects for whom the same overrides apply get the same tuple.
        """
        alike = self._without_names_that_no_override_has(subject)
        if alike not in self._known:
            rules = (table.for_(alike) for table in self.tables.values())
            self._known[alike] = tuple(rule for rule in rules if rule.settings.enabled)
        return self._known[alike]

    def auto_acknowledges(self, rule: str) -> bool:
        """Whether alarms of a rule reach normal without anybody; False for a rule that is gone."""
        table = self.tables.get(rule)
        return table is not None and bool(table.settings.get("auto_acknowledge", False))

    def protects_life(self, rule: str) -> bool:
        """Whether critical alarms of a rule, or of work, can be kept from nobody."""
        table = self.tables.get(rule)
        if table is None:
            return ALARMS_OF_WORK.get(rule, False)
        return bool(table.settings.get("protects_life", False))

    def unknown_names(
        self, *, profiles: Collection[str], sites: Collection[str], batteries: Collection[str]
    ) -> tuple[Mistake, ...]:
        """Return a mistake for every override that is for nobody; UPSs count as batteries here."""
        known = {"profile": profiles, "site": sites, "battery": batteries}
        return tuple(
            Mistake(
                self.file,
                f"rule.{table.name}.{layer}.{name}",
                "",
                unknown_text(layer, name, known=names),
            )
            for table in self.tables.values()
            for layer, names in known.items()
            for name in table.layers.get(layer, ())
            if name not in names
        )

    @cached_property
    def sha256(self) -> str:
        """Hex digest of the content; comments, order and white space do not matter."""
        content = {t.name: [t.kind, t.settings, t.layers, t.work] for t in self.tables.values()}
        canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    @cached_property
    def _names(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for table in self.tables.values():
            for layer, overrides in table.layers.items():
                found.setdefault(layer, set()).update(overrides)
        return found

    def _without_names_that_no_override_has(self, subject: Subject) -> Subject:
        named = self._names
        by_profile = named.get("profile", set()) | named.get(MAKER, set())
        return Subject(
            asset_id=subject.asset_id if subject.asset_id in named.get("battery", ()) else "",
            site_id=subject.site_id if subject.site_id in named.get("site", ()) else "",
            chemistry=subject.chemistry,
            profile=subject.profile if subject.profile in by_profile else "",
            at_work=subject.at_work and any(table.work for table in self.tables.values()),
        )
