"""What all tests share: nothing of the operator's environment reaches them."""

import os

import pytest
from hypothesis import HealthCheck, settings

# A machine that has other work as well is no defect: examples are not timed. CI takes the same
# examples each time, so that what fails there has to do with the change.
settings.register_profile(
    "batteryd",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("batteryd")


@pytest.fixture(autouse=True, scope="session")
def _without_the_operators_settings() -> None:
    for name in [n for n in os.environ if n.startswith("BATTERYD_")]:
        del os.environ[name]
