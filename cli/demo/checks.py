"""What AWS says afterwards. Each check reads back, and returns one sentence with what it read."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import boto3

from cli.demo import mortgage
from cli.demo.acts import (
    FIRST_PARTS,
    MORE_PARTS,
    OUTCOMES,
    arn_of,
    ended_runs,
    judged_windows,
    serving,
)
from cli.demo.stage import APPROVER, MODEL, NotTrue, Stage, needed, require, sha256
from cli.documents import find
from steward import times
from steward.decide.approval import Document
from steward.decide.versions import Version
from steward.lineage.nodes import rollout_id, run_id, snapshot_id, version_id
from steward.lineage.read import served_at
from steward.lineage.trace import upstream
from steward.observe.approval import observe_package
from steward.observe.rollout import read_rollout
from steward.observe.serving import read_version
from steward.observe.training import observe_data, read_asked, read_run

PARTS = (*FIRST_PARTS, *MORE_PARTS)


def booted(stage: Stage) -> str:
    """Rules on, tables and pipeline there."""
    rules = boto3.client("events").list_rules(NamePrefix=stage.target.prefix)["Rules"]
    off = [rule["Name"] for rule in rules if rule["State"] != "ENABLED"]
    require(rules and not off, f"{len(rules)} rules were read, {off} are not enabled")
    for table in (stage.target.lineage_table, stage.target.work_table):
        state = stage.aws.dynamodb.describe_table(TableName=table)["Table"]["TableStatus"]
        require(state == "ACTIVE", f"table {table} is {state}")
    pipelines = stage.aws.sagemaker.list_pipelines(PipelineNamePrefix=stage.names.pipeline)
    require(pipelines["PipelineSummaries"], f"pipeline {stage.names.pipeline} is not there")
    there = f"both tables are active, pipeline {stage.names.pipeline} is there"
    return f"{len(rules)} rules are enabled, {there}"


def uploaded(stage: Stage, parts: tuple[int, ...] = FIRST_PARTS) -> str:
    """Each file is on record with the digest of its bytes."""
    known = {found.key: found for found in observe_data(stage.store, MODEL)}
    for part in parts:
        key, data = f"{stage.spec.data.prefix}part-{part}.csv", mortgage.part(part)
        require(key in known, f"{key} is not on record")
        require(known[key].sha256 == sha256(data), f"{key} is on record with another digest")
        node = stage.store.get(stage.store.lineage, known[key].dataset, "node")
        require(node, f"{known[key].dataset} is not in the lineage")
        uri = f"s3://{stage.target.landing_bucket}/{key}"
        kept = stage.read(uri, known[key].version_id)
        require(kept == data, f"{uri} version {known[key].version_id} holds other bytes")
    return f"{len(parts)} object versions are on record, each with the SHA-256 of its bytes"


def trained(stage: Stage, runs: int, parts: tuple[int, ...]) -> str:
    """One run for all uploads, on exactly their bytes."""
    ended, run = ended_runs(stage), needed(read_run(stage.store, MODEL), "no run is on record")
    require(ended == runs, f"{ended} executions have ended, {runs} were due")
    arn = needed(run.execution_arn, f"run {run.number} has no execution")
    execution = stage.aws.sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
    status = execution["PipelineExecutionStatus"]
    reason = execution.get("FailureReason", "")
    require(status == "Succeeded", f"run {run.number} is {status}: {reason}")
    end = stage.store.get(stage.store.lineage, run_id(arn), "end")
    require(end, f"the end of run {run.number} is not in the lineage")
    objects = _snapshot(stage, run.snapshot_uri, run.snapshot)
    require(len(objects) == len(parts), f"{len(objects)} objects were learned from")
    return f"run {run.number} succeeded on exactly the {len(objects)} files that were uploaded"


def _snapshot(stage: Stage, uri: str, digest: str) -> list[Mapping[str, str]]:
    """The manifest's objects, after its own digest and each object's were computed again."""
    raw = stage.read(uri)
    found = sha256(raw)
    require(found == digest, f"{uri} has digest {found[:12]}, the run row says {digest[:12]}")
    manifest = json.loads(raw)
    for entry in manifest["objects"]:
        data = stage.read(f"s3://{manifest['bucket']}/{entry['key']}", entry["version_id"])
        require(
            sha256(data) == entry["sha256"],
            f"{entry['key']} version {entry['version_id']} has other bytes than the snapshot says",
        )
    require(
        stage.store.get(stage.store.lineage, snapshot_id(digest), "node"),
        f"snapshot {digest[:12]} is not in the lineage",
    )
    return list(manifest["objects"])


def registered(stage: Stage, number: int) -> str:
    """The version is in the registry with evidence, judged, and its artifact is what it says."""
    package = observe_package(stage.aws, arn_of(stage, number))
    version = _version(stage, number)
    require(package.status == "PendingManualApproval", f"version {number} is {package.status}")
    require(
        version.gate == "passed",
        f"the gate says {version.gate} of version {number}: {version.gate_reason}",
    )
    found, claimed = sha256(stage.read(package.artifact_uri)), package.artifact_sha256
    require(
        found == claimed,
        f"{package.artifact_uri} has digest {found[:12]}, registered was {claimed[:12]}",
    )
    require(
        stage.store.get(stage.store.lineage, version_id(stage.names.group, number), "node"),
        f"version {number} is not in the lineage",
    )
    return f"version {number} waits for a person; the gate passed: {version.gate_reason}"


def _version(stage: Stage, number: int) -> Version:
    return needed(read_version(stage.store, MODEL, number), f"version {number} was not judged")


def approved(stage: Stage, number: int) -> str:
    """The registry says Approved, and the record says by whom."""
    package = observe_package(stage.aws, arn_of(stage, number))
    require(package.status == "Approved", f"version {number} is {package.status} in the registry")
    person = package.modified_by.person
    require(person == APPROVER, f"version {number} was approved by {person}")
    approval = needed(_version(stage, number).approval, f"no word on version {number} is noted")
    require(approval.counts, approval.reason)
    node = stage.store.get(stage.store.lineage, approval.id, "node")
    require(node, f"{approval.id} is not in the lineage")
    return f"version {number} is Approved by {approval.by}: {approval.words}"


def served(stage: Stage, number: int, rollouts: int) -> str:
    """The endpoint answers with exactly the approved version, and the record agrees."""
    live = serving(stage)
    require(live == number, f"the endpoint serves version {live}, approved was {number}")
    endpoint = stage.aws.sagemaker.describe_endpoint(EndpointName=stage.names.endpoint)
    package = _package_behind(stage, endpoint["EndpointConfigName"])
    require(package == arn_of(stage, number), f"the model behind it is made from {package}")
    now = served_at(stage.store, stage.names.endpoint, endpoint["LastModifiedTime"])
    require(now and now.versions == {str(number): 100}, "the record does not say that it serves")
    rollout = needed(read_rollout(stage.store, MODEL), "no rollout is on record")
    found = rollout.number, rollout.outcome
    require(found == (rollouts, "served"), f"rollout {found[0]} is closed as {found[1]}")
    return f"{stage.names.endpoint} is InService with version {number} by rollout {rollouts}"


def promoted(stage: Stage, number: int, rollouts: int) -> str:
    """The canary was judged while it took traffic, and found no worse."""
    told = served(stage, number, rollouts)
    end = _end_of(stage, rollouts)
    require("no worse" in end or "failed on the new fleet" in end, f"the record says: {end}")
    require(not _alarms(stage), f"alarms are left: {_alarms(stage)}")
    return f"{told}; {end}"


def rolled_back(stage: Stage, number: int, live: int) -> str:
    """The alarm took the traffic back, the record says why, and the old fleet serves on."""
    now = serving(stage)
    require(now == live, f"the endpoint serves version {now}, not {live}")
    rollout = needed(read_rollout(stage.store, MODEL), "no rollout is on record")
    found = rollout.version, rollout.outcome
    require(found == (number, "failed"), f"the rollout of version {found[0]} is {found[1]}")
    # Whichever sees it first.
    require(rollout.ended_by in ("alarm", "judge"), f"it was ended by {rollout.ended_by}")
    failed = _version(stage, number).failed_under
    require(failed == rollout.approval, f"version {number} failed under {failed}")
    require(not _alarms(stage), f"alarms are left: {_alarms(stage)}")
    told = _end_of(stage, rollout.number)
    require(f"{stage.names.group}-r{rollout.number}-" in told, f"no alarm is named: {told}")
    require("failed on the new fleet" in told, f"no requests are counted: {told}")
    return told


def revoked(stage: Stage, number: int, back: int, rollouts: int) -> str:
    """The version that was rejected is gone, and the one before it serves."""
    status = observe_package(stage.aws, arn_of(stage, number)).status
    require(status == "Rejected", f"version {number} is {status} in the registry")
    return f"version {number} is Rejected; {served(stage, back, rollouts)}"


def _end_of(stage: Stage, rollout: int) -> str:
    node = rollout_id(stage.names.endpoint, rollout)
    end = needed(stage.store.get(stage.store.lineage, node, "end"), f"{node} has no end")
    return str(_section(end, "facts")["reason"])


def _alarms(stage: Stage) -> list[str]:
    prefix = f"{stage.names.group}-r"
    found = stage.aws.cloudwatch.describe_alarms(AlarmNamePrefix=prefix)
    return [alarm["AlarmName"] for alarm in found["MetricAlarms"]]


def _package_behind(stage: Stage, config_name: str) -> str | None:
    config = stage.aws.sagemaker.describe_endpoint_config(EndpointConfigName=config_name)
    name = config["ProductionVariants"][0].get("ModelName", "")
    model = stage.aws.sagemaker.describe_model(ModelName=name)
    return model["PrimaryContainer"].get("ModelPackageName")


def captured(stage: Stage, number: int) -> str:
    """Every answer given stands in the capture files of the version that gave it."""
    found = {
        record["eventMetadata"]["inferenceId"]: _output(record) for record in stage.captures(number)
    }
    given = {key: text for key, (version, text) in stage.answers.items() if version == number}
    missing = sorted(set(given) - set(found))
    lost = f"{len(missing)} of {len(given)} predictions are in no capture file: {missing[:3]}"
    require(not missing, lost)
    wrong = [key for key, text in given.items() if found[key] != text]
    require(not wrong, f"{len(wrong)} captured answers differ from those given: {wrong[:3]}")
    return f"{len(given)} predictions of version {number} are captured"


def _output(record: Mapping[str, Any]) -> str:
    return str(record["captureData"]["endpointOutput"]["data"]).strip()


def drifted(stage: Stage) -> str:
    """Two windows held, a broken one paged and held training, the third led to exactly one run."""
    windows = judged_windows(stage, 2, "data_quality")
    last = [windows[hour] for hour in sorted(windows)][-4:]
    verdicts = [str(one["verdict"]) for one in last]
    told = f"the last four windows were judged {', '.join(verdicts)}"
    require(verdicts == ["hold", "hold", "page", "retrain"], told)
    for one, words in zip(last, _OF_WINDOWS, strict=True):
        require(words in str(one["reason"]), f"'{words}' was expected: {one['reason']}")
    for job in _jobs_behind(stage, last):
        found = stage.aws.sagemaker.describe_processing_job(ProcessingJobName=job)
        status = found["ProcessingJobStatus"]
        require(status == "Completed", f"the job {job} is {status}")
    asked = needed(read_asked(stage.store, MODEL), "drift has asked for no run")
    require((asked.number, asked.state) == (1, "taken"), f"request {asked.number} {asked.state}")
    _one_run_was_asked_for(stage, asked.causes)
    return f"{told}; {asked.reason}; one run was asked for, and run 3 is it"


# What the record says of the windows: two of the downturn, a broken one, the third.
_OF_WINDOWS = ("1 of 3 windows", "2 of 3 windows", "about hrat", "in 3 of 3 windows")


def _jobs_behind(stage: Stage, decisions: Sequence[Mapping[str, object]]) -> list[str]:
    """The jobs that wrote what was judged: each report's key names its hour."""
    keys = [str(one["subject"]).split("/") for one in decisions]
    hours = [datetime(*map(int, key[-5:-1]), tzinfo=UTC) for key in keys]  # type: ignore[arg-type, misc]
    return [stage.names.monitor_job("data_quality", 2, hour) for hour in hours]


