"""The page of a work order, read on a telephone in front of a rack."""

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from batteryd.domain.clearance import Hold, HoldCode
from batteryd.domain.work import Attestation, AttestationKind, RiskAcceptance, WorkState
from batteryd.web.order import Decided
from batteryd.web.work import Step, WorkFacts, WorkView, build_work
from tests.builders import NOON_S, make_snapshot
from tests.looks import get, make_app, make_clearance, make_look, make_order

ORDER, MISSING = "WO-1", "WO-9"


def view_of(facts: WorkFacts, *, now_s: float = NOON_S) -> WorkView:
    return build_work(facts, now_s=now_s)


def facts(**changes: Any) -> WorkFacts:
    decided = Decided(make_order(), make_clearance(HoldCode.NOT_ISOLATED, HoldCode.LIFE_OVER))
    whole = WorkFacts(
        look=make_look(make_snapshot(at_s=NOON_S - 4)),
        decided=decided,
        attestations=(
            Attestation("WO-1", AttestationKind.BRIEFING, "박지원", NOON_S - 600,
                        people=("김민수",)),
            Attestation("WO-1", AttestationKind.ABSENCE_OF_VOLTAGE, "Lee", NOON_S - 60,
                        battery="rack-1", value=0.4),
        ),
        acceptances=(
            RiskAcceptance("WO-1", "PW-01", ("Han", "Choi"), NOON_S + 3600, "tonight", NOON_S),
        ),
        history=(Step(NOON_S - 86_400, "박지원", "opened", "planned"),),
    )  # fmt: skip
    return replace(whole, **changes)


async def page_of(given: WorkFacts, path: str = f"/work/{ORDER}") -> str:
    app = make_app(work={"WO-1": view_of(given)}.get)
    return (await get(app, path)).text


async def test_the_word_comes_first_and_then_every_reason_with_its_evidence() -> None:
    page = await page_of(facts())

    assert page.index(">HOLD<") < page.index("rack-1 holds for PW-01")
    assert page.index("rack-1 holds for PW-01") < page.index("rack-1 holds for PW-04")
    assert "<dt>bus voltage</dt><dd>758.5 V</dd>" in page
    assert "checked 0 s ago" in page


async def test_a_reason_has_its_instants_as_the_site_counts_them() -> None:
    hold = Hold(HoldCode.PERMIT_VOID, "WO-1", "it ran out at 2025-11-25T11:00:00Z", {})
    decided = Decided(make_order(), make_clearance(HoldCode.PERMIT_VOID, holds=(hold,)))

    assert "it ran out at 2025-11-25 20:00:00 KST" in await page_of(facts(decided=decided))


async def test_who_said_what_stands_with_names() -> None:
    page = await page_of(facts())

    assert "absence of voltage</b> rack-1 0.4 V" in page
    assert "박지원; present: 김민수" in page
    assert "Han and Choi" in page
    assert "<b>opened</b> by 박지원" in page
    assert "<li>김민수</li><li>Lee</li>" in page


async def test_readings_carry_their_age() -> None:
    page = await page_of(facts())

    assert "4 s old" in page
    assert "<td>closed</td>" in page


async def test_a_battery_that_nobody_polls_is_unknown() -> None:
    decided = Decided(make_order(batteries=("rack-9",)), None)

    view = view_of(facts(decided=decided))

    assert view.batteries[0].cabinet is None
    assert view.time_zone == "UTC"
    assert "unknown: nobody polls it" in await page_of(facts(decided=decided))


async def test_a_go_says_until_when_and_what_it_is_not() -> None:
    page = await page_of(
        facts(decided=Decided(make_order(state=WorkState.CLEARED), make_clearance()))
    )

    assert ">GO<" in page
    assert "the GO ends 2025-11-26 05:00 KST" in page
    assert "neither an interlock nor a lock-out/tag-out" in page
    assert "safe" not in page.lower()


async def test_a_revocation_says_why() -> None:
    order = make_order(
        state=WorkState.REVOKED,
        revoked_at_s=NOON_S - 5,
        revoked_because=("rack-1 was closed again",),
    )

    page = await page_of(facts(decided=Decided(order, make_clearance(HoldCode.NOT_ISOLATED))))

    assert "Why the GO was revoked, 2025-11-25 20:59 KST" in page
    assert "rack-1 was closed again" in page


async def test_warnings_and_accepted_codes_are_shown_apart_from_holds() -> None:
    warned = make_clearance(
        warnings=(Hold(HoldCode.OWNER_NOT_NOTIFIED, "canteen", "its owner is not notified"),),
        accepted=(HoldCode.LIFE_OVER,),
    )

    page = await page_of(facts(decided=Decided(make_order(), warned)))

    assert page.index("To be known") < page.index("its owner is not notified")
    assert "What holds" not in page
    assert "<p>PW-01</p>" in page


async def test_an_order_that_was_never_checked_holds() -> None:
    page = await page_of(facts(decided=Decided(make_order(), None)))

    assert ">HOLD<" in page
    assert "never checked" in page


async def test_the_live_part_is_the_same_without_the_frame() -> None:
    whole, part = await page_of(facts()), await page_of(facts(), f"/work/{ORDER}/live")

    assert f'data-source="/work/{ORDER}/live"' in whole
    assert part.strip() in whole
    assert "<html" not in part


async def test_the_same_as_json() -> None:
    app = make_app(work={"WO-1": view_of(facts())}.get)

    found = (await get(app, f"/api/work/{ORDER}")).json()

    assert found["verdict"] == "HOLD"
    assert found["work_order"]["starts_at"] == "2025-11-25T12:00:00Z"
    assert found["work_order"]["closed_at"] is None
    assert [hold["code"] for hold in found["clearance"]["holds"]] == ["PW-04", "PW-01"]
    assert found["attestations"][0]["kind"] == "absence_of_voltage"
    assert found["batteries"][0]["readings"]["age_s"] == 4.0
    assert found["history"] == [
        {"at": "2025-11-24T12:00:00Z", "actor": "박지원", "action": "opened", "state": "planned",
         "comment": ""}
    ]  # fmt: skip


async def test_what_people_typed_is_escaped() -> None:
    evil = "<img src=x onerror=alert(1)>"
    order = make_order(title=evil, people=(evil,), contractor=evil, revoked_because=(evil,),
                       state=WorkState.REVOKED, revoked_at_s=NOON_S)  # fmt: skip
    hold = Hold(HoldCode.NOT_ISOLATED, evil, evil, {evil: evil})

    page = await page_of(
        facts(
            decided=Decided(order, make_clearance(HoldCode.NOT_ISOLATED, holds=(hold,))),
            history=(Step(NOON_S, evil, evil, "planned", evil),),
        )
    )

    assert "<img" not in page


async def test_an_order_that_is_not_there_is_a_page_with_its_name() -> None:
    answer = await get(make_app(), f"/work/{quote('<b>WO-9')}")

    assert answer.status_code == 404
    assert "&lt;b&gt;WO-9" in answer.text
    assert (await get(make_app(), f"/work/{MISSING}/live")).status_code == 404
    assert (await get(make_app(), f"/api/work/{MISSING}")).json() == {
        "error": "there is no work order WO-9"
    }
