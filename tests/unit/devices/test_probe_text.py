"""What people read of a probe."""

from datetime import date

import numpy as np
import pytest

from batteryd.devices.link import RawReading
from batteryd.devices.probe_answer import ProbeAnswer, Row
from batteryd.devices.probe_text import answer_text, value_text
from batteryd.domain.component import WHOLE_BATTERY
from batteryd.domain.nameplate import DeviceDate, Nameplate
from batteryd.domain.quality import Quality
from batteryd.domain.snapshot import Layout

ANSWER = ProbeAnswer(
    target="snmp://10.0.5.20:161?version=2c",
    profile="ups-mib",
    nameplate=Nameplate(
        model="LR-100",
        manufactured_on=DeviceDate(date(2021, 6, 30), "06/30/2021"),
        last_replaced_on=DeviceDate(None, "07/30/20:7"),
    ),
    observed_at_s=1758877004.5,
    layout=Layout.from_text(
        "-:soc_pct\ns1/m03/t2:temperature_c\n-:runtime_remaining_s\n-:battery_status"
    ),
    reading=RawReading(
        np.array([97.0, np.nan, 0.0, 2.0]),
        np.array(
            [Quality.GOOD, Quality.SENTINEL, Quality.CONTRADICTED, Quality.GOOD], dtype=np.uint8
        ),
    ),
    sources=("charge (1.2.3)", "temperature (1.2.5.3)", "minutes (1.2.6)", "status (1.2.1)"),
)


def test_people_read_what_is_known_first_and_then_why_the_rest_is_not() -> None:
    lines = answer_text(ANSWER).splitlines()

    doubt = "uncertain: contradicted by another point of the device"
    assert lines[lines.index("") + 1 :] == [
        f"where  what                      value  {'quality':<54}  source",
        f"-      soc_pct                    97 %  {'good':<54}  charge (1.2.3)",
        f"-      runtime_remaining_s         0 s  {doubt:<54}  minutes (1.2.6)",
        f"-      battery_status       normal (2)  {'good':<54}  status (1.2.1)",
        "",
        "where      unknown        why                              source",
        "s1/m03/t2  temperature_c  the device's number for unknown  temperature (1.2.5.3)",
    ]


def test_a_nameplate_says_what_is_unknown_and_which_text_is_no_date() -> None:
    lines = answer_text(ANSWER).splitlines()

    assert "manufacturer      unknown" in lines
    assert "manufactured on   2021-06-30" in lines
    assert "last replaced on  unknown: '07/30/20:7' is no date that can be read" in lines
    assert "replace by        unknown" in lines


@pytest.mark.parametrize(
    ("quantity", "value", "text"),
    [
        ("voltage_v", 546.2, "546.2 V"),
        ("ambient_temperature_c", (76 - 32) / 1.8, "24.444 °C"),
        ("cell_voltage_v", 3.651, "3.651 V"),
        ("energy_throughput_kwh", 1234567.8, "1234567.8 kWh"),
        ("cycle_count", 70000, "70000"),
        ("runtime_remaining_s", 90, "90 s"),
        ("runtime_remaining_s", 5460, "91 min = 5460 s"),
        ("output_source", 5, "battery (5)"),
        ("replace_indicator", 1, "yes (1)"),
        ("door_open", 0, "no (0)"),
        ("bms_alarm_bits", 0x800001, "0x800001"),
        ("soc_pct", None, "unknown"),
    ],
)
def test_a_value_has_its_unit_or_its_word(quantity: str, value: float | None, text: str) -> None:
    assert value_text(Row(WHOLE_BATTERY, quantity, value, Quality.GOOD, "as tested")) == text
