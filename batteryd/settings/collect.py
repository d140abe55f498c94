"""Gathers the mistakes of several steps, so that one bad file does not hide the next."""

from collections.abc import Callable
from typing import TypeVar

from batteryd.errors import ConfigError, Mistake

Result = TypeVar("Result")


class Collector:
    """Every mistake found so far, in the order of finding; the same one is kept once."""

    def __init__(self) -> None:
        self._mistakes: dict[Mistake, None] = {}

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """What was found."""
        return tuple(self._mistakes)

    def add(self, *mistakes: Mistake) -> None:
        """Keep these as well."""
        self._mistakes.update(dict.fromkeys(mistakes))

    def attempt(self, step: Callable[[], Result]) -> Result | None:
        """Return what a step gives, or None where it found mistakes."""
        try:
            return step()
        except ConfigError as error:
            self.add(*error.mistakes)
            return None
