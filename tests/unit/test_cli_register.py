"""The register's commands from end to end, on a ledger that a daemon has made."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from batteryd.cli.main import main
from batteryd.domain.nameplate import DeviceDate, Nameplate
from batteryd.domain.register import DeviceSays
from batteryd.registrar.imports import record_entries
from batteryd.registrar.observed import record_device
from batteryd.store.ledger import Ledger
from tests.builders import NOON_S
from tests.netbox_server import TOKEN, NetBoxServer, make_asset, make_device, netbox_server
from tests.register_entries import make_entry
from tests.unit.settings.places import lay_out

REGISTER = (
    "asset_id,site,room,ups,dc_bus,manufacturer,model,serial_number,chemistry,capacity_ah,"
    "installed_on,warranty_basis,warranty_months,document\n"
    "rack-1,daejeon,room-5,ups-a,bus-a,LG,LR-238,K1,NMC,120,2014-08-20,installed,120,계약.pdf\n"
    "rack-2,daejeon,room-5,ups-a,bus-a,LG,LR-238,K2,NMC,120,2014-08-20,installed,120,계약.pdf\n"
)


class Site:
    """A configuration and a ledger on the disk, and the commands against them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config_file = lay_out(folder)
        self.state_dir = folder / "state"
        self.state_dir.mkdir()
        Ledger(self.state_dir / "ledger.db").close()

    def run(self, *words: str) -> int:
        return main(["register", *words, "-c", str(self.config_file)])

    def write(self, text: str, *, name: str = "register.csv") -> str:
        path = self.folder / "brought" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return str(path)

    def device_says(self, asset_id: str, nameplate: Nameplate) -> None:
        ledger = Ledger(self.state_dir / "ledger.db")
        with ledger.transaction(NOON_S) as tx:
            record_device(tx, DeviceSays(asset_id, nameplate, NOON_S))
        ledger.close()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """Return what was printed since the last call."""
    return lambda: capsys.readouterr().out


def entries_in(site: Site) -> int:
    ledger = Ledger(site.state_dir / "ledger.db")
    count = len(ledger.audit())
    ledger.close()
    return count


def test_what_is_imported_is_exported_to_the_byte(site: Site, tmp_path: Path) -> None:
    exported = tmp_path / "export.csv"

    assert site.run("import", site.write(REGISTER), "--by", "J. Kim") == 0
    assert site.run("export", "-o", str(exported)) == 0

    assert exported.read_text() == REGISTER


