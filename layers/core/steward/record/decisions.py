"""Decisions: one item per judgement, with what it causes, as one entry of its model's ledger."""

from collections.abc import Sequence

from steward import clock
from steward.decide.verdict import Verdict
from steward.lineage.nodes import Link, Node
from steward.log import count
from steward.record.ledger import append
from steward.record.lineage import decision_writes, node_writes
from steward.record.store import Store, Write


def record(
    store: Store,
    model: str,
    verdict: Verdict,
    nodes: Sequence[Node] = (),
    work: Sequence[Write] = (),
    rests_on: Sequence[Link] = (),
) -> bool:
    """Write a decision, what it rests on and causes in the lineage, and its work, all or nothing.

    False when this decision is on record already, or when a condition of `work` or `nodes` does not
    hold any more: then nothing was written, and the caller observes again.
    """
    decision = decision_writes(store, model, verdict, clock.now(), rests_on)
    writes = [*decision, *node_writes(store, nodes), *work]
    written = append(store, model, writes, verdict.id(model))
    if written and verdict.repair:
        count("SweepRepaired")
    return written


def record_once(store: Store, model: str, verdict: Verdict) -> bool:
    """Write a decision that causes nothing, unless it is on record: what most looks end with."""
    return not is_recorded(store, model, verdict) and record(store, model, verdict)


def is_recorded(store: Store, model: str, verdict: Verdict) -> bool:
    """Whether the same answer on the same facts is on record already."""
    return store.get(store.lineage, verdict.id(model), "node") is not None
