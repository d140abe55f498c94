"""Groups registers into few legal requests.

A *span* is the registers that one value needs; it is never split. A request may read over a few
registers that nobody wants (`gap_max`), because a request costs a device more than a register does,
but it never grows beyond what the protocol and the device allow, and never leaves the block in
which it began. Greedy from the lowest address up is enough: with limits on length and on gaps no
other grouping needs fewer requests.

A device may lack registers that its successors have. It then refuses the whole request, so
`split` says what to ask instead: the spans' own ranges, without gaps, optional ones by themselves.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from batteryd.errors import ProfileError

BIT_FUNCTIONS = frozenset({1, 2})  # coils and discrete inputs; 3 and 4 are registers
REGISTER_COUNT_MAX = 125  # of one request, Modbus application protocol V1.1b3, 6.3 and 6.4
BIT_COUNT_MAX = 2000  # 6.1 and 6.2


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Registers (or bits) that belong together."""

    function: int
    start: int
    count: int
    row: int  # the row of the profile's table that wants them
    is_optional: bool = False

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.start + self.count


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """A block that the device answers."""

    function: int
    start: int
    count: int
    is_whole: bool = False  # answered as a whole only

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.start + self.count


class ReadLimits(NamedTuple):
    """How much one request may ask for."""

    register_count: int = REGISTER_COUNT_MAX
    bit_count: int = BIT_COUNT_MAX
    gap: int = 0

    def count(self, function: int) -> int:
        """Return the most that one request with this function may read."""
        return self.bit_count if function in BIT_FUNCTIONS else self.register_count


@dataclass(frozen=True, slots=True)
class Request:
    """One read. What it answers stands from `slot` on in the image of all registers."""

    function: int
    start: int
    count: int
    slot: int
    spans: tuple[Span, ...]
    is_whole: bool = False  # the device answers nothing smaller

    @property
    def is_optional(self) -> bool:
        """Whether a device may lack all of it."""
        return all(span.is_optional for span in self.spans)


def plan_reads(
    spans: Iterable[Span], *, limits: ReadLimits, blocks: Sequence[Range] = ()
) -> tuple[Request, ...]:
    """Return requests that cover every span, by function and address.

    A function for which `blocks` names none may be read everywhere.

    Raises:
        ProfileError: a span is longer than a request may be, or lies in no block.
    """
    requests: list[Request] = []
    slot = 0
    for function, group in groupby(sorted(set(spans)), key=attrgetter("function")):
        legal = sorted(b for b in blocks if b.function == function)
        for extent in _extents(list(group), legal, limits=limits):
            requests.append(
                Request(function, extent.start, extent.count, slot, extent.spans, extent.is_whole)
            )
            slot += extent.count
    return tuple(requests)


def split(request: Request) -> tuple[Request, ...]:
    """Return the smaller reads to try where a device refused `request`; empty where none are left.

    Spans that touch stay together while both are required or both are of one row.
    """
    if request.is_whole:
        return ()
    parts: list[list[Span]] = []
    for span in request.spans:
        if parts and _belongs(span, parts[-1]):
            parts[-1].append(span)
        else:
            parts.append([span])
    if len(parts) == 1 and _end(parts[0]) - parts[0][0].start == request.count:
        return ()
    return tuple(_part(request, spans) for spans in parts)


@dataclass(frozen=True, slots=True)
class _Extent:
    start: int
    count: int
    spans: tuple[Span, ...]
    is_whole: bool


def _extents(
    spans: Sequence[Span], blocks: Sequence[Range], *, limits: ReadLimits
) -> Iterator[_Extent]:
    for block, held in _by_block(spans, blocks):
        if block is not None and block.is_whole:
            yield _Extent(block.start, block.count, tuple(held), is_whole=True)
            continue
        for run in _runs(held, limits=limits):
            yield _Extent(run[0].start, _end(run) - run[0].start, tuple(run), is_whole=False)


def _by_block(
    spans: Sequence[Span], blocks: Sequence[Range]
) -> Iterator[tuple[Range | None, list[Span]]]:
    if not blocks:
        yield None, list(spans)
        return
    held: dict[Range, list[Span]] = {}
    for span in spans:
        block = next((b for b in blocks if b.start <= span.start and span.end <= b.end), None)
        if block is None:
            raise ProfileError(f"{_shown(span)} lies in no block that the device answers")
        held.setdefault(block, []).append(span)
    yield from held.items()


def _runs(spans: Sequence[Span], *, limits: ReadLimits) -> Iterator[list[Span]]:
    run: list[Span] = []
    for span in spans:
        count_max = limits.count(span.function)
        if span.count > count_max:
            raise ProfileError(f"{_shown(span)} is more than one request may read ({count_max})")
        if run and (
            span.start - _end(run) > limits.gap
            or max(_end(run), span.end) - run[0].start > count_max
        ):
            yield run
            run = []
        run.append(span)
    yield run


def _belongs(span: Span, part: Sequence[Span]) -> bool:
    end = _end(part)
    if span.start < end:  # shares a register: cannot be told apart
        return True
    last = part[-1]
    both_required = not span.is_optional and not last.is_optional
    return span.start == end and (both_required or span.row == last.row)


def _part(request: Request, spans: Sequence[Span]) -> Request:
    start = spans[0].start
    slot = request.slot + start - request.start
    return Request(request.function, start, _end(spans) - start, slot, tuple(spans))


def _end(spans: Sequence[Span]) -> int:
    return max(span.end for span in spans)


def _shown(span: Span) -> str:
    return f"function {span.function}, address 0x{span.start:04X}, count {span.count}"
