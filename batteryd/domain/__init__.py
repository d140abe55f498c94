"""Nouns of the field, immutable and without I/O: battery, quantity, snapshot, alarm, warranty."""
