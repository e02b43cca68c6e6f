"""Writes a version's dossier: one page, and the documents themselves with their digests."""

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from cli.dossier.read import Dossier
from cli.dossier.sections import sections
from cli.pages.page import pictured, template
from cli.pages.parts import Section, table
from cli.pages.said import second
from cli.reading import told
from steward.lineage.read import Found


def write_dossier(dossier: Dossier, parent: Path) -> Path:
    """Write the folder; returns its page."""
    folder = parent / f"dossier-{dossier.model}-v{dossier.version}"
    (folder / "documents").mkdir(parents=True, exist_ok=True)
    index = list(_write(folder, dossier))
    (folder / "index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
    page = folder / "index.html"
    page.write_text(render(dossier, index), encoding="utf-8")
    return page


def render(dossier: Dossier, index: Sequence[Mapping[str, object]]) -> str:
    """The page."""
    story, picture = pictured(dossier.graph)
    purpose = dossier.spec.get("description") or "Its purpose is not on record"
    read = f"Everything here was read from the record on {second(dossier.at)} UTC."
    return template("document.html").render(
        title=f"Dossier of {dossier.model}, version {dossier.version}",
        brand="technical documentation of one version",
        lead=f"{purpose}. {read}",
        warnings=[],
        tiles=_tiles(dossier),
        sections=[*sections(dossier), _documents(index)],
        story=story,
        picture=picture,
    )


def _tiles(dossier: Dossier) -> list[tuple[str, str]]:
    judged, approved = dossier.judged, dossier.approvals
    serves = any(one.until is None for one in dossier.intervals)
    service = "serves" if serves else "served" if dossier.intervals else "never served"
    return [
        ("in the registry", dossier.status),
        ("the gate", str(judged.facts.get("verdict")) if judged else "not judged"),
        ("last word", str(approved[-1].facts.get("by") or "nobody") if approved else "nobody"),
        ("at the endpoint", service),
    ]


def _write(folder: Path, dossier: Dossier) -> Iterator[dict[str, object]]:
    """Write each document; tells what it is, where it came from and its digest."""
    for name, one in dossier.documents.items():
        known: dict[str, object] = {"name": name, "uri": one.uri or None}
        if one.body is None:
            why = "it is no longer there" if one.uri else "none was registered"
            yield known | {"file": None, "missing": why, "sha256_on_record": one.recorded or None}
            continue
        digest = _put(folder, name, one.body)
        recorded = {"sha256_on_record": one.recorded or None, "as_recorded": not one.is_altered}
        yield known | digest | (recorded if one.recorded else {"sha256_on_record": None})
    for name, found in _noted(dossier).items():
        body = json.dumps([told(one) for one in found], indent=2, default=str) + "\n"
        yield {"name": name, "uri": None} | _put(folder, name, body.encode())


def _noted(dossier: Dossier) -> dict[str, Sequence[Found]]:
    judged = (dossier.judged,) if dossier.judged else ()
    return {
        "version": (dossier.node, *dossier.near.values()),
        "approvals": (*judged, *dossier.approvals),
        "rollouts": dossier.rollouts,
        "monitoring": (*dossier.reports, *dossier.decided.values()),
    }


def _put(folder: Path, name: str, body: bytes) -> dict[str, object]:
    file = f"documents/{name}.json"
    (folder / file).write_bytes(body)
    return {"file": file, "bytes": len(body), "sha256": sha256(body).hexdigest()}


def _documents(index: Sequence[Mapping[str, object]]) -> Section:
    rows = [
        (one["file"] or f"{one['name']}: {one['missing']}", one.get("bytes"), one.get("sha256"))
        for one in index
    ]
    return Section(
        "documents",
        "Documents",
        "The documents themselves lie beside this page; index.json tells where each was read.",
        (table(("file", "bytes", "SHA-256"), rows, ""),),
    )
