import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batteryd.devices.plan import Range, ReadLimits, Request, Span, plan_reads, split
from batteryd.errors import ProfileError

BLOCK_LENGTH = 200


def span(start: int, count: int = 1, *, row: int = 0, optional: bool = False) -> Span:
    return Span(3, start, count, row, optional)


def extents(requests: tuple[Request, ...]) -> list[tuple[int, int]]:
    return [(r.start, r.count) for r in requests]


@pytest.mark.parametrize(
    ("spans", "limits", "expected"),
    [
        ([span(0), span(1), span(2, 2)], ReadLimits(), [(0, 4)]),
        ([span(0), span(2)], ReadLimits(gap=0), [(0, 1), (2, 1)]),
        ([span(0), span(2)], ReadLimits(gap=1), [(0, 3)]),
        ([span(0), span(124)], ReadLimits(gap=125), [(0, 125)]),
        ([span(0), span(125)], ReadLimits(gap=125), [(0, 1), (125, 1)]),
        ([span(0, 2), span(2, 2), span(4, 2)], ReadLimits(register_count=5), [(0, 4), (4, 2)]),
        ([span(5), span(5), span(4, 2)], ReadLimits(), [(4, 2)]),
        ([span(0, 4), span(2, 4)], ReadLimits(register_count=4), [(0, 4), (2, 4)]),
        ([], ReadLimits(), []),
    ],
)
def test_registers_are_grouped_up_to_the_limits(
    spans: list[Span], limits: ReadLimits, expected: list[tuple[int, int]]
) -> None:
    assert extents(plan_reads(spans, limits=limits)) == expected


def test_coils_are_read_two_thousand_at_a_time() -> None:
    coils = [Span(1, n, 1, 0) for n in range(2001)]

    assert extents(plan_reads(coils, limits=ReadLimits())) == [(0, 2000), (2000, 1)]


def test_no_request_crosses_the_end_of_a_block() -> None:
    blocks = (Range(3, 0, 10), Range(3, 10, 10))

    requests = plan_reads([span(n) for n in range(8, 12)], limits=ReadLimits(), blocks=blocks)

    assert extents(requests) == [(8, 2), (10, 2)]


def test_a_whole_block_is_asked_for_as_a_whole() -> None:
    blocks = (Range(3, 100, 60, is_whole=True),)

    (request,) = plan_reads([span(107)], limits=ReadLimits(), blocks=blocks)

    assert (request.start, request.count) == (100, 60)
    assert split(request) == ()


def test_blocks_of_one_function_do_not_bind_another() -> None:
    blocks = (Range(4, 0, 10),)

    assert extents(plan_reads([span(500)], limits=ReadLimits(), blocks=blocks)) == [(500, 1)]


@pytest.mark.parametrize("wanted", [span(9, 2), span(30)])
def test_a_register_outside_every_block_is_an_error_of_the_profile(wanted: Span) -> None:
    with pytest.raises(ProfileError, match="lies in no block"):
        plan_reads([wanted], limits=ReadLimits(), blocks=[Range(3, 0, 10), Range(3, 10, 10)])


def test_a_value_wider_than_a_request_is_an_error_of_the_profile() -> None:
    with pytest.raises(ProfileError, match="more than one request"):
        plan_reads([span(0, 4)], limits=ReadLimits(register_count=2))


def test_a_refused_request_is_split_at_gaps_and_where_optional_registers_begin() -> None:
    cells = [span(n, row=0) for n in range(3)]
    humidity = span(3, row=1, optional=True)
    smoke = span(4, row=2, optional=True)
    bus = [span(8, 2, row=3), span(10, row=4)]
    (request,) = plan_reads([*cells, humidity, smoke, *bus], limits=ReadLimits(gap=10))

    parts = split(request)

    assert extents(parts) == [(0, 3), (3, 1), (4, 1), (8, 3)]
    assert [part.slot for part in parts] == [0, 3, 4, 8]
    assert [part.is_optional for part in parts] == [False, True, True, False]


