"""The ledger: how a model's chain of entries holds every item of the lineage that it wrote.

An entry holds the digest of the one before it and a mark of each item written with it; each of
these items names its entry. So whatever is changed, removed, added or moved later, shows.
"""

from collections.abc import Iterable, Mapping

from steward import digest

type Item = Mapping[str, object]

GENESIS = "0" * 64
# Characters of an item's SHA-256 that an entry keeps: 128 bits, so that 20 items fit into 1 KB.
MARK = 32


def partition(model: str) -> str:
    """Partition key of a model's chain."""
    return f"ledger#{model}"


def place(seq: int) -> str:
    """Sort key of an entry; padded, so that entries stand in order."""
    return f"{seq:012d}"


def name(model: str, seq: int) -> str:
    """What an item says of the entry that wrote it."""
    return f"{model}#{seq}"


def mark(item: Item) -> str:
    """What an entry keeps of an item: of everything in it, whatever the order."""
    return digest.of({key: value for key, value in item.items() if value is not None})[:MARK]


def marks(items: Iterable[Item]) -> str:
    """The marks of items in the order of their keys, as an entry keeps them."""
    ordered = sorted(items, key=lambda item: (str(item["pk"]), str(item["sk"])))
    return "".join(map(mark, ordered))


def own_digest(entry: Item) -> str:
    """Digest of an entry, of everything in it but the digest itself."""
    return digest.of({key: value for key, value in entry.items() if key != "digest"})
