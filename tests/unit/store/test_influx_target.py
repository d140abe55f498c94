import pytest
from pydantic import SecretStr

from batteryd.store.influx_target import InfluxApi, InfluxTarget

URL = "http://influx.example:8086"


def test_secrets_print_as_dots() -> None:
    target = InfluxTarget(
        URL, "batteryd", token=SecretStr("t0k3n"), username="b", password=SecretStr("pa55")
    )

    assert "t0k3n" not in repr(target)
    assert "pa55" not in repr(target)


def test_each_dialect_has_its_credential() -> None:
    token, password = SecretStr("t0k3n"), SecretStr("pa55")

    assert InfluxTarget(URL, "b", token=token, password=password).credential == "t0k3n"
    v1 = InfluxTarget(URL, "b", api=InfluxApi.V1, token=token, username="u", password=password)
    assert v1.credential == "u:pa55"
    assert InfluxTarget(URL, "b", api=InfluxApi.V1).credential is None


@pytest.mark.parametrize(
    ("url", "bucket", "complaint"),
    [
        ("influx.example:8086", "batteryd", "must be http://HOST:PORT"),
        ("ftp://influx.example", "batteryd", "must be http://HOST:PORT"),
        ("http://user:pa55@influx.example:8086", "batteryd", "must not carry credentials"),
        (URL, "", "must not be empty"),
    ],
)
def test_a_target_that_cannot_work_is_refused(url: str, bucket: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as refusal:
        InfluxTarget(url, bucket)

    assert "pa55" not in str(refusal.value)
