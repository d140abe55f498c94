from batteryd.store.settling import Settling
from tests.builders import NOON_S


def test_a_row_settles_half_a_minute_after_it_was_sent() -> None:
    settling = Settling(100)

    settling.send(120)
    settling.settle(NOON_S)

    assert not settling.settle(NOON_S + 29.9)
    assert settling.settled_row == 100
    assert settling.settle(NOON_S + 30)
    assert settling.settled_row == 120


def test_rows_sent_all_the_time_settle_in_their_turn() -> None:
    settling = Settling(0)

    for second in range(61):
        settling.send(second)
        settling.settle(NOON_S + second)

    assert 25 <= settling.settled_row <= 30
    assert settling.sent_row == 60
    assert len(settling._marks) <= 7


def test_going_back_sends_again_what_has_not_settled() -> None:
    settling = Settling(100)
    settling.send(120)
    settling.settle(NOON_S)

    settling.go_back()
    settling.settle(NOON_S + 60)

    assert settling.sent_row == settling.settled_row == 100


def test_a_clock_that_jumps_back_only_delays() -> None:
    settling = Settling(0)
    settling.send(10)
    settling.settle(NOON_S)

    settling.settle(NOON_S - 3600)
    settling.settle(NOON_S - 3570)

    assert settling.settled_row == 10
