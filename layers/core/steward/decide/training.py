"""Training: may this upload be learned from, is a run due, what does it train on?"""

import csv
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from steward import times
from steward.decide.verdict import Verdict
from steward.spec.model import ModelSpec, TrainSpec

CONCERN = "training"
RUNNING = ("Executing", "Stopping")


@dataclass(frozen=True, slots=True)
class Upload:
    """An object version as it lies in the bucket. `header` is None when the object is gone.

    `rows` are its lines without the header.
    """

    bucket: str
    key: str
    version_id: str | None
    etag: str
    size: int
    sequencer: str
    at: datetime
    sha256: str
    header: str | None
    rows: int = 0

    @property
    def identity(self) -> str:
        """Version id, else etag and sequencer: S3 gives nothing better in an unversioned bucket."""
        return self.version_id or f"{self.etag}/{self.sequencer}"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The newest accepted version of a key."""

    key: str
    version_id: str | None
    etag: str
    size: int
    sha256: str
    sequencer: str
    at: datetime
    dataset: str
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Pending:
    """Data that no run has taken yet."""

    sk: str
    key: str
    sequencer: str
    arrived_at: datetime
    is_marker: bool
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """The last run that drift asked for; `causes` are the decision and the report, by node id.

    `version` served then and had drifted in `drifted`; `earlier` are the times of this request and
    of those before it that still count.
    """

    number: int
    state: str
    at: datetime
    reason: str
    causes: tuple[str, ...]
    version: int
    drifted: frozenset[str]
    earlier: tuple[datetime, ...]

    @property
    def waiting(self) -> bool:
        """Whether no run has been opened for it yet."""
        return self.state == "waiting"


@dataclass(frozen=True, slots=True)
class Run:
    """The run row: the last run of a model, with everything that starting it again needs.

    `snapshot` and `definition` are digests; `execution_arn` is None until the start was answered;
    `causes` are the nodes of what asked for the run besides uploads.
    """

    number: int
    state: str
    opened_at: datetime
    reasons: tuple[str, ...]
    decision: str
    definition: str
    snapshot: str
    snapshot_uri: str
    spec_uri: str
    champion_uri: str
    champion_snapshot_uri: str = ""
    causes: tuple[str, ...] = ()
    execution_arn: str | None = None
    outcome: str | None = None

    @property
    def open(self) -> bool:
        """Whether the run is in flight, or was about to start."""
        return self.state == "open"


@dataclass(frozen=True, slots=True)
class Execution:
    """What SageMaker says of a pipeline execution now."""

    arn: str
    status: str
    started_at: datetime
    ended_at: datetime
    failure: str
    failed_step: str


@dataclass(frozen=True, slots=True)
class TrainingFacts:
    """Everything that one look at a model's training rests on.

    No run: none was ever opened. No `asked`: drift never asked for one. `paused` says by whom and
    why no run may start; None: one may.
    """

    pending: tuple[Pending, ...]
    run: Run | None
    execution: Execution | None
    asked: Asked | None = None
    paused: str | None = None

    @property
    def in_flight(self) -> Run:
        """The open run."""
        if self.run is None or not self.run.open:
            raise ValueError("no run is open")
        return self.run

    @property
    def ended(self) -> Execution:
        """The open run's execution, after it ended."""
        if self.execution is None or self.execution.status in RUNNING:
            raise ValueError("no execution has ended")
        return self.execution

    @property
    def request(self) -> Asked | None:
        """The run that drift asks for and that has not been opened yet."""
        return self.asked if self.asked and self.asked.waiting else None

    @property
    def next_number(self) -> int:
        """Number of the run that would come next."""
        return self.run.number + 1 if self.run else 1


def reasons(facts: TrainingFacts, train: TrainSpec, now: datetime) -> tuple[str, ...]:
    """Why a run would start now."""
    every = {
        "uploads": any(not row.is_marker for row in facts.pending),
        "schedule": scheduled(facts, train, now) is not None,
        "drift": facts.request is not None,
    }
    return tuple(reason for reason, holds in every.items() if holds)


def scheduled(facts: TrainingFacts, train: TrainSpec, now: datetime) -> datetime | None:
    """The time of the schedule that no run has answered; None when there is nothing new to learn.

    What a failed run had taken is new.
    """
    if train.schedule is None or not _is_anything_new(facts):
        return None
    since = facts.run.opened_at if facts.run else min(row.arrived_at for row in facts.pending)
    due = train.schedule.latest(now)
    return due if due and due > since else None


def _is_anything_new(facts: TrainingFacts) -> bool:
    run_failed = facts.run and facts.run.outcome not in (None, "Succeeded")
    return bool(run_failed) or any(not row.is_marker for row in facts.pending)


def started(run: Run, execution: Execution) -> Verdict:
    """The verdict that an open run has an execution."""
    facts = {"execution": execution.arn, "snapshot": run.snapshot, "decision": run.decision}
    reason = f"run {run.number} was started as {execution.arn.rpartition('/')[2]}"
    return Verdict(CONCERN, f"run {run.number}", "started", reason, facts)


