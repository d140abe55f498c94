from batteryd.store.influx_batch import RejectedLine
from batteryd.store.journal import Journal
from batteryd.store.quarantine import Quarantine
from tests.builders import NOON_S


def line(number: int) -> RejectedLine:
    return RejectedLine(f"battery,asset=rack-{number} soc_pct=80.0 1", "field type conflict")


def test_the_newest_entries_are_kept_and_the_dropped_ones_counted(journal: Journal) -> None:
    quarantine = Quarantine(journal.file, entries_max=3)

    quarantine.add([line(1), line(2)], now_s=NOON_S)
    quarantine.add([line(3), line(4), line(5)], now_s=NOON_S)

    assert quarantine.entries() == [line(5), line(4), line(3)]
    assert quarantine.count() == 3
    assert quarantine.dropped_count == 2


def test_a_line_that_comes_again_is_kept_once(journal: Journal) -> None:
    quarantine = Quarantine(journal.file)

    quarantine.add([line(1)], now_s=NOON_S)
    quarantine.add([line(1), line(2)], now_s=NOON_S + 60)

    assert quarantine.entries() == [line(2), line(1)]
