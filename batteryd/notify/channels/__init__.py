"""The ways to reach somebody: one module a transport, one row a kind in `registry`."""
