"""Whether two names are one person, where two people are asked for.

A name is typed, so it is compared as people read it: without regard to capitals, to spaces, to
characters that nobody sees, and to how Hangul or accents were composed. Two people of one name must
be told apart in the names given.
"""

import unicodedata


def same_person(one: str, other: str) -> bool:
    """Return whether two names read the same."""
    return name_as_read(one) == name_as_read(other)


def name_as_read(name: str) -> str:
    """Return what all spellings of a name have in common; "" for one that names nobody."""
    seen = (c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c) != "Cf")
    return " ".join("".join(seen).casefold().split())
