"""What the lineage costs: requests of a trace, units of a fact, seconds of verifying the ledger.

On tables in memory that count requests and units as AWS bills them; moto scans and does not meter.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from cli.ledger import export
from local_aws.memory import InMemoryAws
from steward import times
from steward.aws import Aws
from steward.decide.verdict import Verdict
from steward.lineage import ledger
from steward.lineage.answer import Lineage
from steward.lineage.nodes import (
    HAD_MEMBER,
    MOST_LINKS,
    USED,
    WAS_DERIVED_FROM,
    Link,
    Node,
    Serving,
    dataset_id,
    rollout_id,
    snapshot_id,
)
from steward.lineage.read import served_at
from steward.lineage.verify import verify
from steward.record.decisions import record_once
from steward.record.items import Item, to_item
from steward.record.ledger import append, ensure
from steward.record.lineage import node_writes, serving_writes
from steward.record.store import Store, put

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MODEL, ENDPOINT = "mortgage", "steward-mortgage"
DEPTH, NODES, ENTRIES = 8, 60, 100_000
TABLES = "lineage", "work"


def costs() -> dict[str, float]:
    """Every figure; requests, items and units are exact, seconds are this machine's."""
    return served() | traced() | written() | {"ledger.verify_100k_s": verified(ENTRIES)}


def served() -> dict[str, float]:
    """Items that are read to say what served at a moment, of 10,000 intervals."""
    memory, store = _tables()
    rollout = rollout_id(ENDPOINT, 1)
    ensure(store, MODEL, [Node(rollout, NOON)])
    for number in range(10_000):
        serving = Serving(ENDPOINT, NOON + timedelta(minutes=number), {"1": 100}, rollout)
        store.transact(serving_writes(store, serving))
    memory.dynamodb.meter.reset()
    found = served_at(store, ENDPOINT, NOON + timedelta(minutes=5_000, seconds=30))
    if found is None or found.since != NOON + timedelta(minutes=5_000):
        raise RuntimeError(f"the wrong interval was found: {found}")
    return {"served_at.items_read": memory.dynamodb.meter.total().items_read}


def traced() -> dict[str, float]:
    """Requests of a trace of depth 8 with 60 nodes, among 1,000 and 100,000 edges."""
    figures = {
        f"trace.requests_{name}": _requests(edges)
        for name, edges in {"1k": 1_000, "100k": 100_000}.items()
    }
    grown = figures["trace.requests_100k"] - figures["trace.requests_1k"]
    return figures | {"trace.requests_grown": grown}


def _requests(edges: int) -> float:
    memory, store = _tables()
    levels = _history(store)
    _crowd(store, [node for level in levels for node in level], edges)
    memory.dynamodb.meter.reset()
    lineage = Lineage(cast("Aws", memory), store, "steward")
    graph = lineage.of_moment(ENDPOINT, NOON + timedelta(hours=1))["graph"]
    found = graph if isinstance(graph, list) else []
    if len(found) != NODES or max(entry["depth"] for entry in found) != DEPTH - 1:
        raise RuntimeError(f"{len(found)} nodes were found, {NODES} are there")
    return memory.dynamodb.meter.total().requests


