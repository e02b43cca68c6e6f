"""The ledger: whatever is altered later is named, and an honest chain never raises."""

import random
from collections.abc import Callable

import pytest

from local_aws.memory import InMemoryAws
from steward.decide.verdict import Verdict
from steward.lineage import ledger
from steward.lineage.nodes import USED, Link, Node
from steward.lineage.verify import ALTERED, INSERTED, MISSING, MOVED, Fault, Head, verify
from steward.record.decisions import record
from steward.record.ledger import ensure
from steward.record.store import Store
from tests.steward.builders import NOON, after

type Item = dict[str, object]
type Items = list[Item]

ENTRIES = 1_000
MODEL = "mortgage"


def history(entries: int) -> Items:
    """A chain of decisions, every other one with a node that came from the one before."""
    aws = InMemoryAws("lineage", "work")
    store = Store(aws, "lineage", "work")  # type: ignore[arg-type]  # it has what Store uses
    ensure(store, MODEL, [Node("run#0", NOON)])
    for number in range(1, entries):
        links = (Link(USED, f"run#{number - number % 2 - (2 if number % 2 == 0 else 0)}"),)
        node = Node(f"run#{number}", after(number), {"number": number}, links)
        verdict = Verdict("training", f"run {number}", "start", "quiet", {"share": number / 7})
        assert record(store, MODEL, verdict, [node] if number % 2 == 0 else [])
    return list(store.scan("lineage"))


@pytest.fixture(scope="module")
def honest() -> Items:
    return history(ENTRIES)


def heads(items: Items) -> dict[str, Head]:
    return dict(verify(items).heads)


def entry(items: Items, seq: int) -> Item:
    key = (ledger.partition(MODEL), ledger.place(seq))
    return next(item for item in items if (item["pk"], item["sk"]) == key)


def changed(items: Items, old: Item, new: Item | None) -> Items:
    return [one for one in ([new if item is old else item for item in items]) if one is not None]


# ---- one alteration each, as random as a seed allows


def change(items: Items, chance: random.Random) -> Items:
    """One value of one item, anywhere but in its key."""
    old = chance.choice(items)
    name = chance.choice([name for name in old if name not in ("pk", "sk")])
    return changed(items, old, old | {name: _other(old[name], chance)})


def _other(value: object, chance: random.Random) -> object:
    """The same kind of value, and another one: of a text one character."""
    match value:
        case str() if value:
            place = chance.randrange(len(value))
            letter = chr((ord(value[place]) + 1 - 32) % 95 + 32)
            return value[:place] + letter + value[place + 1 :]
        case int() | float():
            return value + 1
        case dict() if value:
            name = chance.choice(list(value))
            return {**value, name: _other(value[name], chance)}
        case list() if value:
            return value[1:]
    return "forged"


def delete(items: Items, chance: random.Random) -> Items:
    return changed(items, chance.choice(items), None)


def swap(items: Items, chance: random.Random) -> Items:
    """What stands under two keys changes places."""
    kind = chance.choice(["ledger#", "run#", "decision#"])
    one, other = chance.sample([item for item in items if str(item["pk"]).startswith(kind)], 2)
    keys = [{"pk": item["pk"], "sk": item["sk"]} for item in (one, other)]
    return changed(changed(items, one, other | keys[0]), other, one | keys[1])


def insert(items: Items, chance: random.Random) -> Items:
    """A copy of an item under a key that was free."""
    like = chance.choice(items)
    if str(like["pk"]).startswith("ledger#"):
        return [*items, like | {"sk": ledger.place(ENTRIES + chance.randrange(1, 9))}]
    return [*items, like | {"pk": f"{like['pk']}x"}]


ALTERATIONS: list[Callable[[Items, random.Random], Items]] = [change, delete, swap, insert]


@pytest.mark.parametrize("seed", range(10))
def test_each_of_fifty_alterations_is_found(honest: Items, seed: int) -> None:
    """Five hundred over all seeds; one of each kind in turn, truncation among them."""
    chance = random.Random(seed)  # noqa: S311  # it only has to be the same each time
    signed = heads(honest)
    for number in range(50):
        kind = number % 5
        if kind < 4:
            altered = ALTERATIONS[kind](honest, chance)
            assert verify(altered).faults, (seed, number)
        else:
            cut = chance.randrange(1, ENTRIES)
            altered = [item for item in honest if _seq(item) <= cut]
            assert not verify(altered).faults, "nothing but a checkpoint shows it"
            (fault,) = verify(altered, [signed]).faults
            assert (fault.seq, fault.kind) == (cut + 1, MISSING)


