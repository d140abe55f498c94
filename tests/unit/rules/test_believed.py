"""Which readings get into a mean: wild ones never, real steps a few polls late."""

import numpy as np
import pytest

from batteryd.domain.quality import Quality
from batteryd.rules.believed import Believed
from batteryd.rules.memory import recollect, remind

NORMAL_C = (24.1, 24.6, 23.8, 24.3, 25.0)
POLL_S = 10.0


def thermistors() -> Believed:
    return Believed(len(NORMAL_C), lowest=-25.0, highest=110.0, step=8.0, counts=True)


def shown(believed: Believed, *readings_c: float, quality: Quality = Quality.GOOD) -> list[bool]:
    """Show the first sensor some readings, the others normal ones; return which are believed."""
    trusted = []
    for number, reading_c in enumerate(readings_c):
        read = np.array([reading_c, *NORMAL_C[1:]])
        qualities = np.where(np.isnan(read), Quality.MISSING, Quality.GOOD).astype(np.uint8)
        qualities[0] = max(qualities[0], quality)
        answer = believed.take(read, qualities, reference=0.0, at_s=number * POLL_S, dt_s=POLL_S)
        trusted.append(answer is None or bool(answer[0]))
        assert answer is None or answer[1:].all()
    return trusted


@pytest.mark.parametrize(
    ("readings_c", "trusted"),
    [
        ((24.1, 24.2, 24.3), (True, True, True)),
        ((24.1, 100.0, 24.3), (True, False, True)),
        ((24.1, 100.0, -20.0, 100.0, 24.2), (True, False, False, False, True)),
        ((24.1, 100.0, 70.0, 40.0), (True, False, False, False)),
        ((24.1, 36.0, 36.2, 36.1, 36.3), (True, False, False, True, True)),
        ((24.1, 36.0, 24.2, 36.1, 36.3), (True, False, True, False, False)),
        ((24.1, 36.0, np.nan, 36.1, np.nan, 36.2), (True, False, False, False, False, True)),
        ((24.1, 111.0, 111.0, 111.0, 111.0), (True, False, False, False, False)),
    ],
)
def test_a_reading_that_moved_far_is_believed_once_it_has_repeated_near_itself(
    readings_c: tuple[float, ...], trusted: tuple[bool, ...]
) -> None:
    assert tuple(shown(thermistors(), *readings_c)) == trusted


@pytest.mark.parametrize("first_c", [100.0, -20.0, 45.0])
def test_a_first_reading_that_is_far_from_all_others_is_no_more_believed(first_c: float) -> None:
    assert shown(thermistors(), first_c, 24.2, 24.1) == [False, True, True]


def test_a_sensor_that_is_far_from_all_others_for_good_is_believed_at_the_third_reading() -> None:
    assert shown(thermistors(), 45.0, 45.1, 45.0) == [False, False, True]


def test_a_sensor_without_any_others_has_to_repeat_itself() -> None:
    alone = Believed(1, lowest=-25.0, highest=110.0, step=5.0, counts=False)
    good = np.zeros(1, np.uint8)

    def is_believed(reading_c: float) -> bool:
        answer = alone.take(np.array([reading_c]), good, reference=0.0, at_s=0.0, dt_s=POLL_S)
        return answer is None or bool(answer[0])

    assert [is_believed(c) for c in (90.0, 22.0, 22.1, 22.0, 22.1)] == [
        False, False, False, True, True,
    ]  # fmt: skip


def test_a_wild_reading_after_a_gap_is_not_believed_either() -> None:
    believed = thermistors()
    shown(believed, 24.1, 24.2)

    believed.restart()

    assert shown(believed, 100.0, 24.3) == [False, True]


def test_a_gap_breaks_what_was_read_in_a_row() -> None:
    believed = thermistors()
    shown(believed, 24.1, 36.0, 36.1)

    believed.restart()

    assert shown(believed, 36.0, 36.1, 36.0) == [False, False, True]


def test_what_is_doubted_goes_on_being_doubted_after_a_restart_of_the_daemon() -> None:
    before, after = thermistors(), thermistors()
    shown(before, 24.1, 36.0, 36.1)

    assert remind({"heat": after}, recollect({"heat": before}))

    assert shown(after, 36.2) == [True]


def test_what_was_wrong_counts_apart_from_what_was_missing() -> None:
    believed = thermistors()

    shown(believed, 24.1, 100.0, 24.2, np.nan, 24.1, 300.0, 24.1)
    shown(believed, 24.1, quality=Quality.UNCONFIRMED_JUMP)

    assert believed.wrong[0] == pytest.approx(3.0, abs=0.02)
    assert believed.missing[0] == pytest.approx(1.0, abs=0.02)
    assert not believed.wrong[1:].any()


def test_what_repeats_was_right_all_along_and_not_wrong() -> None:
    believed = thermistors()

    shown(believed, 24.1, 100.0, 24.1, 36.0, 36.1, 36.2, 24.1, 24.1, 24.1)

    assert believed.wrong[0] == pytest.approx(1.0, abs=0.02)


def test_what_was_wrong_fades_over_six_hours() -> None:
    believed = thermistors()
    shown(believed, 24.1, 100.0, *[24.1] * (6 * 360))

    assert believed.wrong[0] == pytest.approx(np.exp(-1.0), abs=0.01)


def test_a_sensor_that_the_device_does_not_have_is_not_missing_but_one_that_went_is() -> None:
    absent, gone = thermistors(), thermistors()
    shown(gone, 24.1)

    for believed in (absent, gone):
        shown(believed, *[np.nan] * 50, quality=Quality.NOT_IMPLEMENTED)

    assert absent.missing[0] == absent.wrong[0] == 0.0
    assert gone.missing[0] == pytest.approx(50, abs=1)
