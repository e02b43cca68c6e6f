"""The end of the story: what a file reached, that a change of the record shows, the dossier."""

import json
from collections.abc import Mapping

from cli import repository
from cli.demo.stage import MODEL, Stage, needed, require, sha256
from cli.documents import listed, mapping
from cli.dossier.read import read_dossier
from cli.dossier.write import write_dossier
from cli.ledger.command import verified
from steward.lineage.nodes import version_id
from steward.lineage.read import ways_back
from steward.record.items import to_item

_PART, _LEARNED = 4, (2, 5)
_NEWEST = _LEARNED[-1]
DOSSIERS = repository.ROOT / "build" / "demo"


def reached(stage: Stage) -> str:
    """A file leads to every version that learned from it, and to when these served."""
    key = f"{stage.spec.data.prefix}part-{_PART}.csv"
    of = f"s3://{stage.target.landing_bucket}/{key}"
    answer = stage.ask({"ask": "impact", "of": of})
    require("error" not in answer, str(answer.get("error")))
    versions = [mapping(one)["version"] for one in listed(answer["versions"])]
    require(versions == list(_LEARNED), f"{key} is said to have reached the versions {versions}")
    said = {
        (one["since"], one["until"], one["rollout"])
        for one in map(mapping, listed(answer["served"]))
        if one["how"] == "served"
    }
    true = set(_intervals(stage))
    require(said == true, f"it is said to have served {sorted(map(str, said ^ true))} otherwise")
    return (
        f"part-{_PART}.csv reached versions {' and '.join(map(str, versions))}, which served in "
        f"{len(true)} intervals, each as it is on record"
    )


def _intervals(stage: Stage) -> list[tuple[object, object, object]]:
    """Since, until and rollout of every interval in which one of these versions served."""
    rows = stage.store.query(stage.store.lineage, f"serving#{stage.names.endpoint}")
    ends = [*(row["sk"] for row in rows[1:]), None]
    return [
        (row["sk"], end, row["rollout"])
        for row, end in zip(rows, ends, strict=True)
        if {int(number) for number in mapping(row["versions"])} & set(_LEARNED)
    ]


def tamper(stage: Stage) -> None:
    """Somebody who may do anything changes one byte of an old entry, past all that guards it."""
    item = needed(_approval(stage, 1), "the approval of version 1 is not on record")
    facts = mapping(item["facts"])
    words = f"{str(facts['words'])[:-1]}!"
    stage.tampered = item
    _write(stage, item | {"facts": {**facts, "words": words}})
    stage.say(f"one byte of {item['pk']} is changed in the table: {words!r}")
    stage.say("steward ledger verify")


def shown(stage: Stage) -> str:
    """The ledger names the entry; it verifies once that is put back."""
    signed, found = verified(stage.target)
    item = needed(stage.tampered, "nothing was changed")
    _write(stage, item)
    require(not any(one.fault for one in signed), "a checkpoint cannot be believed")
    model, _, seq = str(item["entry"]).partition("#")
    named = [(one.model, str(one.seq), one.kind) for one in found.faults]
    require(named == [(model, seq, "altered")], f"the ledger names {named}")
    _, after = verified(stage.target)
    require(not after.faults, f"put back, it does not verify: {after.faults[:1]}")
    (fault,) = found.faults
    return (
        f"{fault.model} entry {fault.seq} {fault.kind}: {fault.what}; put back, "
        f"{after.heads[MODEL].seq} entries and {after.items} items are as they were written"
    )


def document(stage: Stage) -> None:
    """Write the technical documentation of the version that serves."""
    stage.say(f"steward dossier {MODEL} {_NEWEST} --out {DOSSIERS.relative_to(repository.ROOT)}")
    dossier = read_dossier(stage.aws, stage.target, MODEL, _NEWEST, stage.now())
    write_dossier(dossier, DOSSIERS)


def documented(stage: Stage) -> str:
    """Each document of the folder has the digest of its bytes, and the one that is on record."""
    approved = needed(_approval(stage, _NEWEST), f"the approval of version {_NEWEST} is missing")
    folder = DOSSIERS / f"dossier-{MODEL}-v{_NEWEST}"
    index = [mapping(one) for one in json.loads((folder / "index.json").read_text("utf-8"))]
    missing = [one["name"] for one in index if one["file"] is None]
    require(not missing, f"the dossier lacks {missing}")
    for one in index:
        found = sha256((folder / str(one["file"])).read_bytes())
        for digest in (one["sha256"], one.get("sha256_on_record") or found):
            require(found == digest, f"{one['file']} has other bytes than the dossier says")
    named = [str(one["name"]) for one in index]
    require({"evaluation", "bias", "explainability"} <= set(named), f"it holds {named} only")
    words = str(mapping(approved["facts"])["words"])
    page = (folder / "index.html").read_text("utf-8")
    require(words in page, f"the page does not tell the approval {words!r}")
    where = folder.relative_to(repository.ROOT)
    return f"{where} holds one page and {len(index)} documents, each with its SHA-256"


def _approval(stage: Stage, version: int) -> dict[str, object] | None:
    """The approval of a version, as it lies in the table."""
    ways, _ = ways_back(stage.store, version_id(stage.names.group, version), most=50)
    approval = next((way.node for way in ways if way.node.startswith("approval#")), "")
    return stage.store.get(stage.store.lineage, approval, "node") if approval else None


def _write(stage: Stage, item: Mapping[str, object]) -> None:
    stage.aws.dynamodb.put_item(TableName=stage.store.lineage, Item=to_item(item))
