"""A version's technical documentation, section by section: a pure function of what was read."""

from collections.abc import Iterator

from cli.documents import find, listed, mapping
from cli.dossier.kept import WORDS
from cli.dossier.measured import measured, missing
from cli.dossier.read import MOST_REPORTS, Dossier
from cli.pages.parts import Listing, Missing, Part, Section, Text, pairs, table
from cli.pages.said import REPORT_HEAD, findings, report_row, second, words
from cli.trace import Entry
from steward.lineage.read import Found

# What the law asks for, and nobody writes down here.
_ELSEWHERE = (
    "instructions for use, and the product that it is a part of (Annex IV 1)",
    "the risk management system (Annex IV 5)",
    "the standards that were applied (Annex IV 7)",
    "the EU declaration of conformity (Annex IV 8)",
    "the plan for monitoring after it was placed on the market (Annex IV 9)",
    "why these features, this algorithm and these bounds were chosen",
)


def sections(dossier: Dossier) -> list[Section]:
    """Everything in the order in which it is asked for."""
    return [
        _purpose(dossier),
        _data(dossier),
        _code(dossier),
        _training(dossier),
        *measured(dossier),
        _approvals(dossier),
        _rollouts(dossier),
        _monitoring(dossier),
        _limits(dossier),
    ]


def _purpose(dossier: Dossier) -> Section:
    spec = dossier.spec
    told = missing(dossier, "spec")
    known = pairs(
        {
            "purpose": spec.get("description"),
            "who answers for it": spec.get("owner"),
            "answers": _answers(spec),
            "decides at": find(spec, "gate", "threshold"),
            "model": dossier.model,
            "version": dossier.version,
            "registered": _when(dossier.node),
            "in the registry": dossier.status,
            "serves at": dossier.endpoint,
            "serving": spec.get("serve"),
        }
    )
    parts: tuple[Part, ...] = (told, known) if told else (known,)
    return Section("purpose", "Purpose and owner", "", parts, "Annex IV 1")


def _answers(spec: Entry) -> str | None:
    label = find(spec, "data", "label")
    return None if label is None else f"the probability that {label} is 1"


def _data(dossier: Dossier) -> Section:
    objects = [mapping(one) for one in listed(dossier.content("snapshot").get("objects"))]
    used = {
        (str(find(one, "key")), str(find(one, "version_id"))): one
        for one in listed(dossier.content("prepared").get("objects"))
    }
    rows = []
    for one in objects:
        counted = used.get((str(one.get("key")), str(one.get("version_id"))))
        counts = find(counted, "rows"), find(counted, "used")
        key, digest = one.get("key"), one.get("sha256")
        rows.append((key, *counts, one.get("size"), one.get("version_id"), digest))
    head = ("object", "rows", "rows used", "bytes", "version", "SHA-256")
    parts: list[Part] = [_columns(dossier.spec)] if dossier.spec else []
    if told := missing(dossier, "snapshot"):
        parts.append(told)
    parts.append(table(head, rows, "It is not on record which objects it learned from."))
    left = listed(dossier.content("snapshot").get("left_out"))
    if left:
        parts.append(Text("Accepted, and left out:"))
        parts.append(Listing(tuple(str(find(one, "key") or one) for one in left)))
    about = "The exact object versions that it learned from, as its training run fetched them."
    return Section("data", "Data", about, tuple(parts), "Annex IV 2(d), Article 10")


def _columns(spec: Entry) -> Part:
    data = mapping(spec.get("data"))
    return pairs(
        {
            "features": data.get("features"),
            "label": data.get("label"),
            "a row's key": data.get("key"),
            "facets, never features": data.get("facets"),
            "personal data": data.get("pii"),
        }
    )


def _code(dossier: Dossier) -> Section:
    near, prepared = dossier.near, dossier.content("prepared")
    code, image, run = near.get("code"), near.get("image"), near.get("run")
    agent = near.get("agent")
    known = {
        "commit of the code": _name(code),
        "digest of the pipeline's definition": run.facts.get("definition") if run else None,
        "image": (image.facts if image else dossier.node.facts).get("image"),
        "digest of the image": _name(image),
        "registered by": _name(agent),
        "rows prepared": prepared.get("rows"),
        "rows for training": prepared.get("train_rows"),
        "rows for the test": prepared.get("test_rows"),
        "personal data": prepared.get("pii"),
    }
    split = find(dossier.spec, "train", "test_percent")
    about = (
        f"A row is a test row by the digest of its key, {split} of 100, in every run for ever."
        if split is not None
        else ""
    )
    parts: list[Part] = [pairs(known)]
    if not dossier.documents["prepared"].uri:
        parts.append(Missing("What preparation counted was not registered."))
    return Section("code", "Preparation and code", about, tuple(parts), "Annex IV 2(a), 2(b)")


