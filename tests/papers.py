"""What the tests of printed documents share: reading a PDF back, and the work of one night."""

import io
from dataclasses import replace

from pypdf import PdfReader

from batteryd.domain.clearance import Clearance, Decision, Hold, HoldCode, ImpactedService
from batteryd.domain.inventory import Battery
from batteryd.domain.work import (
    Attestation,
    AttestationKind,
    RiskAcceptance,
    WorkKind,
    WorkOrder,
    WorkState,
)
from batteryd.report.permit import BatteryLine, PermitView

EVENING_S = 1_758_882_360.0  # 2025-09-26 19:26:00 in Seoul
HOUR_S = 3600.0
RACKS = tuple(f"NIRS-5F-R{number}" for number in range(1, 9))

ORDER = WorkOrder(
    work_order_id="WO-7",
    kind=WorkKind.RELOCATE,
    starts_at_s=EVENING_S + HOUR_S,
    ends_at_s=EVENING_S + 4 * HOUR_S,
    batteries=RACKS,
    people=("김민준", "Jonas Weber"),
    title="5층 전산실 배터리 이전",
    state=WorkState.CLEARED,
    opened_by="김민준",
    opened_at_s=EVENING_S - 24 * HOUR_S,
    contractor="한빛전력 주식회사",
    cleared_at_s=EVENING_S - 30,
    cleared_until_s=EVENING_S + 8 * HOUR_S,
)

GO = Clearance(
    work_order_id="WO-7",
    decision=Decision.GO,
    as_of_s=EVENING_S - 30,
    holds=(),
    warnings=(),
    accepted=(HoldCode.LIFE_OVER,),
    impact=(
        ImpactedService("모바일 신분증", 1, "UPS UPS-5"),
        ImpactedService("정부24", 1, "room 5f"),
        ImpactedService("old archive", None, "room 5f"),
    ),
    valid_until_s=EVENING_S + 8 * HOUR_S,
)

HOLD = replace(
    GO,
    decision=Decision.HOLD,
    accepted=(),
    valid_until_s=None,
    holds=(
        Hold(
            HoldCode.CHARGE_TOO_HIGH,
            "NIRS-5F-R1",
            "SOC 90 % plus a margin of 10 % is above 30 %",
            {"soc_pct": 90.0, "observed_at": "2025-09-26T10:25:18Z"},
        ),
        Hold(HoldCode.NOT_ISOLATED, "NIRS-5F-R2", "contactor closed", {"contactor_closed": True}),
    ),
)


def permit_view(
    order: WorkOrder = ORDER, clearance: Clearance | None = GO, *, at_print: Clearance = GO
) -> PermitView:
    """Return what a permit of the evening says."""
    return PermitView(
        order=order,
        clearance=clearance,
        at_print=at_print,
        asked=frozenset(HoldCode) - {HoldCode.OWNER_NOT_NOTIFIED},
        attestations=(
            Attestation(
                "WO-7", AttestationKind.BRIEFING, "김민준", EVENING_S - HOUR_S, people=ORDER.people
            ),
            Attestation(
                "WO-7",
                AttestationKind.ABSENCE_OF_VOLTAGE,
                "박지훈",
                EVENING_S - 900,
                battery="NIRS-5F-R1",
                value=0.3,
            ),
        ),
        acceptances=(
            RiskAcceptance(
                "WO-7",
                "PW-01",
                ("최지우", "Anna Köhler"),
                EVENING_S + 8 * HOUR_S,
                "replacement is ordered for 2026",
                EVENING_S - 2 * HOUR_S,
            ),
        ),
        batteries=(
            BatteryLine(
                Battery("NIRS-5F-R1", "5f", rack="1 번 랙", dc_bus_id="DC-5"),
                is_in_scope=True,
                observed_at_s=EVENING_S - 12,
                soc_pct=18.0,
                voltage_v=371.4,
                current_a=0.0,
                contactor_closed=False,
                breaker_closed=False,
                temperature_c_max=24.6,
            ),
            BatteryLine(Battery("NIRS-5F-R9", "5f", dc_bus_id="DC-5"), is_in_scope=False),
        ),
        place="국가정보자원관리원 대전센터, 5F 전산실",
        zone="Asia/Seoul",
        url="http://127.0.0.1:8470/work/WO-7",
        printed_at_s=EVENING_S,
    )


def text_of(pdf: bytes) -> str:
    """Return the text of a PDF, its pages one after the other, in single spaces."""
    return " ".join(
        word for page in PdfReader(io.BytesIO(pdf)).pages for word in page.extract_text().split()
    )


def page_count(pdf: bytes) -> int:
    """Return how many pages a PDF has."""
    return len(PdfReader(io.BytesIO(pdf)).pages)
