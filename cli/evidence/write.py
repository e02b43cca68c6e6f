"""Writes the audit bundle of an endpoint and a time: one page, the documents, the proof."""

import json
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cli.evidence.proof import Proof
from cli.evidence.read import Evidence, Judged
from cli.evidence.sections import sections
from cli.pages.page import template
from cli.pages.said import second
from cli.reading import told
from steward import times


def folder_of(evidence: Evidence, parent: Path) -> Path:
    """Where a bundle goes: its name says of what it is."""
    begin, end = (f"{one:%Y%m%dT%H%M}" for one in (evidence.period.begin, evidence.period.end))
    return parent / f"evidence-{evidence.endpoint}-{begin}-{end}"


def write_evidence(evidence: Evidence, proof: Proof, folder: Path) -> Path:
    """Write page and documents beside the proof, and the digest of each; returns the page."""
    for name, content in _documents(evidence).items():
        text = json.dumps(content, indent=2, default=_text) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    page = folder / "index.html"
    page.write_text(render(evidence, proof), encoding="utf-8")
    index = json.dumps(_index(folder), indent=2) + "\n"
    (folder / "index.json").write_text(index, encoding="utf-8")
    return page


def render(evidence: Evidence, proof: Proof) -> str:
    """The page."""
    begin, end = second(evidence.period.begin), second(evidence.period.end)
    return template("document.html").render(
        title=f"Evidence of {evidence.endpoint}",
        brand="audit bundle",
        lead=f"From {begin} to {end} UTC, read from the record on {second(evidence.at)} UTC. "
        "The files beside this page hold the same as data; index.json has the digest of each.",
        warnings=["The ledger does not verify: see the proof."] if proof.faults else [],
        tiles=[
            ("versions that served, or may have", str(len(evidence.versions))),
            ("decisions", str(len(evidence.decisions))),
            ("capture files", str(len(evidence.captures))),
            ("the ledger", "does not verify" if proof.faults else "verifies"),
        ],
        sections=sections(evidence, proof),
        story=None,
        picture=None,
    )


def _documents(evidence: Evidence) -> dict[str, object]:
    return {
        "served": {
            "endpoint": evidence.endpoint,
            "from": evidence.period.begin,
            "to": evidence.period.end,
            "intervals": [asdict(one) for one in evidence.intervals],
            "shifts": [asdict(one) for one in evidence.shifts],
        },
        "versions": [_version(one) for one in evidence.versions],
        "decisions": [told(one) for one in evidence.decisions],
        "captures": [asdict(one) for one in evidence.captures],
        "drift": [
            {"report": told(report), "decision": told(decision) if decision else None}
            for one in evidence.versions
            for report in one.reports
            for decision in [evidence.decided.get(report.id)]
        ],
    }


def _version(judged: Judged) -> dict[str, object]:
    return {
        "version": judged.number,
        "node": told(judged.node) if judged.node else None,
        "gate": [told(one) for one in judged.gate],
        "approvals": [told(one) for one in judged.approvals],
        "rollouts": [told(one) for one in judged.rollouts],
    }


def _text(value: object) -> str:
    return times.iso(value) if isinstance(value, datetime) else str(value)


def _index(folder: Path) -> list[dict[str, object]]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [
        {
            "file": str(path.relative_to(folder)),
            "bytes": path.stat().st_size,
            "sha256": sha256(path.read_bytes()).hexdigest(),
        }
        for path in files
        if path.name != "index.json"
    ]
