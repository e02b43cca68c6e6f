"""A table: items by partition and sort key, each partition in order.

Texts are compared by code point, which is the order of their UTF-8 bytes, DynamoDB's own.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field

from local_aws.memory.items import Key, Stored


@dataclass(slots=True)
class Partition:
    """The items of one partition key."""

    keys: list[str] = field(default_factory=list)
    items: dict[str, Stored] = field(default_factory=dict)

    def run(self, low: int, high: int, *, backward: bool = False) -> Iterator[Stored]:
        """The items from one place to another."""
        places = range(low, high)
        return (self.items[self.keys[at]] for at in (reversed(places) if backward else places))


class Table:
    """Items by their keys."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._partitions: dict[str, Partition] = {}

    def partition(self, pk: str) -> Partition:
        """What is in a partition; an empty one need not exist."""
        return self._partitions.get(pk) or Partition()

    def get(self, key: Key) -> Stored | None:
        """One item."""
        return self.partition(key[0]).items.get(key[1])

    def put(self, new: Stored) -> None:
        """Write an item over the one that may be there."""
        pk, sk = new.key
        if pk not in self._partitions:
            insort(self._names, pk)
            self._partitions[pk] = Partition()
        here = self._partitions[pk]
        if sk not in here.items:
            insort(here.keys, sk)
        here.items[sk] = new

    def remove(self, key: Key) -> None:
        """Remove an item; none is fine too."""
        pk, sk = key
        here = self.partition(pk)
        if here.items.pop(sk, None) is None:
            return
        del here.keys[bisect_left(here.keys, sk)]
        if not here.keys:
            del self._partitions[pk], self._names[bisect_left(self._names, pk)]

    def after(self, key: Key | None) -> Iterator[Stored]:
        """All items, or those after a key, by partition."""
        pk, sk = key or ("", "")
        for name in self._names[bisect_left(self._names, pk) :]:
            here = self._partitions[name]
            start = bisect_right(here.keys, sk) if name == pk else 0
            yield from here.run(start, len(here.keys))
