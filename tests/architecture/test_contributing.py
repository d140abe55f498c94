"""What CONTRIBUTING shows works as it is shown: the example of a device family is read."""

import json
import re
import tomllib
from pathlib import Path

from batteryd.clock import SystemClock
from batteryd.devices.profile import parse_profile
from batteryd.devices.recording import SnmpRecording
from batteryd.devices.replayed import probe_recording
from tests.devices_page import shipped

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()


def example(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


async def test_the_example_of_a_device_family_reads_what_it_says() -> None:
    turbo = "1.3.6.1.4.1.59999"
    card = SnmpRecording(
        {
            "1.3.6.1.2.1.1.2.0": f"{turbo}.7",
            f"{turbo}.1.1.0": b"Turbo 9000",
            f"{turbo}.1.2.0": 97,
        }
    )
    profile = parse_profile(tomllib.loads(example("toml")), file="turbo.toml")
    wanted = json.loads(example("json"))

    answer = await probe_recording(
        card, {**shipped(), profile.name: profile}, target="tower", clock=SystemClock()
    )

    assert answer.profile == wanted["profile"]
    assert answer.nameplate.model == wanted["identity"]["model"]
    assert str(answer.layout.columns[0]) in wanted["readings"]
    assert answer.reading.values[0] == wanted["readings"]["-:soc_pct"]