def judge_upload(upload: Upload, spec: ModelSpec) -> Verdict:
    """Accept a data file, or reject it with the reason."""
    facts = {"key": upload.key, "version": upload.identity, "size": upload.size}
    fault = _fault(upload, spec.columns)
    if fault:
        return Verdict(CONCERN, upload.key, "reject", f"{upload.key} is left out: {fault}", facts)
    reason = f"{upload.key} ({upload.size} bytes) has all {len(spec.columns)} columns"
    return Verdict(CONCERN, upload.key, "accept", reason, facts)


def _fault(upload: Upload, columns: Sequence[str]) -> str | None:
    if upload.header is None:
        return "the object version does not exist any more"
    if upload.size == 0:
        return "the object is empty"
    if not upload.key.lower().endswith(".csv"):
        return "the file is not a .csv file"
    try:
        found = next(csv.reader([upload.header]), [])
    except csv.Error as error:
        return f"the header is no line of CSV: {error}"
    missing = [column for column in columns if column not in found]
    if missing:
        return f"{len(missing)} of {len(columns)} columns are missing: {', '.join(missing)}"
    twice = sorted({column for column in columns if found.count(column) > 1})
    return f"columns stand twice: {', '.join(twice)}" if twice else None


def judge_order(upload: Upload, known: Accepted | None) -> Verdict | None:
    """An upload that comes after a newer one of the same key is history, not new data."""
    if known is None or is_newer(upload.sequencer, known.sequencer):
        return None
    reason = f"{upload.key}: a newer version was accepted before (sequencer {known.sequencer})"
    facts = {"key": upload.key, "version": upload.identity, "newer": known.dataset}
    return Verdict(CONCERN, upload.key, "supersede", reason, facts)


def is_newer(sequencer: str, than: str) -> bool:
    """Whether an event of the same key is later; S3's sequencers are padded, then compared."""
    width = max(len(sequencer), len(than))
    return sequencer.rjust(width, "0") > than.rjust(width, "0")


def next_step(facts: TrainingFacts, train: TrainSpec, now: datetime) -> Verdict:
    """What to do for a model now: finish, resume, start, wait or nothing."""
    verdict = _unpaused(facts, train, now)
    if facts.paused and verdict.kind == "start":
        facts_of = dict(verdict.facts) | {"paused": facts.paused}
        reason = f"{verdict.reason}, but {facts.paused}"
        return Verdict(CONCERN, verdict.subject, "wait", reason, facts_of)
    return verdict


def _unpaused(facts: TrainingFacts, train: TrainSpec, now: datetime) -> Verdict:
    run = facts.run
    if run and run.open:
        return _in_flight(run, facts.execution)
    if facts.request:
        return _drift_asks(facts, facts.request)
    if due := scheduled(facts, train, now):
        return _schedule_asks(facts, train, due)
    if not facts.pending:
        return Verdict(CONCERN, "run", "nothing", "no data is waiting", {})
    if all(pending.is_marker for pending in facts.pending):
        return _only_a_marker(facts, train, now)
    return _start_or_wait(facts, train, now)


def since(verdict: Verdict, facts: TrainingFacts) -> datetime | None:
    """Since when a step was due; None when it is time that makes it so."""
    if verdict.kind == "finish":
        return facts.ended.ended_at
    return facts.in_flight.opened_at if verdict.kind == "resume" else None


def _in_flight(run: Run, execution: Execution | None) -> Verdict:
    if execution is None:
        reason = f"run {run.number} was opened and its start is not known to have been answered"
        return Verdict(CONCERN, f"run {run.number}", "resume", reason, {"snapshot": run.snapshot})
    facts = {"execution": execution.arn, "status": execution.status}
    if execution.status in RUNNING:
        reason = f"run {run.number} is in flight: {execution.status}"
        return Verdict(CONCERN, f"run {run.number}", "wait", reason, {"snapshot": run.snapshot})
    reason = f"run {run.number} ended: {execution.status}"
    if execution.failed_step:
        reason += f" in step {execution.failed_step}"
    if execution.failure:
        reason += f": {execution.failure}"
    return Verdict(CONCERN, f"run {run.number}", "finish", reason, facts)


def _drift_asks(facts: TrainingFacts, asked: Asked) -> Verdict:
    """Drift waits for nothing: what has been uploaded so far is what there is to learn from."""
    reason = f"drift asks for a run: {asked.reason}"
    told = {"number": facts.next_number, "asked": asked.number}
    return Verdict(CONCERN, f"run {facts.next_number}", "start", reason, told)


def _schedule_asks(facts: TrainingFacts, train: TrainSpec, due: datetime) -> Verdict:
    """The schedule waits for no quiet: what has been uploaded so far is taken."""
    text = train.schedule.text if train.schedule else ""
    reason = f"the schedule {text!r} was due at {times.iso(due)[:16]}Z"
    told = {"number": facts.next_number, "due": due}
    return Verdict(CONCERN, f"run {facts.next_number}", "start", reason, told)


