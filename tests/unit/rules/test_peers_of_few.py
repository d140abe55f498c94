"""How many sensors make peers, a middle and a spread, and what is believed among few."""

import numpy as np
import pytest

from batteryd.domain.component import Component
from batteryd.domain.quality import Quality
from batteryd.rules.alike import Alike, middle_of
from batteryd.rules.believed import Believed, add_believed

POLL_S = 10.0


def alike(modules: int, numbers: tuple[int, ...] = (1,)) -> Alike:
    return Alike([Component(1, m, None, t) for m in range(1, modules + 1) for t in numbers])


# ------------------------------------------------------------------------------- alike


@pytest.mark.parametrize(("modules", "middle_c"), [(5, 35.5), (6, 41.0)])
def test_six_sensors_of_a_place_are_peers_by_themselves_and_five_are_not(
    modules: int, middle_c: float
) -> None:
    read = np.tile([30.0, 41.0], modules)

    assert alike(modules, (1, 2)).middles(read)[1] == pytest.approx(middle_c)


def test_a_reading_of_the_module_itself_is_a_place_of_its_own() -> None:
    places = [Component(1, m, None, t) for m in range(1, 9) for t in (None, 1)]

    assert Alike(places).middles(np.tile([30.0, 41.0], 8)).tolist() == [30.0, 41.0] * 8


@pytest.mark.parametrize(
    ("read_c", "middle_c"),
    [
        ((20.0, 21.0, 23.0, 90.0), 22.0),
        ((20.0, 21.0, 23.0, 24.0, 90.0), 23.0),
        ((20.0, 20.0, 21.0, 22.0, 25.0, 90.0, 90.0), 22.0),  # of seven the one in the middle
        ((20.0, 20.0, 21.0, 22.0, 25.0, 26.0, 90.0, 90.0), 23.5),  # of eight the middle half
        ((20.0, 20.0, 20.0, 21.0, 22.0, 25.0, 26.0, 26.0, 26.0, 90.0, 90.0, 90.0), 24.3333),
    ],
)
def test_the_middle_is_a_median_of_few_and_the_mean_of_the_middle_half_of_many(
    read_c: tuple[float, ...], middle_c: float
) -> None:
    middles = alike(len(read_c)).middles(np.array(read_c[::-1]))

    assert middles.tolist() == pytest.approx([middle_c] * len(read_c), abs=0.001)


@pytest.mark.parametrize(
    ("deviations_k", "median_k"),
    [
        ((0.1, -0.3, 0.2, 9.0, -0.4, 0.5), 0.35),
        ((0.1, -0.3, 0.2, 9.0, -0.4, 0.5, 0.6), 0.4),
        ((0.1, -0.3, np.nan, 9.0, np.nan, 0.5), 0.4),
        ((np.nan,) * 6, 0.0),
    ],
)
def test_a_spread_is_the_median_distance_as_a_standard_deviation(
    deviations_k: tuple[float, ...], median_k: float
) -> None:
    spreads = alike(len(deviations_k)).spreads(np.array(deviations_k))

    assert spreads.tolist() == pytest.approx([1.4826 * median_k] * len(deviations_k))


@pytest.mark.parametrize(("known", "middle"), [((3.0, 1.0, 2.0), 2.0), ((4.0, 1.0, 2.0, 9.0), 3.0)])
def test_the_middle_of_known_values_is_their_median(
    known: tuple[float, ...], middle: float
) -> None:
    assert middle_of(np.array(known)) == middle


# ------------------------------------------------------------------------------- believed


def polled(believed: Believed, *polls: tuple[float, ...]) -> list[list[bool]]:
    """Return which readings of each poll are believed."""
    trusted = []
    for number, poll in enumerate(polls):
        read = np.array(poll)
        quality = np.where(np.isnan(read), Quality.MISSING, Quality.GOOD).astype(np.uint8)
        at_s = number * POLL_S
        answer = believed.take(read, quality, reference=0.0, at_s=at_s, dt_s=POLL_S)
        trusted.append([True] * len(read) if answer is None else answer.tolist())
    return trusted


def thermistors(count: int) -> Believed:
    return Believed(count, lowest=-25.0, highest=110.0, step=8.0, counts=True)


@pytest.mark.parametrize(("count", "is_believed"), [(3, False), (4, True)])
def test_first_readings_are_compared_with_each_other_where_four_are_there(
    count: int, *, is_believed: bool
) -> None:
    polls = ((24.1,) * count,) * 3

    assert polled(thermistors(count), *polls) == [
        [is_believed] * count, [is_believed] * count, [True] * count,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("second_c", "is_believed"),
    [(73.0, True), (75.5, True), (77.5, False), (56.5, True), (55.0, False)],
)
def test_readings_repeat_one_another_within_a_quarter_of_how_far_they_moved(
    second_c: float, *, is_believed: bool
) -> None:
    others = (24.0, 24.0, 24.0, 24.0)
    polls = ((24.0, *others), (64.0, *others), (second_c, *others), (second_c, *others))

    assert polled(thermistors(5), *polls)[-1] == [is_believed, *([True] * 4)]


def test_a_sensor_that_is_new_among_others_is_compared_with_their_middle() -> None:
    never = (np.nan, 24.0, 24.1, 24.2, 24.3)
    believed = thermistors(5)

    trusted = polled(believed, never, (24.2, *never[1:]), (60.0, *never[1:]))

    assert [poll[0] for poll in trusted] == [False, True, False]


@pytest.mark.parametrize(("edge_c", "odd_c"), [(-24.0, -26.0), (109.0, 111.0)])
def test_what_is_out_of_range_is_wrong_however_near_it_is(edge_c: float, odd_c: float) -> None:
    believed, even = thermistors(5), (edge_c,) * 5

    trusted = polled(believed, even, even, (odd_c, *even[1:]))

    assert trusted[-1] == [False, True, True, True, True]
    assert believed.wrong.tolist() == pytest.approx([1.0, 0, 0, 0, 0])


def test_shares_are_of_the_polls_of_about_six_hours() -> None:
    believed = thermistors(4)

    polled(believed, *[(24.1,) * 4] * 2160)  # six hours

    assert believed.polls[0] == pytest.approx(2160 * -np.expm1(-1.0), rel=0.001)


def test_what_is_missing_fades_as_what_is_wrong_does() -> None:
    believed = thermistors(4)

    polled(believed, (24.1,) * 4, (np.nan, 24.1, 24.1, 24.1), *[(24.1,) * 4] * 2160)

    assert believed.missing.tolist() == pytest.approx([np.exp(-1.0), 0, 0, 0], abs=0.001)


@pytest.mark.parametrize(
    ("is_believed", "sums", "counts"),
    [(None, [24.0, 25.0], [1, 1]), (np.array([True, False]), [24.0, 0.0], [1, 0])],
)
def test_only_what_is_believed_is_added_up(
    is_believed: np.ndarray | None, sums: list[float], counts: list[int]
) -> None:
    total, count = np.zeros(2), np.zeros(2, dtype=np.int16)

    add_believed(np.array([24.0, 25.0]), is_believed, sums=total, counts=count)

    assert (total.tolist(), count.tolist()) == (sums, counts)
