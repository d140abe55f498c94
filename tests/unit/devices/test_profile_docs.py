"""docs/profiles.md names every key of the profile format."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from batteryd.devices.modbus_profile import Block, ModbusNameplate, ModbusPoint, ModbusProfile
from batteryd.devices.profile_base import GeometryDefaults, Limits, Match, Plausible
from batteryd.devices.snmp_profile import (
    Contradiction,
    Listed,
    SnmpMatch,
    SnmpNameplate,
    SnmpPoint,
    SnmpProfile,
)

TEXT = (Path(__file__).parents[3] / "docs" / "profiles.md").read_text()
MODELS: list[type[BaseModel]] = [
    ModbusProfile, ModbusPoint, ModbusNameplate, Block, GeometryDefaults, Limits, Match, Plausible,
    SnmpProfile, SnmpPoint, SnmpNameplate, SnmpMatch, Listed, Contradiction,
]  # fmt: skip
KEYS = sorted({key for model in MODELS for key in model.model_fields})


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_described(key: str) -> None:
    assert re.search(rf"\b{key}\b", TEXT)