def _only_a_marker(facts: TrainingFacts, train: TrainSpec, now: datetime) -> Verdict:
    """Events come in any order: the marker's data may be on its way, or was taken long ago."""
    quiet = now - max(pending.arrived_at for pending in facts.pending)
    told = {"marker": sorted(pending.sk for pending in facts.pending)}
    if quiet < train.quiet_period:
        reason = "the marker object arrived, and no new data yet"
        return Verdict(CONCERN, f"run {facts.next_number}", "wait", reason, told)
    reason = f"no new data came within {_minutes(train.quiet_period)} of the marker object"
    return Verdict(CONCERN, f"run {facts.next_number}", "forget", reason, told)


def _start_or_wait(facts: TrainingFacts, train: TrainSpec, now: datetime) -> Verdict:
    subject, count = f"run {facts.next_number}", len(facts.pending)
    arrivals = [pending.arrived_at for pending in facts.pending]
    quiet, waited = now - max(arrivals), now - min(arrivals)
    why = None
    rows = sum(pending.rows for pending in facts.pending)
    if any(pending.is_marker for pending in facts.pending):
        why = "the marker object arrived"
    elif rows < train.new_rows:
        return _too_few(facts, train, rows)
    elif quiet >= train.quiet_period:
        why = f"uploads have been quiet for {_minutes(train.quiet_period)}"
    elif waited >= train.max_wait:
        why = f"the first upload has waited for {_minutes(train.max_wait)}"
    if why is None:
        reason = f"waiting until uploads have been quiet for {_minutes(train.quiet_period)}"
        return Verdict(CONCERN, subject, "wait", reason, {"after": facts.next_number - 1})
    waiting = "1 upload is waiting" if count == 1 else f"{count} uploads are waiting"
    reason = f"{waiting} and {why}"
    return Verdict(CONCERN, subject, "start", reason, {"number": facts.next_number, "why": why})


def _too_few(facts: TrainingFacts, train: TrainSpec, rows: int) -> Verdict:
    reason = f"{rows} new rows are waiting, a run starts with {train.new_rows}"
    told = {"after": facts.next_number - 1, "rows": rows}
    return Verdict(CONCERN, f"run {facts.next_number}", "wait", reason, told)


def _minutes(length: timedelta) -> str:
    minutes = length.total_seconds() / 60
    return f"{minutes:g} min"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a run trains on, oldest upload first, and what was left out with the reason."""

    objects: tuple[Accepted, ...]
    left_out: tuple[Mapping[str, str | None], ...]

    def explain(self) -> str:
        """How much is learned from and what is left out, in words."""
        count = len(self.objects)
        text = f"{count} object{' is' if count == 1 else 's are'} learned from"
        gone = [f"{entry['key']} ({entry['why']})" for entry in self.left_out]
        return f"{text}; left out: {', '.join(gone)}" if gone else text

    def manifest(self, model: str, bucket: str) -> dict[str, object]:
        """The manifest's content; its digest names the snapshot."""
        objects = [
            {
                "key": found.key,
                "version_id": found.version_id,
                "etag": found.etag,
                "size": found.size,
                "sha256": found.sha256,
                "sequencer": found.sequencer,
            }
            for found in self.objects
        ]
        left_out = [dict(entry) for entry in self.left_out]
        return {
            "schema": 1,
            "model": model,
            "bucket": bucket,
            "objects": objects,
            "left_out": left_out,
        }


def compose(accepted: Iterable[Accepted], existing: Collection[str]) -> Snapshot:
    """The newest accepted version of each key that still exists, oldest upload first."""
    known = sorted(accepted, key=lambda found: (found.at, found.key))
    left_out = tuple(
        {
            "key": found.key,
            "version_id": found.version_id,
            "sequencer": found.sequencer,
            # Without versions, bytes that are overwritten are gone too.
            "why": "deleted" if found.version_id else "deleted or overwritten",
        }
        for found in known
        if found.key not in existing
    )
    return Snapshot(tuple(found for found in known if found.key in existing), left_out)


def on_snapshot(verdict: Verdict, snapshot: Snapshot, sha256: str) -> Verdict:
    """The verdict to start, with what is learned from."""
    facts = dict(verdict.facts) | {"snapshot": sha256}
    reason = f"{verdict.reason}; {snapshot.explain()}"
    return Verdict(CONCERN, verdict.subject, verdict.kind, reason, facts)


def nothing_to_learn(verdict: Verdict, snapshot: Snapshot) -> Verdict:
    """The verdict when a run is due and no accepted object is left."""
    reason = f"{verdict.reason}, but {snapshot.explain()}"
    return Verdict(CONCERN, verdict.subject, "hold", reason, verdict.facts)


def covered(
    pending: Iterable[Pending], snapshot: Mapping[str, str], opened_at: datetime
) -> list[Pending]:
    """The pending rows that a run has taken: what its manifest holds, and markers seen before it.

    `snapshot` maps each key of the manifest, left-out ones too, to the sequencer it was taken at.
    """
    return [
        row
        for row in pending
        if (row.is_marker and row.arrived_at <= opened_at)
        or (row.key in snapshot and not is_newer(row.sequencer, snapshot[row.key]))
    ]
