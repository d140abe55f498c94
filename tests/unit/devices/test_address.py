import pytest
from pydantic import SecretStr

from batteryd.devices.address import (
    ModbusAddress,
    SnmpAddress,
    SnmpCredential,
    parse_address,
    with_credential,
)

V3 = (
    "snmp://10.0.5.12?version=3&user=watch&auth=sha256&auth_key=maplewood-tram"
    "&priv=aes128&priv_key=seventeen-owls&context=rack-7"
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("modbus://10.0.5.11/1", ModbusAddress("10.0.5.11", 1, 502)),
        ("modbus://bms-3.example.net:1502/247", ModbusAddress("bms-3.example.net", 247, 1502)),
        ("modbus://[fd00::5:11]:503/255", ModbusAddress("fd00::5:11", 255, 503)),
        ("modbus://10.0.5.11/0", ModbusAddress("10.0.5.11", 0, 502)),
        ("snmp://10.0.5.12", SnmpAddress("10.0.5.12", 161, "2c")),
        ("snmp://[::1]:16161/?version=1", SnmpAddress("::1", 16161, "1")),
    ],
)
def test_an_address_is_read_with_its_usual_port(text, address):
    assert parse_address(text) == address


def test_the_community_is_public_unless_the_address_says_another():
    assert parse_address("snmp://10.0.5.12").community == "public"
    assert parse_address("snmp://10.0.5.12?community=r%26d%23ro").community == "r&d#ro"


def test_a_user_makes_it_version_3():
    address = parse_address("snmp://10.0.5.12?user=watch")

    assert (address.version, address.credential.user) == ("3", "watch")


def test_all_keys_of_version_3_are_read():
    address = parse_address(V3)

    assert address.context == "rack-7"
    assert address.credential == SnmpCredential(
        user="watch",
        auth="sha256",
        auth_key=SecretStr("maplewood-tram"),
        priv="aes128",
        priv_key=SecretStr("seventeen-owls"),
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("10.0.5.11", "begins with modbus:// or snmp://"),
        ("http://10.0.5.11", "begins with modbus:// or snmp://"),
        ("modbus://10.0.5.11", "UNIT 1 to 247"),
        ("modbus://10.0.5.11/248", "UNIT 1 to 247"),
        ("modbus://10.0.5.11/-1", "UNIT 1 to 247"),
        ("modbus://10.0.5.11/²", "UNIT 1 to 247"),
        ("modbus:///1", "host is missing"),
        ("modbus://10.0.5.11:0/1", "1 to 65535"),
        ("modbus://10.0.5.11:70000/1", "1 to 65535"),
        ("modbus://[::1/1", "IPv6 in brackets"),
        ("modbus://10.0.5.11/1?unit=2", "no ?keys"),
        ("snmp://root@10.0.5.12", "no user before the host"),
        ("snmp://10.0.5.12/1", "no path"),
        ("snmp://10.0.5.12?comunity=x", "known keys: version, community"),
        ("snmp://10.0.5.12?version=2", "version: one of 1, 2c, 3"),
        ("snmp://10.0.5.12?version=1&version=2c", "version stands twice"),
        ("snmp://10.0.5.12?community=", "community is empty"),
        ("snmp://10.0.5.12?community=a#b", "%23"),
        ("snmp://10.0.5.12?version=3", "needs user"),
        ("snmp://10.0.5.12?version=3&user=u&community=c", "not a community"),
        ("snmp://10.0.5.12?version=2c&user=u", "need version=3"),
        ("snmp://10.0.5.12?context=x", "need version=3"),
        ("snmp://10.0.5.12?user=u&auth=sha", "auth and auth_key go together"),
        ("snmp://10.0.5.12?user=u&auth=sha&auth_key=short", "8 characters or more"),
        ("snmp://10.0.5.12?user=u&auth=rot13&auth_key=12345678", "auth: one of md5, sha"),
        ("snmp://10.0.5.12?user=u&priv=aes128&priv_key=12345678", "priv needs auth"),
        ("snmp://10.0.5.12?user=u&priv=aes256&priv_key=12345678", "priv: one of des, aes128"),
    ],
)
def test_a_mistake_is_named(text, told):
    with pytest.raises(ValueError, match=told.replace("?", r"\?")):
        parse_address(text)


def test_all_mistakes_are_named_at_once():
    with pytest.raises(ValueError, match=r"host is missing.*version: one of.*auth: one of"):
        parse_address("snmp://?version=4&auth=rot13")


@pytest.mark.parametrize("show", [str, repr, lambda a: a.redacted, lambda a: f"{a.credential!r}"])
@pytest.mark.parametrize("text", [V3, "snmp://10.0.5.12?community=maplewood-tram"])
def test_no_form_of_an_address_shows_its_secrets(show, text):
    shown = show(parse_address(text))

    assert "maplewood-tram" not in shown
    assert "seventeen-owls" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "snmp://10.0.5.12?community=maplewood-tram&version=9",
        "snmp://10.0.5.12?community=x&maplewood-tram",
        "snmp://10.0.5.12:x?community=maplewood-tram",
        "snmp://10.0.5.12?user=u&auth_key=maplewood-tram",
    ],
)
def test_no_mistake_repeats_a_secret(text):
    with pytest.raises(ValueError, match=r".") as caught:
        parse_address(text)

    assert "maplewood-tram" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_redacted_form_still_says_how_the_device_is_reached():
    assert parse_address(V3).redacted == (
        "snmp://10.0.5.12:161?version=3&user=watch&auth=sha256&priv=aes128&context=rack-7"
    )
    assert str(parse_address("snmp://[::1]?community=x")) == "snmp://[::1]:161?version=2c"
    assert str(parse_address("modbus://[::1]/3")) == "modbus://[::1]:502/3"


def test_a_credential_fills_in_what_the_inventory_does_not_say():
    address = with_credential(
        parse_address("snmp://10.0.5.12"), SnmpCredential(community=SecretStr("maplewood-tram"))
    )

    assert (address.version, address.community) == ("2c", "maplewood-tram")


def test_a_credential_with_a_user_makes_it_version_3():
    credential = SnmpCredential(user="watch", auth="sha", auth_key=SecretStr("maplewood-tram"))

    address = with_credential(parse_address("snmp://10.0.5.12?context=rack-7&user=x"), credential)

    assert (address.version, address.context, address.credential) == ("3", "rack-7", credential)


def test_a_credential_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="versions 1 and 2c have a community"):
        with_credential(parse_address("snmp://10.0.5.12?version=1"), SnmpCredential(user="watch"))
