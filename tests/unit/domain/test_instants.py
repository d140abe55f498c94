"""Which instants are taken: whatever is taken can be shown again, in every time zone."""

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from batteryd.domain.instants import END_S, FIRST_S, can_be_shown


@pytest.mark.parametrize("at_s", [FIRST_S, 1_758_882_704.0, math.nextafter(END_S, 0)])
@pytest.mark.parametrize("zone", ["Etc/GMT+12", "Asia/Seoul", "Pacific/Kiritimati"])
def test_what_is_taken_can_be_shown_everywhere(at_s: float, zone: str) -> None:
    assert can_be_shown(at_s)

    datetime.fromtimestamp(at_s, UTC).astimezone(ZoneInfo(zone)).isoformat()


@pytest.mark.parametrize("at_s", [-1.0, END_S, math.inf, -math.inf, math.nan, 1e300])
def test_what_is_no_instant_of_these_years_is_not_taken(at_s: float) -> None:
    assert not can_be_shown(at_s)
