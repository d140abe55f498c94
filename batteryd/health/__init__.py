"""How worn a battery is: what discharges show of it, and how far that reaches into the future.

Pure: snapshots in, points out; points in, statements with their reasons out.
"""
