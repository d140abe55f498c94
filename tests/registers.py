"""Registers as files: the batteries of a room, and as many more as a test wants."""

from datetime import date, timedelta
from pathlib import Path

COLUMNS = (
    "asset_id", "site", "room", "ups", "dc_bus", "rack", "manufacturer", "model", "serial_number",
    "chemistry", "capacity_ah", "energy_kwh", "manufactured_on", "delivered_on", "installed_on",
    "commissioned_on", "warranty_basis", "warranty_months", "warranty_ends_on",
    "service_life_years", "document", "document_sha256", "profile", "address",
)  # fmt: skip

FIRST_DAY = date(2012, 1, 1)
DAYS = 4800  # over which the batteries were installed


def line_of(number: int = 1, /, **cells: str) -> str:
    """Return a line of a register; `cells` are written instead of believable ones."""
    day = FIRST_DAY + timedelta(days=number * 7919 % DAYS)
    written = {
        "asset_id": f"rack-{number:06d}",
        "site": f"site-{number % 40:02d}",
        "room": f"전산실 {number % 400 // 40}",
        "ups": f"UPS {number % 800 // 40}",
        "dc_bus": f"Bus {number % 800 // 40}",
        "rack": f"Rack {number % 97}",
        "manufacturer": "Example Cells",
        "model": "LR-17",
        "serial_number": f"EC-{number:09d}",
        "chemistry": ("NMC", "LFP")[number % 2],
        "capacity_ah": "120",
        "energy_kwh": "6.4",
        "manufactured_on": str(day - timedelta(60)),
        "delivered_on": str(day - timedelta(20)),
        "installed_on": str(day),
        "commissioned_on": str(day + timedelta(9)),
        "warranty_basis": "installed",
        "warranty_months": "120",
        "service_life_years": "10",
        "document": f"contracts/{number % 300:04d}.pdf",
        "document_sha256": f"{number:064x}",
        "profile": "lithium-rack",
        "address": f"modbus://10.{number >> 16}.{number >> 8 & 255}.{number & 255}/1",
    }
    return ",".join((written | cells).get(column, "") for column in COLUMNS)


def write_register(path: Path, *lines: str) -> Path:
    """Write a register with a header and these lines."""
    path.write_text("\n".join((",".join(COLUMNS), *lines, "")), encoding="utf-8")
    return path