def test_a_request_without_gaps_is_not_split() -> None:
    (request,) = plan_reads([span(n) for n in range(20)], limits=ReadLimits())

    assert split(request) == ()


def test_an_optional_flag_in_a_required_register_is_asked_for_with_it() -> None:
    contactor, fan = span(0, row=0), span(0, row=1, optional=True)
    (request,) = plan_reads([contactor, fan, span(5)], limits=ReadLimits(gap=10))

    parts = split(request)

    assert extents(parts) == [(0, 1), (5, 1)]
    assert not parts[0].is_optional


def test_an_optional_repeated_row_stays_in_one_piece() -> None:
    modules = [span(n, row=5, optional=True) for n in range(17)]
    (request,) = plan_reads([*modules, span(30)], limits=ReadLimits(gap=20))

    assert extents(split(request)) == [(0, 17), (30, 1)]


spans_anywhere = st.builds(
    Span,
    st.sampled_from([1, 3, 4]),
    st.integers(0, 2 * BLOCK_LENGTH),
    st.sampled_from([1, 2, 4]),
    st.integers(0, 3),
    st.booleans(),
)
some_limits = st.builds(
    ReadLimits,
    register_count=st.integers(4, 125),
    bit_count=st.integers(4, 2000),
    gap=st.integers(0, 40),
)


@given(spans=st.lists(spans_anywhere, max_size=60), limits=some_limits)
def test_requests_cover_every_value_whole_within_all_limits(
    spans: list[Span], limits: ReadLimits
) -> None:
    requests = plan_reads(spans, limits=limits)

    assert {s for r in requests for s in r.spans} == set(spans)
    for request in requests:
        assert request.count <= limits.count(request.function)
        read = set(range(request.start, request.start + request.count))
        wanted = {a for s in request.spans for a in range(s.start, s.end)}
        assert wanted <= read
        assert {s.function for s in request.spans} == {request.function}
        assert longest_gap(sorted(wanted)) <= limits.gap


@given(spans=st.lists(spans_anywhere, max_size=60), limits=some_limits, whole=st.booleans())
def test_requests_stay_within_their_block(
    spans: list[Span], limits: ReadLimits, *, whole: bool
) -> None:
    blocks = [
        Range(function, start, BLOCK_LENGTH, whole)
        for function in (1, 3, 4)
        for start in (0, BLOCK_LENGTH)
    ]
    in_one = [s for s in spans if s.start // BLOCK_LENGTH == (s.end - 1) // BLOCK_LENGTH < 2]

    requests = plan_reads(in_one, limits=limits, blocks=blocks)

    assert {s for r in requests for s in r.spans} == set(in_one)
    for request in requests:
        last = request.start + request.count - 1
        assert request.start // BLOCK_LENGTH == last // BLOCK_LENGTH
        assert not whole or request.count == BLOCK_LENGTH


@given(spans=st.lists(spans_anywhere, max_size=60), limits=some_limits)
def test_what_is_asked_instead_of_a_refused_request_covers_it_without_gaps(
    spans: list[Span], limits: ReadLimits
) -> None:
    for request in plan_reads(spans, limits=limits):
        parts = split(request)
        assert [s for p in parts for s in p.spans] == (list(request.spans) if parts else [])
        for part in parts:
            wanted = {a for s in part.spans for a in range(s.start, s.end)}
            assert wanted == set(range(part.start, part.start + part.count))
            assert part.slot - request.slot == part.start - request.start
            assert split(part) == ()


@given(spans=st.lists(spans_anywhere, max_size=60), limits=some_limits)
def test_requests_have_places_of_their_own_in_the_image(
    spans: list[Span], limits: ReadLimits
) -> None:
    requests = plan_reads(spans, limits=limits)

    places = [place for r in requests for place in range(r.slot, r.slot + r.count)]
    assert places == list(range(len(places)))


def longest_gap(addresses: list[int]) -> int:
    return max((b - a - 1 for a, b in itertools.pairwise(addresses)), default=0)
