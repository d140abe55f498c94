"""All rule kinds. A new one is a row here and a test class in tests/contract/test_rules.py."""

from collections.abc import Mapping
from types import MappingProxyType

from batteryd.rules.detection import compile_detection
from batteryd.rules.detection_table import DETECTORS
from batteryd.rules.kind import RuleKind
from batteryd.rules.limit import compile_limits
from batteryd.rules.limit_settings import LimitSettings
from batteryd.rules.silence import SilenceSettings, compile_silence
from batteryd.rules.warranty import WarrantySettings, assess_warranty

DETECTION = "detection"

RULES: Mapping[str, RuleKind] = MappingProxyType(
    {
        "limit": RuleKind(LimitSettings, compile=compile_limits),
        "silence": RuleKind(SilenceSettings, compile=compile_silence),
        "warranty": RuleKind(WarrantySettings, assess=assess_warranty),
        **{
            name: RuleKind(kind.settings, compile=compile_detection, family=DETECTION)
            for name, kind in DETECTORS.items()
        },
    }
)
