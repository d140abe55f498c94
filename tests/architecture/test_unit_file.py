"""The systemd unit is one that systemd accepts, and it leaves the daemon little to reach."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parents[2] / "deploy" / "systemd"
UNIT = SYSTEMD / "batteryd.service"
EXPOSURE_MAX = 2.0  # of 10; systemd calls it OK

needs_systemd_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here"
)


def analyzed(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze on a copy of the unit whose program exists on this machine."""
    unit = folder / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/batteryd/bin/batteryd", "/bin/true"))
    return subprocess.run(
        ["systemd-analyze", *arguments, str(unit)], capture_output=True, text=True, check=False
    )


@needs_systemd_analyze
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    result = analyzed(tmp_path, "verify")

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@needs_systemd_analyze
def test_the_unit_exposes_little(tmp_path: Path) -> None:
    result = analyzed(tmp_path, "security", "--offline=yes", "--no-pager")

    exposure = re.search(r"Overall exposure level for batteryd\.service: ([0-9.]+)", result.stdout)
    assert exposure is not None
    assert float(exposure[1]) <= EXPOSURE_MAX


def test_a_wrong_configuration_is_not_started_again_and_again() -> None:
    assert "RestartPreventExitStatus=2" in UNIT.read_text().splitlines()


@pytest.mark.skipif(
    shutil.which("systemd-sysusers") is None, reason="there is no systemd-sysusers here"
)
def test_systemd_can_make_the_user(tmp_path: Path) -> None:
    for folder in ("etc", "usr/lib/sysusers.d"):
        (tmp_path / folder).mkdir(parents=True)
    config = tmp_path / "usr/lib/sysusers.d/batteryd.conf"
    shutil.copy(SYSTEMD / "batteryd.sysusers.conf", config)

    result = subprocess.run(
        ["systemd-sysusers", f"--root={tmp_path}", "--dry-run", "batteryd.conf"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    assert "Creating user 'batteryd'" in result.stderr
