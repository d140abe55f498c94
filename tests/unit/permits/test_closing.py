"""After the work: an order stays open until the room is watched again as it was before."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from batteryd.domain.inventory import Inventory
from batteryd.domain.snapshot import Snapshot
from batteryd.domain.work import Attestation, AttestationKind, WorkKind, WorkOrder, WorkState
from batteryd.permits.closing import Closing, abandon, close, unfinished
from batteryd.permits.dossier import Dossier
from batteryd.permits.facts import Sight
from batteryd.permits.lifecycle import Reason
from batteryd.store.ledger import Ledger
from batteryd.store.records import WORK_ORDERS
from tests.builders import NOON_S
from tests.work_site import make_order, racks, read_inventory, said

DONE_S = NOON_S + 3600
CLOSED = {"contactor_closed": 1.0, "breaker_closed": 1.0, "bus_voltage_v": 838.0}
STARTED = make_order(state=WorkState.STARTED, started_at_s=NOON_S, started_by="Kim Minsu")
FINDINGS = said(AttestationKind.FINDINGS_RECORDED, at_s=DONE_S)
UNDONE = said(AttestationKind.ISOLATION_UNDONE, at_s=DONE_S)


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Inventory:
    return read_inventory(tmp_path_factory.mktemp("site"))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path / "ledger.db")
    yield made
    made.close()


def closed_again(**changed: Mapping[str, float | None]) -> dict[str, Snapshot]:
    every = {name: {**CLOSED, **changed.get(name, {})} for name in ("R1", "R2", "R3")}
    return racks(at_s=DONE_S, **every)


def reasons(
    inventory: Inventory,
    *attestations: Attestation,
    read: dict[str, Snapshot] | None = None,
    order: WorkOrder = STARTED,
) -> tuple[str, ...]:
    sight = Sight(inventory, closed_again() if read is None else read)
    return unfinished(Dossier(order, attestations=attestations), sight=sight, now_s=DONE_S)


def test_nothing_is_left_once_all_report_all_are_closed_and_findings_are_noted(
    inventory: Inventory,
) -> None:
    assert reasons(inventory, FINDINGS) == ()


def test_every_reason_is_told_at_once(inventory: Inventory) -> None:
    read = racks(at_s=DONE_S, R2=CLOSED, R3=CLOSED)  # R1 is still open
    del read["R2"]

    told = reasons(inventory, read=read)

    assert told == (
        "R2 has not been read: it has to report again, or somebody attests battery_removed",
        "R1 is open: close it, or somebody attests isolation_undone",
        "R2 is not seen to be closed again: close it, or somebody attests isolation_undone",
        "nobody has attested findings_recorded, which is also needed where there were none",
    )


def test_a_reading_counts_as_long_as_it_is_fresh(inventory: Inventory) -> None:
    old = closed_again() | {"R1": racks(at_s=DONE_S - 61, R1=CLOSED)["R1"]}

    told = reasons(inventory, FINDINGS, UNDONE, read=old)

    assert told == (
        "R1 was last read 61 s ago: it has to report again,"
        " or somebody attests battery_removed",
    )  # fmt: skip


def test_a_neighbour_on_the_bus_has_to_be_closed_again_too(inventory: Inventory) -> None:
    told = reasons(inventory, FINDINGS, read=closed_again(R3={"breaker_closed": 0.0}))

    assert told == ("R3 is open: close it, or somebody attests isolation_undone",)


def test_somebody_can_stand_for_what_is_not_seen(inventory: Inventory) -> None:
    nothing: dict[str, Snapshot] = {}
    gone = tuple(said(AttestationKind.BATTERY_REMOVED, battery=b) for b in ("R1", "R2"))

    assert reasons(inventory, FINDINGS, UNDONE, *gone, read=nothing) == ()


def test_what_was_said_before_the_work_began_is_not_about_its_end(inventory: Inventory) -> None:
    early = said(AttestationKind.FINDINGS_RECORDED, at_s=NOON_S - 1)

    assert len(reasons(inventory, early)) == 1


def test_an_inspection_opens_no_rack_and_needs_none_closed(inventory: Inventory) -> None:
    order = make_order(kind=WorkKind.INSPECT, state=WorkState.STARTED, started_at_s=NOON_S)

    assert reasons(inventory, FINDINGS, read=racks(at_s=DONE_S), order=order) == ()


def test_closing_and_abandoning_ask_the_right_order(ledger: Ledger, inventory: Inventory) -> None:
    sight = Sight(inventory, closed_again())
    planned = make_order()

    with ledger.transaction(DONE_S) as tx:
        never_started = close(tx, planned, sight=sight, now_s=DONE_S, by="Park")
        begun = abandon(tx, STARTED, now_s=DONE_S, by="Park")
        open_still = close(tx, STARTED, sight=sight, now_s=DONE_S, by="Park")
        nothing_written = tx.records.current(WORK_ORDERS)
        abandoned = abandon(tx, planned, now_s=DONE_S, by="Park")

    assert never_started == Closing(planned, (Reason.NEVER_STARTED.value,))
    assert begun == Closing(STARTED, (Reason.WORK_HAS_BEGUN.value,))
    assert len(open_still.reasons) == 1
    assert nothing_written == {}
    assert abandoned.reasons == ()
    assert ledger.records.one(WORK_ORDERS, "WO-1") == abandoned.order
    assert (abandoned.order.closed_by, abandoned.order.state) == ("Park", WorkState.CLOSED)
