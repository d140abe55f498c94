"""What all tests share: nothing of the operator's environment reaches them."""

import os

import pytest


@pytest.fixture(autouse=True, scope="session")
def _without_the_operators_settings() -> None:
    for name in [n for n in os.environ if n.startswith("BATTERYD_")]:
        del os.environ[name]
