"""The page of an audit bundle, section by section: a pure function of what was read."""

from collections.abc import Iterator, Mapping

from cli.evidence.proof import ITEMS, Proof
from cli.evidence.read import Evidence, Judged
from cli.pages.parts import Listing, Missing, Part, Section, Text, pairs, table
from cli.pages.said import REPORT_HEAD, findings, report_row, second, words
from steward.lineage.read import Found

# The page shows the newest; the files beside it hold all.
_MOST_ROWS = 200


def sections(evidence: Evidence, proof: Proof) -> list[Section]:
    """Everything, from what served to the proof."""
    return [
        _served(evidence),
        *(_version(one) for one in evidence.versions),
        _decisions(evidence),
        _drift(evidence),
        _captures(evidence),
        _ledger(proof, evidence.model),
    ]


def _served(evidence: Evidence) -> Section:
    served = [
        (second(one.since), second(one.until), _shares(one.versions), _name(one.rollout))
        for one in evidence.intervals
    ]
    shifts = [
        (second(one.since), second(one.until), str(one.version), _name(one.rollout), one.outcome)
        for one in evidence.shifts
    ]
    heads = ("from", "until", "served", "rollout"), ("from", "until", "version", "rollout", "ended")
    return Section(
        "served",
        "What served",
        "Outside a shift of traffic this is exact; inside one either version may have answered, "
        "and a captured prediction names which. Times are UTC.",
        (
            table(heads[0], served, "Nothing served in this time."),
            Text("Traffic was, or may have been, shifted:"),
            table(heads[1], shifts, "Never in this time."),
        ),
    )


def _shares(versions: Mapping[str, int]) -> str:
    shares = [f"version {one} ({share} %)" for one, share in versions.items()]
    return ", ".join(shares) or "nothing"


def _version(judged: Judged) -> Section:
    title, anchor = f"Version {judged.number}", f"version-{judged.number}"
    return Section(anchor, title, "", tuple(_about(judged)))


def _about(judged: Judged) -> Iterator[Part]:
    if judged.node is None:
        yield Missing("It was never registered and judged: all that is known is that it served.")
    else:
        facts = judged.node.facts
        yield pairs(
            {
                "registered": f"{second(judged.node.at)} UTC",
                "package": facts.get("package"),
                "artifact": facts.get("artifact"),
                "SHA-256 of the artifact": facts.get("artifact_sha256"),
                **dict(_sources(judged.node)),
            }
        )
    for gate in judged.gate:
        yield Text(f"The gate said {gate.facts.get('verdict')} on {second(gate.at)}:")
        yield findings(gate)
    if not judged.gate:
        yield Missing("The gate has not judged it.")
    yield from map(words, judged.approvals)
    if not judged.approvals:
        yield Missing("Nobody has said a word on it.")


def _sources(node: Found) -> Iterator[tuple[str, str]]:
    for _, to in node.links:
        kind, _, name = to.partition("#")
        yield kind, name


def _decisions(evidence: Evidence) -> Section:
    newest = evidence.decisions[-_MOST_ROWS:]
    told = ("concern", "subject", "verdict", "reason")
    rows = [(second(one.at), *(one.facts.get(word) for word in told)) for one in newest]
    head = ("when", "concern", "about", "verdict", "because")
    parts: list[Part] = [table(head, rows, "Nothing was decided in this time.")]
    if len(evidence.decisions) > len(newest):
        older = len(evidence.decisions) - len(newest)
        parts.append(Text(f"{older} older decisions stand in decisions.json."))
    about = "In the order of the model's ledger; doing nothing is a decision too."
    return Section("decisions", "Decisions", about, tuple(parts))


def _drift(evidence: Evidence) -> Section:
    rows = [
        (str(one.number), *report_row(report, evidence.decided.get(report.id)))
        for one in evidence.versions
        for report in one.reports[-_MOST_ROWS:]
    ]
    parts = (table(("version", *REPORT_HEAD), rows, "No monitor has reported on this time."),)
    about = "What monitors found, and what was decided on it last; all are in drift.json."
    return Section("drift", "Drift reports", about, parts)


def _captures(evidence: Evidence) -> Section:
    newest = evidence.captures[-_MOST_ROWS:]
    rows = [
        (one.key, "deleted" if one.size is None else one.size, one.etag, one.version_id)
        for one in newest
    ]
    parts: list[Part] = [
        table(("file", "bytes", "ETag", "version"), rows, "Nothing was captured in this time.")
    ]
    if len(evidence.captures) > len(newest):
        older = len(evidence.captures) - len(newest)
        parts.append(Text(f"{older} more files stand in captures.json."))
    about = (
        "The files of captured predictions of these hours, every version of each. What was asked "
        "and answered stays in them: it may be personal data."
    )
    return Section("captures", "Capture files", about, tuple(parts))


def _ledger(proof: Proof, model: str) -> Section:
    shown = {"entries": proof.entries, "signed up to": proof.signed or "none", "items": proof.items}
    known = pairs(shown | {"last digest": proof.head})
    how = Text(f"steward ledger verify --export ledger/{ITEMS} --model {model}")
    parts: tuple[Part, ...] = (known, Text("Verify it yourself, without AWS:"), how)
    if proof.faults:
        lines = tuple(f"entry {one.seq}: {one.kind}, {one.what}" for one in proof.faults)
        parts = (Missing("The ledger does not verify:"), Listing(lines), *parts)
    about = (
        "The whole chain of the model, every item that its entries wrote, the signed checkpoints "
        "and the key's public part. A chain cut off at its end shows against checkpoints only."
    )
    return Section("ledger", "Proof", about, parts)


def _name(rollout: str) -> str:
    return rollout.partition("#")[2]
