"""One lie per step of the demo: what AWS holds is made wrong, and put right again afterwards."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import boto3

from cli.demo.acts import arn_of
from cli.demo.proof import DOSSIERS
from cli.demo.stage import MODEL, Stage
from cli.demo.story import Step
from steward.lineage.nodes import rollout_id
from steward.names import split_s3
from steward.observe.approval import observe_package
from steward.observe.training import observe_data, read_asked, read_run
from steward.record.items import to_item


@dataclass(frozen=True)
class Lie:
    """What is wrong, and how; `instead` replaces what the step does, and is not put right."""

    what: str
    breaks: Callable[[Stage], "Restore"] | None = None
    instead: Callable[[Stage], None] | None = None


type Restore = Callable[[], object]


def told(step: Step, lie: Lie, restores: list[Restore]) -> Step:
    """The step, lied about."""

    def do(stage: Stage) -> None:
        (lie.instead or step.do)(stage)
        if lie.breaks:
            restores.append(lie.breaks(stage))

    return replace(step, do=do)


def what_is_left_to_do(step: Step, lie: Lie) -> Step:
    """The step as it has to be played after the lie: not again, if it was done."""
    return step if lie.instead else replace(step, do=_nothing)


def _nothing(stage: Stage) -> None:
    del stage


@contextmanager
def restored(restores: list[Restore]) -> Iterator[None]:
    """Put right, at the end, what was made wrong inside."""
    try:
        yield
    finally:
        for restore in restores:
            restore()


def _rule_off(stage: Stage) -> Restore:
    events = boto3.client("events")
    name = events.list_rules(NamePrefix=stage.target.prefix)["Rules"][0]["Name"]
    events.disable_rule(Name=name)
    return lambda: events.enable_rule(Name=name)


def _upload_forgotten(stage: Stage) -> Restore:
    node = observe_data(stage.store, MODEL)[0].dataset
    return _without(stage, stage.store.lineage, node, "node")


def _manifest_changed(stage: Stage) -> Restore:
    run = read_run(stage.store, MODEL)
    assert run is not None
    return _one_byte_changed(stage, run.snapshot_uri)


def _artifact_changed(stage: Stage) -> Restore:
    return _one_byte_changed(stage, observe_package(stage.aws, arn_of(stage, 1)).artifact_uri)


def _capture_gone(stage: Stage) -> Restore:
    bucket = stage.target.artifact_bucket
    listed = stage.aws.s3.list_objects_v2(Bucket=bucket, Prefix=f"capture/{MODEL}/v1/")
    key = listed["Contents"][0]["Key"]
    marker = stage.aws.s3.delete_object(Bucket=bucket, Key=key)["VersionId"]
    return lambda: stage.aws.s3.delete_object(Bucket=bucket, Key=key, VersionId=marker)


def _no_better(stage: Stage) -> Restore:
    uri = observe_package(stage.aws, arn_of(stage, 2)).reports["evaluation"]
    return _replaced(stage, uri, stage.read(uri).replace(b'"champion"', b'"nobody"'))


def _report_forgotten(stage: Stage) -> Restore:
    asked = read_asked(stage.store, MODEL)
    assert asked is not None
    _, report = asked.causes
    return _without(stage, stage.store.lineage, report, "node")


def _end_forgotten(stage: Stage) -> Restore:
    node = rollout_id(stage.names.endpoint, 4)
    return _without(stage, stage.store.lineage, node, "end")


def _member_forgotten(stage: Stage) -> Restore:
    """The ways back of the file that version 2 learned from besides those of version 1."""
    dataset = next(
        one.dataset for one in observe_data(stage.store, MODEL) if one.key.endswith("part-4.csv")
    )
    way = stage.store.query(stage.store.lineage, dataset, "2")[0]
    return _without(stage, stage.store.lineage, dataset, str(way["sk"]))


def _digest_forged(stage: Stage) -> Restore:
    node = observe_data(stage.store, MODEL)[0].dataset
    item = stage.store.get(stage.store.lineage, node, "node")
    assert item is not None
    facts = item["facts"]
    assert isinstance(facts, Mapping)
    forged = item | {"facts": dict(facts) | {"sha256": "0" * 64}}
    table = stage.store.lineage
    stage.aws.dynamodb.put_item(TableName=table, Item=to_item(forged))
    return lambda: stage.aws.dynamodb.put_item(TableName=table, Item=to_item(item))


def _document_changed(stage: Stage) -> Restore:
    file = DOSSIERS / f"dossier-{MODEL}-v5" / "documents" / "bias.json"
    before = file.read_bytes()
    file.write_bytes(before.replace(b"0", b"1", 1))
    return lambda: file.write_bytes(before)


def _without(stage: Stage, table: str, pk: str, sk: str) -> Restore:
    item = stage.store.get(table, pk, sk)
    assert item is not None
    stage.aws.dynamodb.delete_item(TableName=table, Key=to_item({"pk": pk, "sk": sk}))
    return lambda: stage.aws.dynamodb.put_item(TableName=table, Item=to_item(item))


def _one_byte_changed(stage: Stage, uri: str) -> Restore:
    data = bytearray(stage.read(uri))
    data[len(data) // 2] ^= 1
    return _replaced(stage, uri, bytes(data))


def _replaced(stage: Stage, uri: str, data: bytes) -> Restore:
    bucket, key = split_s3(uri)
    with unguarded(stage, bucket):
        version = stage.aws.s3.put_object(Bucket=bucket, Key=key, Body=data)["VersionId"]

    def restore() -> None:
        with unguarded(stage, bucket):
            stage.aws.s3.delete_object(Bucket=bucket, Key=key, VersionId=version)

    return restore


@contextmanager
def unguarded(stage: Stage, bucket: str) -> Iterator[None]:
    """Somebody who may do anything takes the bucket's policy off, and puts it back afterwards."""
    s3 = stage.aws.s3
    policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    s3.put_bucket_policy(Bucket=bucket, Policy='{"Version": "2012-10-17", "Statement": []}')
    try:
        yield
    finally:
        s3.put_bucket_policy(Bucket=bucket, Policy=policy)


LIES = {
    "boot": Lie("a rule is switched off", _rule_off),
    "upload": Lie("one upload is not on record", _upload_forgotten),
    "train": Lie("a byte of the snapshot's manifest is changed", _manifest_changed),
    "register": Lie("a byte of the model artifact is changed", _artifact_changed),
    "approve": Lie("the approval is missing", instead=_nothing),
    "serve": Lie("the endpoint is still being created", instead=_nothing),
    "predict": Lie("one capture file is gone", _capture_gone),
    "new_data": Lie("the evaluation does not compare with what serves", _no_better),
    "rollout": Lie("the endpoint is left on version 1", instead=_nothing),
    "canary_ok": Lie("nobody approved the canary", instead=_nothing),
    "canary_bad": Lie("how the rollout ended is not on record", _end_forgotten),
    "revoke": Lie("the endpoint is left on version 3", instead=_nothing),
    "drift": Lie("the report is not on record", _report_forgotten),
    "retrain": Lie("the endpoint is left on version 2", instead=_nothing),
    "trace": Lie("a digest in the record is another one", _digest_forged),
    "impact": Lie("that a file was learned from is not on record", _member_forgotten),
    "tamper": Lie("nothing was changed", instead=_nothing),
    "dossier": Lie("a document in the folder was changed", _document_changed),
}
