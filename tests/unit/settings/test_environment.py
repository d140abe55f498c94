"""The environment wins over batteryd.toml, and its slips are mistakes too."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.errors import Mistake
from batteryd.settings.collect import Collector
from batteryd.settings.files import SourceFile
from batteryd.settings.load import check_config, load_configuration
from batteryd.settings.model import Settings
from batteryd.settings.settings_file import read_settings
from tests.unit.settings.places import lay_out


def settings_with(folder: Path, environ: Mapping[str, str]) -> Settings:
    """Load the good configuration in an environment."""
    return load_configuration(lay_out(folder), environ=environ).settings


def test_a_variable_wins_over_the_file_and_leaves_the_other_keys_alone(tmp_path: Path) -> None:
    config_file = lay_out(tmp_path)
    config_file.write_text(
        config_file.read_text() + "[journal]\nraw_days = 40\nminute_days = 200\n"
    )

    settings = load_configuration(
        config_file, environ={"BATTERYD_JOURNAL__RAW_DAYS": "60"}
    ).settings

    assert settings.journal.raw_days == 60.0
    assert settings.journal.minute_days == 200.0


def test_variables_are_read_as_the_type_of_their_key(tmp_path: Path) -> None:
    environ = {
        "BATTERYD_INFLUX__ENABLED": "true",
        "BATTERYD_INFLUX__VERSION": "1",
        "BATTERYD_INFLUX__USERNAME": "4711",
        "BATTERYD_INFLUX__PASSWORD": "12345678",
        "BATTERYD_WEB__PORT": "0",
        "BATTERYD_DAEMON__STATE_DIR": "/srv/batteryd",
    }

    settings = settings_with(tmp_path, environ)

    assert settings.influx.enabled is True
    assert settings.influx.version == 1
    assert settings.influx.username == "4711"
    assert settings.influx.password is not None
    assert settings.influx.password.get_secret_value() == "12345678"
    assert settings.web.port == 0
    assert settings.daemon.state_dir == Path("/srv/batteryd")


def test_variables_of_others_are_left_alone(tmp_path: Path) -> None:
    environ = {"PATH": "/usr/bin", "BATTERYD_HOME": "/srv", "batteryd_web__port": "1"}

    settings = settings_with(tmp_path, environ)

    assert settings.web.port == Settings().web.port


@pytest.mark.parametrize(
    ("name", "value", "shown", "allowed"),
    [
        ("BATTERYD_WEB__PORT", "http", '"http"', "a whole number"),
        ("BATTERYD_WEB__PORT", "70000", "70000", "65535 or less"),
        ("BATTERYD_WEB__PRT", "80", '"80"', "unknown key; did you mean port?"),
        ("BATTERYD_WEBB__PORT", "80", "", "unknown section; did you mean web?"),
        ("BATTERYD_INFLUX__PASWORD", "hunter2", "(hidden)", "unknown key; did you mean password?"),
    ],
)
def test_a_slip_in_a_variable_is_told_by_the_variables_name(
    tmp_path: Path, name: str, value: str, shown: str, allowed: str
) -> None:
    config_file = lay_out(tmp_path)

    found = check_config(config_file, environ={name: value})

    assert [(m.file, m.key, m.value) for m in found] == [("environment", name, shown)]
    assert found[0].allowed.startswith(allowed)


def test_a_mistake_in_the_file_is_not_blamed_on_a_variable_of_the_same_section(
    tmp_path: Path,
) -> None:
    config_file = lay_out(tmp_path)
    config_file.write_text(config_file.read_text() + "[journal]\nminute_days = 20\n")

    found = check_config(config_file, environ={"BATTERYD_JOURNAL__RAW_DAYS": "60"})

    allowed = "raw_days <= minute_days <= hour_days"
    assert found == (Mistake(str(config_file), "journal", "", allowed),)


def test_a_variable_that_stands_for_a_whole_table_must_be_one(tmp_path: Path) -> None:
    config_file = lay_out(tmp_path)

    found = check_config(config_file, environ={"BATTERYD_CREDENTIALS__CARDS": "{hunter2"})

    assert {m.file for m in found} == {"environment"}
    assert not any("hunter2" in str(m) for m in found)


PARTS = st.sampled_from(
    [*Settings.model_fields, "url", "token", "port", "cards", "community", "", "_", "x"]
)
NAMES = st.lists(PARTS, min_size=1, max_size=4).map(lambda p: "BATTERYD_" + "__".join(p).upper())
VALUES = st.one_of(st.text(), st.sampled_from(["1", "true", "{}", "[1]", '{"port": {}}', "null"]))


@given(environ=st.dictionaries(NAMES, VALUES, max_size=4))
def test_an_environment_of_any_content_is_settings_or_mistakes(environ: dict[str, str]) -> None:
    file, collector = SourceFile(Path("batteryd.toml"), b"[web]\nport = 80\n"), Collector()

    settings, _ = read_settings(file, environ=environ, collector=collector)

    assert isinstance(settings, Settings)
