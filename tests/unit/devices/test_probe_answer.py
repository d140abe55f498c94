"""What a probe shows."""

import json
from datetime import date

import numpy as np

from batteryd.devices.link import RawReading
from batteryd.devices.probe_answer import ProbeAnswer
from batteryd.domain.nameplate import DeviceDate, Nameplate
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Layout

ANSWER = ProbeAnswer(
    target="snmp://10.0.5.20:161?version=2c",
    profile="ups-mib",
    nameplate=Nameplate(
        manufacturer="Batteryd Works",
        model="LR-100",
        manufactured_on=DeviceDate(date(2021, 6, 30), "06/30/2021"),
        last_replaced_on=DeviceDate(None, "07/30/20:7"),
    ),
    observed_at_s=1758877004.5,
    layout=Layout.from_text(
        "-:soc_pct\n-:current_a\ns1/m03/t2:temperature_c\n-:runtime_remaining_s"
    ),
    reading=RawReading(
        np.array([97.0, -0.0, np.nan, 0.0]),
        np.array(
            [Quality.GOOD, Quality.GOOD, Quality.SENTINEL, Quality.CONTRADICTED], dtype=np.uint8
        ),
    ),
    sources=("charge (1.2.3)", "current (1.2.4)", "temperature (1.2.5.3)", "minutes (1.2.6)"),
)


def test_the_json_is_what_other_tools_rely_on():
    nowhere = {"string": None, "module": None, "cell": None, "sensor": None}

    assert ANSWER.as_json() == {
        "target": "snmp://10.0.5.20:161?version=2c",
        "profile": "ups-mib",
        "identity": {
            "manufacturer": "Batteryd Works", "model": "LR-100", "serial": None, "firmware": None,
        },
        "observed_at": "2025-09-26T08:56:44.500+00:00",
        "readings": [
            {"component": nowhere, "quantity": "soc_pct", "value": 97.0, "quality": "good",
             "reason": None, "source": "charge (1.2.3)"},
            {"component": nowhere, "quantity": "current_a", "value": 0.0, "quality": "good",
             "reason": None, "source": "current (1.2.4)"},
            {"component": {"string": 1, "module": 3, "cell": None, "sensor": 2},
             "quantity": "temperature_c", "value": None, "quality": "bad",
             "reason": "the device's number for unknown", "source": "temperature (1.2.5.3)"},
            {"component": nowhere, "quantity": "runtime_remaining_s", "value": 0.0,
             "quality": "uncertain", "reason": "contradicted by another point of the device",
             "source": "minutes (1.2.6)"},
        ],
        "dates": {
            "manufactured_on": {"value": "2021-06-30", "raw": "06/30/2021"},
            "last_replaced_on": {"value": None, "raw": "07/30/20:7"},
            "replace_by": {"value": None, "raw": None},
            "warranty_ends_on": {"value": None, "raw": None},
        },
    }  # fmt: skip


def test_the_json_has_nothing_that_json_cannot_hold():
    text = json.dumps(ANSWER.as_json(), allow_nan=False)

    assert "-0.0" not in text
