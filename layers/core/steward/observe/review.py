"""Reads what was decided by way of exception, and what of it was signed, from a model's ledger."""

from collections.abc import Mapping

from steward import times
from steward.decide.review import Exceptional
from steward.record.store import Store


def read_exceptions(store: Store, model: str) -> tuple[list[Exceptional], frozenset[str]]:
    """Every decision of a model by way of exception, in order, and which decisions were signed."""
    entries = store.query(store.lineage, f"ledger#{model}")
    ids = [str(entry["decision"]) for entry in entries if "decision" in entry]
    nodes = store.many(store.lineage, [(one, "node") for one in ids])
    known = {str(node["pk"]): node for node in nodes}
    decisions = [known[one] for one in ids if one in known]
    found = [one for one in map(_exceptional, decisions) if one]
    return found, frozenset(_signed(node) for node in decisions if node["verdict"] == "sign-off")


def read_exceptional(store: Store, decision: str) -> Exceptional | None:
    """A decision by way of exception; None when there is none of this id."""
    node = store.get(store.lineage, decision, "node") if decision.startswith("decision#") else None
    return _exceptional(node) if node else None


def _exceptional(node: Mapping[str, object]) -> Exceptional | None:
    facts = _facts(node)
    if "exception" not in facts:
        return None
    return Exceptional(
        decision=str(node["pk"]),
        model=str(node["model"]),
        at=times.parse(str(node["at"])),
        subject=str(node["subject"]),
        exception=str(facts["exception"]),
        by=str(facts["by"]),
        reason=str(node["reason"]),
    )


def _signed(node: Mapping[str, object]) -> str:
    return str(_facts(node).get("signs", ""))


def _facts(node: Mapping[str, object]) -> Mapping[str, object]:
    facts = node["facts"]
    return facts if isinstance(facts, dict) else {}