def _one_run_was_asked_for(stage: Stage, causes: Sequence[str]) -> None:
    run = needed(read_run(stage.store, MODEL), "no run is on record")
    for node in causes:
        require(stage.store.get(stage.store.lineage, node, "node"), f"{node} is not in the lineage")
    require(run.number == 3, f"the last run is run {run.number}, the one asked for is run 3")
    require(run.reasons == ("uploads", "drift"), f"run 3 was opened because of {run.reasons}")
    node = run_id(needed(run.execution_arn, "run 3 has no execution"))
    behind = {to for _, to in upstream(stage.store, (node,)).nodes[node].links}
    require(set(causes) <= behind, f"the lineage has only {sorted(behind)} behind run 3")
    started = stage.aws.sagemaker.list_pipeline_executions(PipelineName=stage.names.pipeline)
    count = len(started["PipelineExecutionSummaries"])
    require(count == 3, f"{count} executions were started, 3 were due")


def better(stage: Stage, number: int) -> str:
    """The new version beats the serving one on the same rows."""
    package = observe_package(stage.aws, arn_of(stage, number))
    evaluation = stage.document(package.reports["evaluation"])
    champion = needed(evaluation.get("champion"), "no serving version was compared with")
    mine = needed(_figure(champion, "candidate", "auc", "value"), "the new one was not measured")
    theirs = _figure(champion, "binary_classification_metrics", "auc", "value")
    theirs = needed(theirs, "the serving one was not measured")
    require(mine > theirs, f"auc {mine:.3f} against {theirs:.3f} of the serving version")
    kind = "recent" if find(champion, "basis") == "recent" else "test"
    against = f"auc {mine:.3f} against {theirs:.3f} on {find(champion, 'rows')} {kind} rows"
    return f"version {number} beats the serving one: {against}"


