"""docs/profiles.md names every key of the profile format."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from batteryd.devices.modbus_profile import Block, ModbusNameplate, ModbusPoint, ModbusProfile
from batteryd.devices.profile_base import GeometryDefaults, Limits, Match, Plausible
from batteryd.devices.quality_reserved import DISGUISES
from batteryd.devices.snmp_profile import (
    Contradiction,
    Listed,
    SnmpMatch,
    SnmpNameplate,
    SnmpPoint,
    SnmpProfile,
)
from batteryd.domain.quality import QUALITY_TEXT, Quality

TEXT = (Path(__file__).parents[3] / "docs" / "profiles.md").read_text()
MODELS: list[type[BaseModel]] = [
    ModbusProfile, ModbusPoint, ModbusNameplate, Block, GeometryDefaults, Limits, Match, Plausible,
    SnmpProfile, SnmpPoint, SnmpNameplate, SnmpMatch, Listed, Contradiction,
]  # fmt: skip
KEYS = sorted({key for model in MODELS for key in model.model_fields})


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_described(key: str) -> None:
    assert re.search(rf"\b{key}\b", TEXT)


@pytest.mark.parametrize("quality", [q for q in Quality if q.level == "uncertain"])
def test_every_doubt_is_described(quality: Quality) -> None:
    assert QUALITY_TEXT[quality] in TEXT


@pytest.mark.parametrize("quantity", sorted(DISGUISES))
def test_every_quantity_with_reserved_numbers_is_described(quantity: str) -> None:
    assert f"`{quantity}`" in TEXT.partition("**Reserved numbers in disguise.**")[2]
