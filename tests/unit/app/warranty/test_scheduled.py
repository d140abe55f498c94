"""The report that a schedule asks for, and how the making of a report is told."""

import json
from datetime import datetime
from pathlib import Path

from batteryd.app.warranty.making import made_now
from batteryd.app.warranty.of_ledger import Installation
from batteryd.app.warranty.scheduled import make_scheduled
from batteryd.report.verify import verify
from batteryd.settings.load import load_configuration
from batteryd.settings.model import Schedule
from batteryd.store.ledger import Ledger
from tests.builders import NOON_S
from tests.issued_reports import make_signer
from tests.unit.settings.places import NO_ENVIRONMENT, lay_out


def test_every_format_is_written_and_signed_as_of_the_schedules_own_day(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    found = load_configuration(lay_out(tmp_path / "etc"), environ=NO_ENVIRONMENT)
    folder = tmp_path / "reports"
    folder.mkdir()
    in_seoul_it_is_tomorrow_s = datetime.fromisoformat("2025-11-30T20:00Z").timestamp()

    files = make_scheduled(
        Installation(found, ledger, None),
        Schedule(formats=("csv", "json"), time_zone="Asia/Seoul"),
        folder=folder,
        now_s=in_seoul_it_is_tomorrow_s,
        signer=make_signer(),
    )
    ledger.close()

    assert {"warranty-2025-12-01.csv", "warranty-2025-12-01.json"} <= {f.name for f in files}
    assert len(files) == 8
    assert verify(folder, key=make_signer().key).differences == ()
    header = json.loads((folder / "warranty-2025-12-01.json").read_bytes())["header"]
    assert (header["as_of"], header["time_zone"]) == ("2025-12-01", "Asia/Seoul")


def test_the_clock_is_called_synchronised_only_where_the_host_says_so(tmp_path: Path) -> None:
    mark = tmp_path / "synchronized"
    assert made_now(NOON_S, by="kim", mark=mark).clock == "unknown"

    mark.touch()

    assert made_now(NOON_S, by="kim", mark=mark).clock == "synchronised"
