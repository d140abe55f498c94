"""Does the audit chain hold? One walk over entries and checkpoints, wherever they come from.

Three things are followed on the way: the links from entry to entry, the signatures (`Seals`), and
what was kept elsewhere (`Anchors`). The walk ends at the first broken link, because what comes
after it hangs on nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from batteryd.public_key import PublicKey
from batteryd.store.audit import AuditEntry, BrokenEntry, Links
from batteryd.store.checkpoint import Checkpoint
from batteryd.store.verify_seals import Anchors, Seals

FINDINGS_MAX = 20

Item = AuditEntry | Checkpoint | BrokenEntry  # the last where something cannot even be read


@dataclass(frozen=True, slots=True)
class Trust:
    """What a verifier has that did not come with the ledger."""

    keys: tuple[PublicKey, ...] = ()  # one must vouch for the newest checkpoint; none: any key does
    anchored: Iterable[Checkpoint] = ()  # what an anchor file holds, in order


NO_TRUST = Trust()


@dataclass(frozen=True, slots=True)
class Examination:
    """What a walk found."""

    entry_count: int
    newest_hash: str
    checkpoint: Checkpoint | None  # the newest
    anchored: Checkpoint | None  # the newest that an anchor file has as well
    broken: tuple[BrokenEntry, ...]  # in the order of entries, FINDINGS_MAX at most

    @property
    def first_broken(self) -> BrokenEntry | None:
        """The first entry that does not hold; None where all do."""
        return next(iter(self.broken), None)


def examine(
    items: Iterable[Item], *, trust: Trust = NO_TRUST, start: AuditEntry | None = None
) -> Examination:
    """Walk the chain: entries in order, each checkpoint after its entry.

    Args:
        items: what there is to walk.
        trust: what to hold it against.
        start: the entry before the first one; None: the chain begins.
    """
    links, seals, anchors = Links(start), Seals(trust.keys), Anchors(trust.anchored)
    broken = tuple(islice(_broken(items, links, seals, anchors), FINDINGS_MAX))
    return Examination(
        entry_count=links.last_seq,
        newest_hash=links.last_hash,
        checkpoint=seals.newest,
        anchored=anchors.newest,
        broken=broken,
    )


def _broken(
    items: Iterable[Item], links: Links, seals: Seals, anchors: Anchors
) -> Iterator[BrokenEntry]:
    for item in items:
        if isinstance(item, BrokenEntry):
            yield item
            return
        if broken_link := _link(item, links):
            yield broken_link
            return
        yield from filter(None, _seal(item, seals, anchors))
    yield from filter(None, (seals.end(), anchors.end(last_seq=links.last_seq)))


def _link(item: AuditEntry | Checkpoint, links: Links) -> BrokenEntry | None:
    match item:
        case AuditEntry():
            return links.entry(item)
        case Checkpoint():
            return _beyond_the_end(item, links)


def _seal(
    item: AuditEntry | Checkpoint, seals: Seals, anchors: Anchors
) -> tuple[BrokenEntry | None, ...]:
    match item:
        case AuditEntry():
            return (seals.entry(item),)
        case Checkpoint():
            return (seals.checkpoint(item), anchors.checkpoint(item))


def _beyond_the_end(checkpoint: Checkpoint, links: Links) -> BrokenEntry | None:
    seq = links.last_seq + 1
    if checkpoint.seq < seq:
        return None
    return BrokenEntry(seq, f"it is missing; there is a checkpoint of entry {checkpoint.seq}")
