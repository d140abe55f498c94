"""Which OIDs go into one GET: as many as the agent takes, and none that spoils the others.

An agent may refuse a whole GET because of one of its OIDs: in version 1 every agent does so
(noSuchName, RFC 1157, 4.1.2), in version 2c some answer genErr. Others refuse one that is too big.
Which it was is not known, because one of the two engines does not tell; so a refused batch is asked
again in halves, and what is learnt is kept:

- an OID that is refused by itself stays out of the batches. At each poll one such OID is asked by
  itself, in turn, so that it comes back when the agent has it;
- when the halves are answered although the whole was not, it was too big: batches stay that small.

The memory lasts as long as the session: after a loss it may be another device.
"""

from collections.abc import Iterator, Sequence

OID_COUNT_MAX = 20  # of one GET; more does not fit the 484 octets that RFC 1157 grants


class Batches:
    """What is known of the batches that one agent takes."""

    def __init__(self) -> None:
        self._size_max = OID_COUNT_MAX
        self._refused: dict[str, None] = {}  # in the order in which they are tried again

    def plan(self, oids: Sequence[str]) -> list[Sequence[str]]:
        """Return the batches to ask for, one OID that was refused before among them."""
        if not self._refused and len(oids) <= self._size_max:
            return [oids]
        known = [oid for oid in oids if oid not in self._refused]
        batches = list(self._cut(known))
        wanted = set(oids)
        again = next((oid for oid in self._refused if oid in wanted), None)
        if again is not None:
            self._refused[again] = self._refused.pop(again)  # to the end of the queue
            batches.append([again])
        return batches

    def note_answered(self, batch: Sequence[str]) -> None:
        """Remember that an agent answers this batch."""
        if self._refused and len(batch) == 1:
            self._refused.pop(batch[0], None)

    def note_refused(self, oid: str) -> None:
        """Remember that an agent refuses an OID that it was asked for alone."""
        self._refused[oid] = None

    def note_too_big(self, size: int) -> None:
        """Remember the largest batch that was answered when a larger one was not."""
        self._size_max = size

    def _cut(self, oids: Sequence[str]) -> Iterator[Sequence[str]]:
        for start in range(0, len(oids), self._size_max):
            yield oids[start : start + self._size_max]


def halves(batch: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Cut a batch of two or more in two."""
    middle = (len(batch) + 1) // 2
    return batch[:middle], batch[middle:]
