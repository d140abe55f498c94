"""Instants and days as evidence writes them: UTC, to the second."""

from datetime import UTC, date, datetime, time


def instant(at_s: float) -> str:
    """Return `2025-09-26T11:16:44Z`."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def midnight_s(day: date) -> float:
    """Return when a day begins in UTC."""
    return datetime.combine(day, time(), UTC).timestamp()
