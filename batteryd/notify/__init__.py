"""Who hears of an alarm: routing is pure, the outbox and the channels touch the world."""
