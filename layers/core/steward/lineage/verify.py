"""Verifies the ledger: names what was altered, removed, inserted or moved since it was written.

What it can show: every item that an entry wrote is still as it was, and every entry is where it was
put. A chain that was cut off at its end, or computed anew from some entry on, shows only against a
checkpoint: so it speaks up to the last one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from steward.lineage import ledger
from steward.lineage.ledger import MARK, Item

ALTERED, MISSING, INSERTED, MOVED = "altered", "missing", "inserted", "out of order"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What does not verify, at which entry; `seq` 0: it belongs to no entry."""

    model: str
    seq: int
    kind: str
    what: str


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a model's chain when a checkpoint was signed."""

    seq: int
    digest: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found: faults in order; entries and items seen; where each chain ends."""

    faults: tuple[Fault, ...]
    items: int
    heads: Mapping[str, Head]


@dataclass(slots=True)
class _Chain:
    """Entries of one model by number, and mark and key of each item by the entry it names."""

    entries: dict[int, Item] = field(default_factory=dict)
    kept: defaultdict[int, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    strays: list[str] = field(default_factory=list)


def verify(
    items: Iterable[Item],
    checkpoints: Sequence[Mapping[str, Head]] = (),
    upto: Mapping[str, int] | None = None,
) -> Verified:
    """Verify a whole table, in any order, against the heads that were signed.

    `upto`: the last entry of each model to look at, when others are being written meanwhile.
    """
    count, chains = 0, defaultdict[str, _Chain](_Chain)
    for item in items:
        count += _sort_in(chains, item, upto or {})
    for heads in checkpoints:
        for model in heads:
            chains[model]  # a chain that is gone altogether is looked at too
    faults = sorted({fault for model in chains for fault in _faults(model, chains[model])})
    faults += _against(chains, checkpoints, faults)
    heads = {
        model: Head(max(chain.entries), str(chain.entries[max(chain.entries)]["digest"]))
        for model, chain in sorted(chains.items())
        if chain.entries
    }
    return Verified(tuple(sorted(faults)), count, heads)


def _sort_in(chains: defaultdict[str, _Chain], item: Item, upto: Mapping[str, int]) -> bool:
    """Put an item to its entry; False for one that is not looked at."""
    pk, sk = str(item["pk"]), str(item["sk"])
    is_entry = pk.startswith("ledger#")
    name = f"{pk.partition('#')[2]}#{sk}" if is_entry else str(item.get("entry", ""))
    model, _, digits = name.rpartition("#")
    seq = int(digits) if digits.isascii() and digits.isdigit() else 0
    if seq > upto.get(model, seq):
        return False
    if not seq or (is_entry and ledger.place(seq) != sk):
        chains[model].strays.append(f"{pk} {sk}")
    elif is_entry:
        chains[model].entries[seq] = item
    else:
        chains[model].kept[seq].append((ledger.mark(item), f"{pk} {sk}"))
    return True


def _faults(model: str, chain: _Chain) -> Iterator[Fault]:
    for stray in chain.strays:
        yield Fault(model, 0, INSERTED, f"{stray} belongs to no entry")
    last = max(chain.entries, default=0)
    for seq in range(1, last + 1):
        yield from _entry_faults(model, chain, seq)
    for seq in sorted(set(chain.kept) - set(chain.entries)):
        if not 1 <= seq <= last:
            what = f"{chain.kept[seq][0][1]} names it, and it is not there"
            yield Fault(model, seq, MISSING, what)


def _entry_faults(model: str, chain: _Chain, seq: int) -> Iterator[Fault]:
    entry = chain.entries.get(seq)
    if entry is None:
        yield Fault(model, seq, MISSING, "the entry is not there")
        return
    if ledger.own_digest(entry) != entry.get("digest"):
        place = _place_of(chain, entry)
        if place is not None:
            yield Fault(model, seq, MOVED, f"what stands there was entry {place}")
        else:
            yield Fault(model, seq, ALTERED, "the entry is not what its digest says")
        return
    before = chain.entries[seq - 1].get("digest") if seq - 1 in chain.entries else None
    expected = before if seq > 1 else ledger.GENESIS
    if expected is not None and entry.get("previous") != expected:
        yield _broken_link(model, chain, seq)
    yield from _item_faults(model, seq, entry, chain.kept.get(seq, []))


def _place_of(chain: _Chain, entry: Item) -> int | None:
    """The number under which an entry is what its digest says, if it stands at another one."""
    for seq, other in chain.entries.items():
        follows, precedes = (
            other.get("digest") == entry.get("previous"),
            other.get("previous") == entry.get("digest"),
        )
        for place in [seq + 1] * follows + [seq - 1] * precedes:
            if ledger.own_digest({**entry, "sk": ledger.place(place)}) == entry.get("digest"):
                return place
    return None


def _broken_link(model: str, chain: _Chain, seq: int) -> Fault:
    """Which of two neighbours was computed anew: not the one that the next entry vouches for."""
    after = chain.entries.get(seq + 1)
    vouched = after is not None and after.get("previous") == chain.entries[seq].get("digest")
    if vouched and seq > 1:
        return Fault(model, seq - 1, ALTERED, f"entry {seq} followed another one")
    return Fault(model, seq, ALTERED, f"it does not follow entry {seq - 1}")


def _item_faults(
    model: str, seq: int, entry: Item, found: list[tuple[str, str]]
) -> Iterator[Fault]:
    written = str(entry.get("written", ""))
    wanted = [written[start : start + MARK] for start in range(0, len(written), MARK)]
    lacking = list(wanted)
    extra = []
    for mark, key in found:
        if mark in lacking:
            lacking.remove(mark)
        else:
            extra.append(key)
    for number, key in enumerate(sorted(extra)):
        if number < len(lacking):
            yield Fault(model, seq, ALTERED, f"{key} is not as it was written")
        else:
            yield Fault(model, seq, INSERTED, f"{key} was not written with it")
    if len(lacking) > len(extra):
        gone = len(lacking) - len(extra)
        yield Fault(model, seq, MISSING, f"{gone} of its {len(wanted)} items not there")


def _against(
    chains: Mapping[str, _Chain], checkpoints: Sequence[Mapping[str, Head]], known: list[Fault]
) -> list[Fault]:
    """What the chains alone do not show: an end that was cut off, a chain computed anew."""
    told = {(fault.model, fault.seq) for fault in known}
    faults = []
    for model, head in ((model, head) for heads in checkpoints for model, head in heads.items()):
        entry = chains[model].entries.get(head.seq)
        if entry is None:
            last = max(chains[model].entries, default=0)
            if head.seq > last:
                what = f"a checkpoint knows {head.seq} entries, {last} are there"
                faults.append(Fault(model, last + 1, MISSING, what))
        elif entry.get("digest") != head.digest and (model, head.seq) not in told:
            faults.append(Fault(model, head.seq, ALTERED, "a checkpoint signed another entry"))
    return list(dict.fromkeys(faults))