def _training(dossier: Dossier) -> Section:
    run = dossier.near.get("run")
    mark = "Annex IV 2(b), 2(c)"
    if run is None:
        told = Missing("No training run is on record: this version was registered by hand.")
        return Section("training", "Training", "", (told,), mark)
    hyperparameters = mapping(find(dossier.spec, "train", "hyperparameters"))
    known = {
        "run": run.facts.get("number"),
        "execution": run.facts.get("execution"),
        "because of": run.facts.get("reasons"),
        "started": _when(run),
        "ended": (run.end or {}).get("status") or "not ended",
        "compared with": run.facts.get("champion"),
        "artifact": dossier.node.facts.get("artifact"),
        "SHA-256 of the artifact": dossier.node.facts.get("artifact_sha256"),
        "version of the artifact": dossier.node.facts.get("artifact_version"),
    }
    rows = list(hyperparameters.items())
    none = "No hyperparameter is in the model's file: the pipeline's own hold."
    return Section(
        "training",
        "Training",
        "",
        (pairs(known), table(("hyperparameter", "value"), rows, none)),
        mark,
    )


def _approvals(dossier: Dossier) -> Section:
    parts: list[Part] = [*map(words, dossier.approvals)]
    if not parts:
        parts.append(Missing("Nobody has said a word on this version."))
    elif dossier.judged:
        parts += [Text("The numbers that were shown before:"), findings(dossier.judged)]
    about = "Who said what and when; the gate's numbers were sent to the owner before."
    return Section("approvals", "Approvals", about, tuple(parts), "Article 14")


def _rollouts(dossier: Dossier) -> Section:
    rows = [
        (
            _last(one.id),
            one.facts.get("direction"),
            _when(one),
            (one.end or {}).get("outcome") or "not ended",
            (one.end or {}).get("reason"),
        )
        for one in dossier.rollouts
    ]
    number = str(dossier.version)
    served = [
        (
            second(one.since),
            second(one.until),
            f"{one.versions[number]} %",
            _last(one.rollout),
        )
        for one in dossier.intervals
    ]
    head = ("rollout", "direction", "opened", "ended", "because")
    parts = (
        table(head, rows, "It was never rolled out."),
        table(("served from", "until", "share", "rollout"), served, "It never served."),
    )
    return Section("rollouts", "Rollouts and service", "Times are UTC.", parts, "Annex IV 6")


def _monitoring(dossier: Dossier) -> Section:
    newest = dossier.reports[-MOST_REPORTS:]
    rows = [report_row(one, dossier.decided.get(one.id)) for one in reversed(newest)]
    none = "No monitor has reported on this version."
    parts: list[Part] = []
    watched = mapping(dossier.spec.get("monitor"))
    if watched:
        least = f"{watched.get('min_rows')} rows"
        kinds, every = watched.get("kinds"), watched.get("every")
        parts.append(pairs({"watched": kinds, "every": every, "at least": least}))
    parts.append(table(REPORT_HEAD, rows, none))
    if len(dossier.reports) > len(newest):
        older = len(dossier.reports) - len(newest)
        parts.append(Text(f"{older} older reports stand in documents/monitoring.json."))
    mark = "Annex IV 3, Article 12"
    return Section("monitoring", "Monitoring", "Newest first.", tuple(parts), mark)


def _limits(dossier: Dossier) -> Section:
    unknown = tuple(_unknown(dossier)) or ("nothing that Steward records",)
    return Section(
        "limits",
        "What is not in here",
        "",
        (
            Text("Missing from the record of this version:"),
            Listing(unknown),
            Text("Never recorded here, to be added by whoever answers for the model:"),
            Listing(_ELSEWHERE),
        ),
    )


def _unknown(dossier: Dossier) -> Iterator[str]:
    for name, one in dossier.documents.items():
        if not one.uri:
            yield f"the {WORDS[name]}: none was registered"
        elif one.body is None:
            yield f"the {WORDS[name]}: it is no longer at {one.uri}"
        elif one.is_altered:
            yield f"the {WORDS[name]}: what lies at {one.uri} is not what was recorded"
    words = {
        "run": "the training run",
        "code": "the commit",
        "image": "the image's digest",
    }
    for kind, word in words.items():
        if kind not in dossier.near:
            yield f"{word} that it came from"
    if dossier.judged is None:
        yield "a judgement of the gate"
    if not dossier.approvals:
        yield "an approval"


def _last(node_id: str) -> str:
    return node_id.rpartition("/")[2]


def _when(node: Found) -> str:
    return f"{second(node.at)} UTC"


def _name(node: Found | None) -> str | None:
    return node.id.partition("#")[2] if node else None
