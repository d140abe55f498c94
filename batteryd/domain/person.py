"""Whether two names are one person, where two people are asked for.

A name is typed, so it is compared as people read it: without regard to capitals, to spaces, and to
how Hangul or accents were composed. Two people of one name must be told apart in the names given.
"""

import unicodedata


def same_person(one: str, other: str) -> bool:
    """Return whether two names read the same."""
    return _as_read(one) == _as_read(other)


def _as_read(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
