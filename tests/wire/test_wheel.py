"""What is shipped: the wheel, built and installed into an empty environment, plays the demo."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.wire, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
DEMO_S = 20


def run(*command: str | Path, cwd: Path) -> str:
    environ = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, str(ROOT), cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_carries_configuration_profiles_pages_and_the_unit(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    for ending in (
        "share/batteryd/config/batteryd.toml",
        "share/batteryd/config/profiles/ups-mib.toml",
        "share/batteryd/systemd/batteryd.service",
        "batteryd/web/templates/overview_page.html",
        "batteryd/report/templates/permit.typ",
        "share/batteryd/config/profiles/sunspec.toml",
        "batteryd/web/static/style.css",
        "batteryd/py.typed",
        "simulators/scenarios/tour.toml",
    ):
        assert any(name.endswith(ending) for name in names), ending
    assert not any(name.startswith("tests/") for name in names)


def test_the_demo_runs_from_the_installed_wheel(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "empty", with_pip=True)
    programs = tmp_path / "empty" / "bin"
    constraints = ROOT / "constraints.txt"
    run(programs / "pip", "install", "--quiet", "-c", constraints, wheel, cwd=tmp_path)

    said = run(
        programs / "batteryd", "demo", "--duration", str(DEMO_S), "--port", "0", cwd=tmp_path
    )

    assert "page:  http://127.0.0.1:" in said
    assert "out of warranty" in said
    assert "no answer for" in said
    assert "message" in said
    assert said.strip().splitlines()[-1].startswith("The demo is over")
