"""Work orders in the living system: what is known about them, how they move, what revokes a GO."""
