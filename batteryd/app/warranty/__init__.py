"""Gathers warranty reports: from a register's file alone, or from ledger and journal."""