def _history(store: Store) -> list[list[str]]:
    """Levels of nodes that came from those of the level before; the last one is a rollout."""
    sizes = [(NODES - 1) // (DEPTH - 1) + (n < (NODES - 1) % (DEPTH - 1)) for n in range(DEPTH - 1)]
    levels: list[list[str]] = []
    for depth, size in enumerate(sizes):
        above = tuple(Link(WAS_DERIVED_FROM, one) for one in (levels[-1] if levels else []))
        names = [f"snapshot#{depth}-{number}" for number in range(size)]
        ensure(store, MODEL, [Node(name, NOON, {"number": depth}, above) for name in names])
        levels.append(names)
    rollout = rollout_id(ENDPOINT, 1)
    ensure(store, MODEL, [Node(rollout, NOON, {}, tuple(Link(USED, one) for one in levels[-1]))])
    store.transact(serving_writes(store, Serving(ENDPOINT, NOON, {"1": 100}, rollout)))
    return [*levels, [rollout]]


def _crowd(store: Store, nodes: list[str], edges: int) -> None:
    """So many ways back to the same nodes, of others that came from them."""
    rows = [
        {"pk": nodes[n % len(nodes)], "sk": f"{times.iso(NOON)}#in#used#run#{n}"}
        for n in range(edges)
    ]
    for start in range(0, edges, 100):
        store.transact([put(store.lineage, row) for row in rows[start : start + 100]])


def written() -> dict[str, float]:
    """Write units of facts as Steward writes them, and of the same facts again."""
    memory, store = _tables()
    data = [_dataset(number) for number in range(MOST_LINKS)]
    ensure(store, MODEL, data)
    base = max(_units(memory, store, _dataset(100)), _units(memory, store, _snapshot([])))
    per_edge = 0.0
    for edges in range(1, MOST_LINKS + 1):
        units = _units(memory, store, _snapshot([node.id for node in data[:edges]]))
        per_edge = max(per_edge, (units - base) / edges)
    return {
        "fact.write_units_base": base,
        "fact.write_units_per_edge": per_edge,
        "repeat.write_units": _repeated(memory, store, data),
    }


def _dataset(number: int) -> Node:
    """An uploaded file, as training writes it."""
    key = f"mortgage/incoming/2026/11/20/applications-{number}.csv"
    facts = {
        "bucket": "steward-landing-123456789012-eu-west-1",
        "key": key,
        "version_id": "a45ee24c-dbea-4193-8b64-e319d37e94de",
        "etag": "9a0364b9e99bb480dd25e1f0284c8555",
        "size": 28_443,
        "sha256": "7" * 64,
        "rows": 300,
        "judgement": "accept",
        "reason": f"{key} (28443 bytes) has all 21 columns",
    }
    return Node(dataset_id("landing", key, str(number)), NOON, facts)


def _snapshot(members: list[str]) -> Node:
    sha256 = f"{len(members):064d}"
    manifest = f"s3://steward-artifacts-123456789012-eu-west-1/snapshots/mortgage/{sha256}.json"
    facts = {"manifest": manifest, "objects": len(members), "bytes": 28_443 * len(members)}
    links = tuple(Link(HAD_MEMBER, member) for member in members)
    return Node(snapshot_id(sha256), NOON, facts, links)


def _units(memory: InMemoryAws, store: Store, node: Node) -> float:
    memory.dynamodb.meter.reset()
    if not append(store, MODEL, node_writes(store, [node])):
        raise RuntimeError(f"{node.id} was not written")
    return memory.dynamodb.meter.total().write_units


def _repeated(memory: InMemoryAws, store: Store, data: list[Node]) -> float:
    verdict = Verdict("training", "run 1", "wait", "waiting until uploads are quiet", {"rows": 1})
    record_once(store, MODEL, verdict)
    memory.dynamodb.meter.reset()
    ensure(store, MODEL, data)
    record_once(store, MODEL, verdict)
    return memory.dynamodb.meter.total().write_units


def verified(entries: int) -> float:
    """Seconds to verify a ledger of so many entries from an export in DynamoDB's own form."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "items.jsonl"
        with file.open("w", encoding="utf-8") as lines:
            lines.writelines(f"{json.dumps({'Item': to_item(item)})}\n" for item in _chain(entries))
        start = time.perf_counter()
        found = verify(export.read(file))
        seconds = time.perf_counter() - start
    if found.faults or found.heads[MODEL].seq != entries:
        raise RuntimeError(f"an honest ledger does not verify: {found.faults[:3]}")
    return seconds


def _chain(entries: int) -> Iterator[Item]:
    """Decisions, each with a node that came from the one before, as items of an export."""
    before = ledger.GENESIS
    for seq in range(1, entries + 1):
        stamp: Item = {"recorded_at": times.iso(NOON), "entry": ledger.name(MODEL, seq)}
        items: list[Item] = [
            {
                "pk": f"decision#{seq:064d}",
                "sk": "node",
                "concern": "training",
                "reason": "uploads have been quiet",
                "facts": {"rows": seq, "share": seq / 7},
                "links": [],
                **stamp,
            },
            {"pk": f"run#{seq - 1}", "sk": f"{times.iso(NOON)}#in#used#run#{seq}", **stamp},
        ]
        entry: Item = {
            "pk": ledger.partition(MODEL),
            "sk": ledger.place(seq),
            "at": times.iso(NOON),
            "previous": before,
            "written": ledger.marks(items),
            "decision": f"decision#{seq:064d}",
        }
        before = ledger.own_digest(entry)
        yield from (*items, {**entry, "digest": before})


def _tables() -> tuple[InMemoryAws, Store]:
    memory = InMemoryAws(*TABLES)
    return memory, Store(cast("Aws", memory), *TABLES)
