"""One daemon a state directory."""

from pathlib import Path

import pytest

from batteryd.app.lock import lock_state
from batteryd.errors import StoreError


def test_a_second_daemon_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    first = lock_state(tmp_path)

    with pytest.raises(StoreError, match="another batteryd is running"):
        lock_state(tmp_path)
    first.close()

    lock_state(tmp_path).close()
