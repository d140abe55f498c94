"""Addresses as people write them, without their secrets where people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from batteryd.devices.address import ModbusAddress, SnmpAddress, parse_address, with_credential
from batteryd.devices.modbus_line import RtuTcpLine, SerialLine, TcpLine, TlsLine
from batteryd.settings.model import Credential


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("modbus://10.0.5.31/1", ModbusAddress(TcpLine("10.0.5.31", 502), 1)),
        (
            "modbus://gateway-5.example:1502/247",
            ModbusAddress(TcpLine("gateway-5.example", 1502), 247),
        ),
        ("modbus://[fd00::31]/1", ModbusAddress(TcpLine("fd00::31", 502), 1)),
        ("modbus+rtu://10.0.5.31:4001/247", ModbusAddress(RtuTcpLine("10.0.5.31", 4001), 247)),
        ("modbus+tls://bms-1/1", ModbusAddress(TlsLine("bms-1", 802), 1)),
        (
            "modbus+tls://10.0.5.31/1?ca_file=/etc/pki/ca.pem&certificate_file=/etc/pki/us.pem"
            "&key_file=/etc/pki/us.key&server_name=bms-1",
            ModbusAddress(
                TlsLine(
                    "10.0.5.31",
                    802,
                    ca_file="/etc/pki/ca.pem",
                    server_name="bms-1",
                    certificate_file="/etc/pki/us.pem",
                    key_file="/etc/pki/us.key",
                ),
                1,
            ),
        ),
        ("modbus+serial:///dev/ttyUSB0/1", ModbusAddress(SerialLine("/dev/ttyUSB0"), 1)),
        (
            "modbus+serial:///dev/serial/by-id/usb-FTDI_FT232R-if00-port0/17"
            "?baudrate=19200&parity=E&stopbits=2",
            ModbusAddress(
                SerialLine("/dev/serial/by-id/usb-FTDI_FT232R-if00-port0", 19200, "E", 2), 17
            ),
        ),
        ("snmp://10.0.5.20", SnmpAddress("10.0.5.20", 161)),
        ("snmp://ups-a:1161?version=1", SnmpAddress("ups-a", 1161, version="1")),
    ],
)
def test_an_address_is_read(text: str, address: ModbusAddress | SnmpAddress) -> None:
    assert parse_address(text) == address


def test_what_an_agent_wants_to_hear_is_read_and_hidden() -> None:
    address = parse_address(
        "snmp://10.0.5.20?version=3&user=batteryd&auth_protocol=SHA256&auth_password=hunter2-hunter2"
    )

    assert isinstance(address, SnmpAddress)
    assert (address.version, address.user, address.auth_protocol) == ("3", "batteryd", "SHA256")
    assert address.auth_password is not None
    assert address.auth_password.get_secret_value() == "hunter2-hunter2"
    assert "hunter2-hunter2" not in repr(address)
    assert address.redacted == "snmp://10.0.5.20:161?version=3"


def test_an_address_without_secrets_reads_back_as_itself() -> None:
    for text in (
        "modbus://[fd00::31]:1502/7",
        "modbus+tls://bms-1:802/7",
        "modbus+rtu://[fd00::31]:4001/7",
        "modbus+serial:///dev/ttyUSB0/7",
        "snmp://ups-a:1161?version=2c",
    ):
        assert parse_address(text).redacted == text


def test_people_see_the_place_and_not_the_files_that_open_it() -> None:
    address = parse_address("modbus+tls://bms-1/1?ca_file=/etc/pki/ca.pem")

    assert address.redacted == "modbus+tls://bms-1:802/1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10.0.5.31",
        "http://10.0.5.31/1",
        "modbus://10.0.5.31",
        "modbus://10.0.5.31/",
        "modbus://10.0.5.31/256",
        "modbus://10.0.5.31/-1",
        "modbus://10.0.5.31/1/2",
        "modbus://10.0.5.31/1?community=hunter2-hunter2",
        "modbus:///1",
        "modbus://10.0.5.31:0/1",
        "modbus://10.0.5.31:70000/1",
        "modbus://10.0.5.31:http/1",
        "modbus://rack 1/1",
        "modbus+ascii://10.0.5.31/1",
        "modbus+rtu://10.0.5.31/0",
        "modbus+rtu://10.0.5.31/248",
        "modbus+rtu://10.0.5.31/1?baudrate=9600",
        "modbus+tls://10.0.5.31/1?ca_file=ca.pem",
        "modbus+tls://10.0.5.31/1?key_file=/etc/pki/hunter2-hunter2.key",
        "modbus+tls://10.0.5.31/1?password=hunter2-hunter2",
        "modbus+tls://10.0.5.31/1?ca_file=/a&ca_file=/b",
        "modbus+tls://10.0.5.31/dev/1",
        "modbus+serial://dev/ttyUSB0/1",
        "modbus+serial:///1",
        "modbus+serial:///etc/hunter2-hunter2/1",
        "modbus+serial:///dev/ttyUSB0",
        "modbus+serial:///dev/ttyUSB0/0",
        "modbus+serial:///dev/ttyUSB0/1?baudrate=fast",
        "modbus+serial:///dev/ttyUSB0/1?parity=M",
        "modbus+serial:///dev/ttyUSB0/1?stopbits=3",
        "modbus+serial:///dev/ttyUSB0/1?baud=9600",
        "snmp://hunter2-hunter2@10.0.5.20",
        "snmp://10.0.5.20/hunter2-hunter2",
        "snmp://10.0.5.20#hunter2-hunter2",
        "snmp://10.0.5.20?comunity=hunter2-hunter2",
        "snmp://10.0.5.20?community=hunter2-hunter2&community=hunter3",
        "snmp://10.0.5.20?version=4",
        "snmp://[fd00::31",
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r"snmp://|modbus\S*://|version=|behind the \?") as raised:
        parse_address(text)

    assert "hunter2-hunter2" not in str(raised.value)
    assert raised.value.__cause__ is None


SCHEMES = ("", "modbus://", "modbus+tls://", "modbus+rtu://", "modbus+serial:///dev/", "snmp://")


@given(st.sampled_from(SCHEMES), st.text(), st.sampled_from(("", "/1")))
def test_any_text_is_an_address_or_a_value_error(scheme: str, text: str, unit: str) -> None:
    try:
        address = parse_address(f"{scheme}{text}{unit}")
    except ValueError:
        return
    assert str(address.place) in address.redacted


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("version=4", "version=1 or 2c or 3"),
        ("version=3", "a user, and no community"),
        ("user=watch&community=x", "a user, and no community"),
        ("user=watch&version=2c", "a community, and no user"),
        ("context_name=rack-7", "a community, and no user"),
        ("user=watch&auth_protocol=SHA", "auth_protocol and auth_password together"),
        ("user=watch&auth_password=maplewood", "auth_protocol and auth_password together"),
        ("user=watch&auth_protocol=ROT13&auth_password=maplewood", "auth_protocol=MD5 or SHA"),
        ("user=watch&auth_protocol=SHA&auth_password=maple", "8 characters or more"),
        ("user=watch&privacy_protocol=DES&privacy_password=maplewood", "auth_protocol as well"),
    ],
)
def test_words_that_do_not_go_together_are_named(query: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as raised:
        parse_address(f"snmp://10.0.5.20?{query}")

    assert "maple" not in str(raised.value)


def test_a_user_makes_it_version_3_and_a_protocol_may_be_written_small() -> None:
    address = parse_address(
        "snmp://10.0.5.20?user=watch&auth_protocol=sha&auth_password=maplewood"
        "&privacy_protocol=aes128&privacy_password=seventeen-owls&context_name=rack-7"
    )

    assert isinstance(address, SnmpAddress)
    assert (address.version, address.auth_protocol, address.privacy_protocol) == (
        "3", "SHA", "AES128",
    )  # fmt: skip
    assert address.context_name == "rack-7"


def test_a_credential_of_the_settings_completes_an_address_of_the_inventory() -> None:
    address = SnmpAddress("10.0.5.20", 161)
    credential = Credential(
        version="3",
        user="watch",
        auth_protocol="SHA256",
        auth_password=SecretStr("maplewood-tram"),
    )

    whole = with_credential(address, credential)

    assert whole == SnmpAddress(
        "10.0.5.20",
        161,
        version="3",
        user="watch",
        auth_protocol="SHA256",
        auth_password=SecretStr("maplewood-tram"),
    )
    assert "maplewood" not in f"{whole!r} {whole} {whole.redacted}"


def test_a_credential_whose_password_is_too_short_for_snmp_is_refused() -> None:
    credential = Credential(
        version="3", user="watch", auth_protocol="SHA", auth_password=SecretStr("maple")
    )

    with pytest.raises(ValueError, match="auth_password of 8 characters or more"):
        with_credential(SnmpAddress("10.0.5.20", 161), credential)