def _figure(document: object, *path: str) -> float | None:
    value = find(document, *path)
    return float(value) if isinstance(value, int | float) else None


def traced(stage: Stage) -> str:
    """A prediction of each version leads to the exact bytes it was learned from."""
    told = []
    for number, parts in ((1, FIRST_PARTS), (2, PARTS), (5, (*PARTS, *OUTCOMES))):
        inference_id = next(key for key, (given, _) in stage.answers.items() if given == number)
        question = {"endpoint": stage.names.endpoint, "id": inference_id}
        question |= {"at": times.iso(_served_at(stage, number))}
        answer = stage.ask(question)
        require("error" not in answer, str(answer.get("error")))
        told.append(_trace_is_true(stage, answer, number, len(parts)))
        stage.trace[f"version {number}"] = answer
    return "; ".join(told)


def _served_at(stage: Stage, number: int) -> datetime:
    return needed(_version(stage, number).served_at, f"version {number} never served")


def _trace_is_true(stage: Stage, answer: Document, number: int, parts: int) -> str:
    prediction, graph = _section(answer, "prediction"), _entries(answer, "graph")
    found = prediction["version"]
    require(found == number, f"{prediction['inference_id']} is traced to version {found}")
    datasets = [_section(entry, "facts") for entry in graph if _is(entry, "dataset")]
    require(len(datasets) == parts, f"{len(datasets)} objects are traced, not {parts}")
    for facts in datasets:
        data = stage.read(f"s3://{facts['bucket']}/{facts['key']}", str(facts["version_id"]))
        require(
            sha256(data) == facts["sha256"],
            f"{facts['key']} version {facts['version_id']} has other bytes than the record says",
        )
    package = observe_package(stage.aws, arn_of(stage, number))
    rows = _section(stage.document(package.reports["evaluation"]), "rows")
    used = int(str(rows["train"])) + int(str(rows["test"]))
    counted = sum(int(str(facts["rows"])) for facts in datasets)
    require(used == counted, f"{counted} rows are traced, {used} were trained and tested")
    people = [entry["id"] for entry in graph if _is(entry, "person")]
    require(people == [f"person#{APPROVER}"], f"approved by {people}")
    return (
        f"{prediction['inference_id']} -> version {number} -> {parts} objects, {used} rows, "
        "each digest computed again and equal"
    )


def _section(document: Document, name: str) -> Document:
    found = document.get(name)
    if not isinstance(found, Mapping):
        raise NotTrue(f"{name} is missing")
    return found


def _entries(document: Document, name: str) -> list[Document]:
    found = document.get(name)
    if not isinstance(found, list):
        raise NotTrue(f"{name} is missing")
    return found


def _is(entry: Document, kind: str) -> bool:
    return str(entry["id"]).startswith(f"{kind}#")
