"""How much of something is let through: a bucket that time fills and each piece empties. Pure."""


class Allowance:
    """Lets `burst` pieces through at once, and `per_s` for every second after that."""

    def __init__(self, *, per_s: float, burst: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._left = burst
        self._at_s = 0.0

    def take(self, *, at_s: float) -> bool:
        """Return whether one more piece may pass now; seconds must never jump."""
        self._left = min(self._burst, self._left + (at_s - self._at_s) * self._per_s)
        self._at_s = at_s
        if self._left < 1:
            return False
        self._left -= 1
        return True
