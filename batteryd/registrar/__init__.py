"""Keeps the register's history in the ledger: what people import, the inventory and devices say."""
