"""A configuration folder as people have one: for tests that type commands."""

from pathlib import Path

import pytest

SHIPPED = Path(__file__).parents[1] / "config"


def configured(folder: Path, inventory: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a configuration with an inventory and the shipped rules; return its state folder."""
    state = folder / "state"
    state.mkdir()
    monkeypatch.setenv("BATTERYD_DAEMON__STATE_DIR", str(state))
    (folder / "batteryd.toml").write_text("")
    (folder / "inventory.toml").write_text(inventory)
    for name in ("rules.toml", "notify.toml"):
        (folder / name).write_text((SHIPPED / name).read_text(encoding="utf-8"))
    return state