def test_an_export_goes_to_standard_output_where_no_file_is_named(
    site: Site, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    site.run("import", site.write(REGISTER), "--by", "J. Kim")
    capfdbinary.readouterr()

    assert site.run("export") == 0

    assert capfdbinary.readouterr().out == REGISTER.encode()


def test_a_dry_run_tells_the_difference_and_records_nothing(
    site: Site, said: Callable[[], str]
) -> None:
    site.run("import", site.write(REGISTER), "--by", "J. Kim")
    said()
    count_before = entries_in(site)
    changed = REGISTER.replace("K2,NMC,120", "K2,NMC,62.5").replace("rack-1", "rack-3")

    code = site.run("import", site.write(changed), "--by", "J. Kim", "--dry-run")

    assert (code, entries_in(site)) == (0, count_before)
    lines = said().splitlines()[1:]
    today = lines[3].rpartition(" ")[2]
    assert lines == [
        "added      1",
        "  rack-3: counts from 2014-08-20",
        "changed    1",
        f"  rack-2: counts from {today}",
        "    capacity_ah: 120 -> 62.5",
        "missing    1 (kept; --retire-missing retires them)",
        "  rack-1",
        "unchanged  0",
        "conflicts  0",
        "recorded   0: a dry run; it would be 2",
    ]


def test_an_export_that_is_imported_again_is_no_change_of_what_it_has_no_column_for(
    site: Site, said: Callable[[], str], tmp_path: Path
) -> None:
    built = make_entry(room_id="room-5", ups_id="ups-a", dc_bus_id="bus-a", source=None)
    ledger = Ledger(site.state_dir / "ledger.db")
    with ledger.transaction(NOON_S) as tx:
        record_entries(tx, [built], actor="batteryd")
    ledger.close()
    exported = tmp_path / "export.csv"
    site.run("export", "-o", str(exported))

    assert site.run("import", str(exported), "--by", "J. Kim", "--dry-run") == 0

    assert "changed    0\n" in said()


def test_missing_batteries_are_retired_only_where_somebody_asks(
    site: Site, said: Callable[[], str], tmp_path: Path
) -> None:
    site.run("import", site.write(REGISTER), "--by", "J. Kim")
    shorter = "".join(REGISTER.splitlines(keepends=True)[:2])
    exported = tmp_path / "export.csv"

    site.run("import", site.write(shorter), "--by", "J. Kim")
    site.run("export", "-o", str(exported))
    kept = exported.read_text()
    site.run("import", site.write(shorter), "--by", "J. Kim", "--retire-missing")
    site.run("export", "-o", str(exported))

    assert kept == REGISTER
    assert exported.read_text() == shorter
    site.run("export", "-o", str(exported), "--as-of", "2020-01-01")
    assert exported.read_text() == REGISTER  # it was there then


def test_every_mistake_is_told_with_row_column_and_value_and_nothing_is_recorded(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = REGISTER.replace("2014-08-20", "20/08/2014", 1).replace("room-5,ups-a", "room-6,ups-a")
    path = site.write(wrong)

    code = site.run("import", path, "--by", "J. Kim")

    told = capsys.readouterr().err.splitlines()
    assert code == 2
    assert entries_in(site) == 0
    assert [line.partition(path)[2].partition(": ")[2].partition(" = ")[0] for line in told] == [
        "row 2, column installed_on",
        "row 3, column room",
    ]


def test_an_import_that_is_approved_at_once_needs_two_people(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    path = site.write(REGISTER)

    refused = site.run("import", path, "--by", "J. Kim", "--approve-by", "j. kim")
    told = capsys.readouterr().err
    taken = site.run("import", path, "--by", "J. Kim", "--approve-by", "S. Park")

    assert (refused, taken) == (2, 0)
    assert 'row 2, column approved_by = "j. kim": another person than J. Kim' in told


def test_another_person_approves_and_the_history_tells_of_both(
    site: Site, said: Callable[[], str]
) -> None:
    site.run("import", site.write(REGISTER), "--by", "J. Kim", "--comment", "inventory 2025")

    assert site.run("approve", "rack-1", "--by", "J. Kim") == 1
    assert site.run("approve", "rack-1", "rack-9", "--by", "S. Park") == 1
    assert site.run("approve", "rack-1", "rack-2", "--by", "S. Park") == 0
    said()
    assert site.run("history", "rack-1", "--json") == 0

    entered, approved = json.loads(said())
    assert (entered["actor"], entered["approved_by"], entered["comment"]) == (
        "J. Kim",
        None,
        "inventory 2025",
    )
    assert (approved["action"], approved["approved_by"]) == ("approved", "S. Park")
    assert approved["effective_on"] == entered["effective_on"] == "2014-08-20"
    assert approved["changes"] == []


def test_the_history_shows_what_each_entry_changed(site: Site, said: Callable[[], str]) -> None:
    site.run("import", site.write(REGISTER), "--by", "J. Kim")
    shorter = REGISTER.replace("installed,120", "installed,96", 1)
    site.run("import", site.write(shorter), "--by", "C. Lee", "--effective-on", "2014-08-20")
    said()

    assert site.run("history", "rack-1") == 0

    lines = said().splitlines()
    assert lines[-1] == "    warranty_months: 120 -> 96"
    assert lines[-3] == "  counts from 2014-08-20; entered by C. Lee, approved by nobody"


def test_a_past_day_is_answered_as_it_was_known_at_an_instant(site: Site, tmp_path: Path) -> None:
    exported = tmp_path / "export.csv"
    site.run("import", site.write(REGISTER), "--by", "J. Kim")

    code = site.run("export", "-o", str(exported), "--known-at", "2020-01-01T00:00Z")

    assert code == 0
    assert "rack" not in exported.read_text().partition("\n")[2]


def test_an_entry_that_a_later_day_outlives_is_told(site: Site, said: Callable[[], str]) -> None:
    site.run("import", site.write(REGISTER), "--by", "J. Kim", "--effective-on", "2025-01-01")
    said()

    site.run("import", site.write(REGISTER), "--by", "J. Kim", "--effective-on", "2014-08-20")

    assert "  rack-2: an entry of a later day is recorded, and counts from that day\n" in said()


def test_a_register_that_is_the_whole_inventory_is_imported_by_itself(
    site: Site, said: Callable[[], str]
) -> None:
    standing_alone = REGISTER.replace("room-5", "5층 배터리실").replace("daejeon", "대전")
    text = site.config_file.read_text()
    site.config_file.write_text(f'{text}\n[files]\ninventory = "register.csv"\n')

    code = site.run("import", site.write(standing_alone), "--by", "J. Kim")

    assert code == 0
    assert "added      2\n" in said()


def test_a_configuration_that_is_wrong_is_told_before_anything_else(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.config_file.write_text("[daemon]\nstate_dri = 'state'\n")

    code = site.run("import", site.write(REGISTER), "--by", "J. Kim")

    assert code == 2
    assert "did you mean state_dir?" in capsys.readouterr().err


def test_conflicts_with_devices_are_told_on_import_and_when_asked(
    site: Site, said: Callable[[], str]
) -> None:
    manufactured = DeviceDate(date(2013, 11, 4), "2013-11-04")
    site.device_says("rack-1", Nameplate(serial="K9", manufactured_on=manufactured))

    site.run("import", site.write(REGISTER), "--by", "J. Kim")
    imported = said()
    code = site.run("conflicts", "--json")

    text = "the register has K1, the device K9: the register counts"
    assert f"conflicts  1\n  rack-1, serial_number: {text}\n" in imported
    assert code == 0
    assert json.loads(said()) == [
        {
            "asset_id": "rack-1",
            "fact": "serial_number",
            "contract": None,
            "register": "K1",
            "device": "K9",
            "counts": "register",
            "text": text,
        }
    ]


def test_without_a_conflict_that_is_said(site: Site, said: Callable[[], str]) -> None:
    site.run("import", site.write(REGISTER), "--by", "J. Kim")
    said()

    assert site.run("conflicts") == 0

    assert said() == "contract, register and devices agree\n"


@pytest.mark.parametrize(
    "what", [("--battery", "rack-1"), ("--dc-bus", "bus-a"), ("--room", "room-5")]
)
def test_the_blast_radius_comes_in_the_order_of_restoration(
    site: Site, said: Callable[[], str], what: tuple[str, str]
) -> None:
    assert site.run("impact", *what, "--as-of", "2025-09-26") == 0
    assert said() == "  1. grade 1  Postal banking  (by UPS ups-a)\n"

    assert site.run("impact", *what, "--json") == 0
    assert json.loads(said()) == [{"name": "Postal banking", "grade": 1, "reached_by": "UPS ups-a"}]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("impact",), "--battery, --dc-bus or --room"),
        (("impact", "--battery", "rack-2"), "unknown battery; did you mean rack-1?"),
        (("history", "rack-9"), "the register never had rack-9"),
        (("import", "--by", "J. Kim"), "a FILE, or --netbox with an URL"),
        (("import", "--by", "J. Kim", "--netbox", "http://nb"), "a file with NetBox's token"),
        (("import", "/nowhere.csv", "--by", "J. Kim"), "a file that can be read"),
        (("export", "-o", "/nowhere/export.csv"), "a file that can be written"),
    ],
)
def test_what_cannot_be_done_is_told_with_exit_code_2(
    site: Site, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], told: str
) -> None:
    assert site.run(*words) == 2

    assert told in capsys.readouterr().err


