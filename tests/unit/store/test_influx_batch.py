from hypothesis import given
from hypothesis import strategies as st

from batteryd.store.influx_batch import Batch


def drive(lines: list[str], bad: set[int]) -> tuple[Batch, int]:
    """Send a batch to a server that rejects a body with a bad line; return it and the requests."""
    batch = Batch("".join(f"{line}\n" for line in lines), last_row=7, row_count=3)
    unwanted = {lines[i] for i in bad}
    requests = 0
    while not batch.is_done:
        requests += 1
        assert requests <= 4 * len(lines)
        if unwanted.isdisjoint(batch.body.splitlines()):
            batch.accept()
        elif not batch.split():
            batch.put_aside("no")
    return batch, requests


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1)))))
def test_exactly_the_bad_lines_are_put_aside(given_case: tuple[int, set[int]]) -> None:
    count, bad = given_case
    lines = [f"battery,asset=rack-{i} soc_pct=80.0 1" for i in range(count)]

    batch, _ = drive(lines, bad)

    assert [rejected.line for rejected in batch.rejected] == [lines[i] for i in sorted(bad)]
    assert batch.line_count_accepted == count - len(bad)


def test_one_bad_line_in_a_thousand_costs_about_twenty_requests() -> None:
    lines = [f"battery,asset=rack-{i} soc_pct=80.0 1" for i in range(1000)]

    _, requests = drive(lines, {617})

    assert requests <= 22
