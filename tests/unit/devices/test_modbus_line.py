"""Lines on which Modbus is spoken: their names, their silence, and what they lack here."""

import sys

import pytest

from batteryd.devices.modbus_line import RtuTcpLine, SerialLine, TcpLine, TlsLine, obstacle


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (TcpLine("fd00::31"), "[fd00::31]:502"),
        (TlsLine("bms-1"), "bms-1:802"),
        (RtuTcpLine("10.0.5.40", 4001), "10.0.5.40:4001"),
        (SerialLine("/dev/ttyUSB0"), "/dev/ttyUSB0"),
    ],
)
def test_a_line_is_called_by_its_place(line, name):
    assert str(line) == name


@pytest.mark.parametrize(
    ("baudrate", "silence_ms"), [(1200, 32.08), (9600, 4.01), (19200, 2.005), (115200, 1.75)]
)
def test_a_serial_line_is_silent_for_three_and_a_half_characters(baudrate, silence_ms):
    line = SerialLine("/dev/ttyUSB0", baudrate=baudrate)

    assert line.silence_s * 1000 == pytest.approx(silence_ms, abs=0.01)


def test_a_serial_line_without_pyserial_names_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "serial", None)

    assert "pip install 'batteryd[serial]'" in obstacle(SerialLine("/dev/ttyUSB0"))


def test_files_that_are_missing_are_all_named(tmp_path):
    there = tmp_path / "us.pem"
    there.write_text("")
    line = TlsLine(
        "bms-1", ca_file="/nowhere/ca.pem", certificate_file=str(there), key_file="/nowhere/us.key"
    )

    assert obstacle(line) == "a file that is there: /nowhere/ca.pem, /nowhere/us.key"


def test_other_lines_lack_nothing():
    assert obstacle(TcpLine("10.0.5.31")) == obstacle(RtuTcpLine("10.0.5.31")) == ""
