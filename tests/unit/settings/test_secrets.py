"""Secrets come from files and the environment, never from the configuration itself."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from batteryd.settings.load import check_config, load_configuration
from batteryd.settings.model import Credential, Influx, Schedule, Settings
from batteryd.settings.secrets import SecretPlaces, secret_names
from tests.unit.settings.places import NO_ENVIRONMENT, SECRET, lay_out, write_secret


def test_a_secret_is_read_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    config_file = lay_out(tmp_path)
    write_secret(tmp_path / "community", f"{SECRET}\n")

    credential = load_configuration(config_file, environ=NO_ENVIRONMENT).credentials["cards"]

    assert credential.community is not None
    assert credential.community.get_secret_value() == SECRET


def test_what_systemd_hands_over_wins_over_the_file_beside_the_configuration(
    tmp_path: Path,
) -> None:
    config_file = lay_out(tmp_path / "etc")
    handed_over = tmp_path / "run"
    handed_over.mkdir()
    write_secret(handed_over / "community", "from-systemd", mode=0o400)

    credential = load_configuration(
        config_file, environ={"CREDENTIALS_DIRECTORY": str(handed_over)}
    ).credentials["cards"]

    assert credential.community is not None
    assert credential.community.get_secret_value() == "from-systemd"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    config_file = lay_out(tmp_path)

    credential = load_configuration(
        config_file, environ={"BATTERYD_CREDENTIALS__CARDS__COMMUNITY": "from-the-environment"}
    ).credentials["cards"]

    assert credential.community is not None
    assert credential.community.get_secret_value() == "from-the-environment"


def test_a_path_with_a_slash_is_not_looked_for_among_systemds_credentials() -> None:
    places = SecretPlaces(Path("/etc/batteryd"), Path("/run/credentials"))

    assert places.find("/srv/secret") == Path("/srv/secret")
    assert places.find("secrets/token") == Path("/etc/batteryd/secrets/token")


def test_channels_get_the_secrets_that_their_templates_name(tmp_path: Path) -> None:
    config_file = lay_out(tmp_path)
    write_secret(tmp_path / "pager_url", "https://pager.example/hunter2")
    (tmp_path / "notify.toml").write_text(
        """
        [channel.pager]
        kind = "webhook"
        url = "{{ secret.pager_url }}"
        [[route]]
        channels = ["pager"]
        """
    )

    notify = load_configuration(config_file, environ=NO_ENVIRONMENT).notify

    assert notify.secrets["pager_url"].get_secret_value() == "https://pager.example/hunter2"
    assert "hunter2" not in repr(notify)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * 70_000], ids=["not-utf-8", "too-large"])
def test_a_file_that_holds_no_secret_is_a_mistake(tmp_path: Path, content: bytes) -> None:
    config_file = lay_out(tmp_path)
    (tmp_path / "community").write_bytes(content)

    found = check_config(config_file, environ=NO_ENVIRONMENT)

    assert [(m.key, m.value) for m in found] == [
        ("credentials.cards.community_file", str(tmp_path / "community"))
    ]


def test_secrets_print_as_dots(tmp_path: Path) -> None:
    config_file = lay_out(tmp_path)

    settings = load_configuration(config_file, environ=NO_ENVIRONMENT).settings

    assert SECRET not in repr(settings)
    assert SECRET not in settings.model_dump_json()


@pytest.mark.parametrize("section", [Influx, Credential])
def test_every_secret_has_a_sibling_for_its_file(section: type[Influx | Credential]) -> None:
    names = list(secret_names(section))

    assert names
    assert all(f"{name}_file" in section.model_fields for name in names)


def test_no_other_section_has_secrets() -> None:
    sections: dict[str, type[BaseModel]] = {"schedule": Schedule}
    for name, field in Settings.model_fields.items():
        if name not in ("influx", "credentials", "schedule"):
            assert isinstance(field.annotation, type)
            assert issubclass(field.annotation, BaseModel)
            sections[name] = field.annotation

    assert {name for name, model in sections.items() if list(secret_names(model))} == set()