def test_a_name_is_not_blank(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        site.run("import", site.write(REGISTER), "--by", " ")

    assert ended.value.code == 2
    assert "somebody's name" in capsys.readouterr().err


@pytest.fixture
def netbox() -> Iterator[NetBoxServer]:
    with netbox_server() as server:
        ups = make_device(1)["custom_fields"] | {"ups": "ups-a"}
        room = {"slug": "room-5"}
        server.lists["/api/dcim/devices/"] = [
            make_device(n, location=room, custom_fields=ups) for n in (1, 2, 3)
        ]
        server.install_inventory(make_asset(1), make_asset(2, serial="OTHER"))
        yield server


def token_file(site: Site) -> str:
    path = site.folder / "netbox-token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o640)
    return str(path)


@pytest.mark.wire
def test_netbox_goes_through_the_same_difference_and_the_same_record(
    site: Site, said: Callable[[], str], netbox: NetBoxServer, tmp_path: Path
) -> None:
    words = ("import", "--netbox", netbox.url, "--token-file", token_file(site), "--by", "J. Kim")

    assert site.run(*words, "--dry-run") == 0
    dry = said()
    assert site.run(*words) == 0
    assert site.run(*words) == 0
    again = said()
    assert site.run("export", "-o", str(tmp_path / "export.csv")) == 0

    assert "device 2 (rack-2), column serial_number: serial says EX-2019-0002" in dry
    assert "netbox-inventory is not installed" not in dry
    assert "added      3\n" in dry
    assert "unchanged  3\n" in again
    assert TOKEN not in dry + again
    line = (tmp_path / "export.csv").read_text().splitlines()[1]
    assert line.startswith("rack-1,daejeon,room-5,ups-a,,A1,Example Energy,LR-238,EX-2019-0001,NMC")
    assert ",120,2024-08-19," in line


@pytest.mark.wire
def test_that_the_plugin_is_missing_is_told_and_the_rest_goes_on(
    site: Site, said: Callable[[], str], netbox: NetBoxServer
) -> None:
    del netbox.lists["/api/plugins/inventory/assets/"]

    code = site.run(
        "import", "--netbox", netbox.url, "--token-file", token_file(site), "--by", "J. Kim"
    )

    told = said()
    assert code == 0
    assert "netbox-inventory is not installed: no warranty_end from there\n" in told
    assert "added      3\n" in told


@pytest.mark.wire
def test_a_mistake_in_netbox_is_told_by_its_device(
    site: Site, capsys: pytest.CaptureFixture[str], netbox: NetBoxServer
) -> None:
    netbox.lists["/api/dcim/devices/"] = [make_device(4, location=None)]

    code = site.run(
        "import", "--netbox", netbox.url, "--token-file", token_file(site), "--by", "J. Kim"
    )

    assert code == 2
    assert "NetBox: device 4 (rack-4), column room: a cell that is not empty" in (
        capsys.readouterr().err
    )


@pytest.mark.wire
def test_a_netbox_that_refuses_is_unreachable_and_the_token_stays_secret(
    site: Site, capsys: pytest.CaptureFixture[str], netbox: NetBoxServer
) -> None:
    netbox.token = "another"

    code = site.run(
        "import", "--netbox", netbox.url, "--token-file", token_file(site), "--by", "J. Kim"
    )

    told = capsys.readouterr()
    assert code == 3
    assert "NetBox refuses the token (403)" in told.err
    assert TOKEN not in told.err + told.out


def test_a_token_that_others_can_read_is_not_used(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(token_file(site))
    path.chmod(0o644)

    code = site.run("import", "--netbox", "http://nb", "--token-file", str(path), "--by", "Kim")

    assert code == 2
    assert "a file closed to others" in capsys.readouterr().err