def _seq(item: Item) -> int:
    if str(item["pk"]).startswith("ledger#"):
        return int(str(item["sk"]))
    return int(str(item["entry"]).partition("#")[2])


# ---- and each is named for what it is


def found(items: Items, *checkpoints: dict[str, Head]) -> list[tuple[int, str]]:
    return [(fault.seq, fault.kind) for fault in verify(items, checkpoints).faults]


@pytest.fixture(scope="module")
def ten() -> Items:
    return history(10)


def test_an_honest_chain_never_raises(honest: Items) -> None:
    for seed in range(3):
        shuffled = random.Random(seed).sample(honest, len(honest))  # noqa: S311  # not a secret
        assert verify(shuffled, [heads(honest)]).faults == ()


def test_it_says_what_was_looked_at(ten: Items) -> None:
    said = verify(ten)
    assert said.items == len(ten)
    assert said.heads[MODEL].seq == 10


def test_an_altered_item_is_named_with_its_entry(ten: Items) -> None:
    node = next(item for item in ten if (item["pk"], item["sk"]) == ("run#4", "node"))
    forged = changed(ten, node, node | {"facts": {"number": 5}})
    what = "run#4 node is not as it was written"
    assert verify(forged).faults == (Fault(MODEL, 5, ALTERED, what),)


def test_a_missing_item_is_missed_by_its_entry(ten: Items) -> None:
    node = next(item for item in ten if (item["pk"], item["sk"]) == ("run#4", "node"))
    assert found(changed(ten, node, None)) == [(5, MISSING)]


def test_an_item_that_no_entry_wrote_is_inserted(ten: Items) -> None:
    assert found([*ten, {"pk": "approval#x", "sk": "node", "facts": {}}]) == [(0, INSERTED)]
    claimed = {"pk": "approval#x", "sk": "node", "entry": f"{MODEL}#4"}
    assert found([*ten, claimed]) == [(4, INSERTED)]


def test_an_altered_entry_is_named(ten: Items) -> None:
    old = entry(ten, 4)
    assert found(changed(ten, old, old | {"at": "2020-01-01T00:00:00.000Z"})) == [(4, ALTERED)]


def test_an_entry_whose_digest_was_computed_anew_is_named_by_the_next_one(ten: Items) -> None:
    old = entry(ten, 4)
    forged = old | {"at": "2020-01-01T00:00:00.000Z"}
    forged |= {"digest": ledger.own_digest(forged)}
    assert found(changed(ten, old, forged)) == [(4, ALTERED)]


def test_the_last_entry_computed_anew_shows_against_a_checkpoint(ten: Items) -> None:
    old = entry(ten, 10)
    forged = old | {"at": "2020-01-01T00:00:00.000Z"}
    forged |= {"digest": ledger.own_digest(forged)}
    assert found(changed(ten, old, forged)) == []
    assert found(changed(ten, old, forged), heads(ten)) == [(10, ALTERED)]


def test_a_missing_entry_is_named(ten: Items) -> None:
    assert (4, MISSING) in found(changed(ten, entry(ten, 4), None))


def test_entries_that_changed_places_are_out_of_order(ten: Items) -> None:
    one, other = entry(ten, 3), entry(ten, 4)
    swapped = changed(
        changed(ten, one, other | {"sk": one["sk"]}), other, one | {"sk": other["sk"]}
    )
    assert (3, MOVED) in found(swapped)


def test_a_chain_that_is_gone_altogether_shows_against_a_checkpoint(ten: Items) -> None:
    assert found([], heads(ten)) == [(1, MISSING)]


def test_a_chain_that_was_signed_when_it_was_shorter_is_whole(ten: Items) -> None:
    shorter = [item for item in ten if _seq(item) <= 6]
    assert found(ten, heads(shorter), heads(ten)) == []


def test_what_is_written_meanwhile_is_left_to_the_next_time(ten: Items) -> None:
    half = [item for item in ten if not (str(item["pk"]).startswith("ledger#") and _seq(item) > 6)]
    assert found(half) != []
    assert verify(half, upto={MODEL: 6}).faults == ()


def test_chains_of_other_models_are_their_own(ten: Items) -> None:
    (fault,) = verify([*ten, {"pk": "x", "sk": "y", "entry": "churn#1"}]).faults
    assert fault.model == "churn"
