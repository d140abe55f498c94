"""What the page borrows from the rules: where the colours of a heat map turn."""

from batteryd.domain.alarm import Priority
from batteryd.domain.inventory import Asset
from batteryd.rules.kind import Subject
from batteryd.rules.limit_settings import LimitSettings
from batteryd.rules.rulebook import RuleBook
from batteryd.web.overview import TemperatureScale

_WITHOUT_RULES = TemperatureScale(40.0, 50.0)


def scale_of(rulebook: RuleBook, asset: Asset) -> TemperatureScale:
    """Return an asset's own setpoints for temperature."""
    for rule in rulebook.effective(Subject.of(asset)):
        settings = rule.settings
        if not isinstance(settings, LimitSettings) or settings.direction != "high":
            continue
        numbers = settings.setpoint.by_priority
        if "temperature_c" in settings.quantities and numbers:
            critical_c = numbers.get(Priority.CRITICAL, max(numbers.values()))
            return TemperatureScale(min(numbers.values()), critical_c)
    return _WITHOUT_RULES
