"""A landing bucket without versions: the right bytes are learned from, once, or none."""

from collections.abc import Iterator
from dataclasses import dataclass

import boto3
import pytest

from cli import repository
from cli.demo import mortgage
from cli.demo.stage import MODEL, Stage, sha256
from cli.local import PREFIX, target
from cli.publish import publish
from local_aws.client import LocalAws
from steward.observe.training import read_run
from tests.bad_input.conftest import environment
from tests.bad_input.house import House, Json

BUCKET = "a-bucket-without-versions"
FIRST, LATER = mortgage.part(3), mortgage.part(4)


@dataclass
class Plain:
    """The deployment, and what its first run was given."""

    house: House
    first: Json


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plain]:
    root = tmp_path_factory.mktemp("unversioned")
    parameters = {"Prefix": PREFIX, "ExistingLandingBucket": BUCKET}
    with (
        LocalAws.start(root, repository.TEMPLATE, parameters) as local,
        environment(local.environment()),
    ):
        make_bucket()
        publish(target(local), dry_run=False)
        yield tell(House(Stage(local, say=lambda _: None)))


def make_bucket() -> None:
    s3, where = boto3.client("s3"), {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)  # type: ignore[arg-type]
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )


def tell(house: House) -> Plain:
    """A run is due; a file of its snapshot is overwritten before the run has begun."""
    house.put("part-1.csv", mortgage.part(1))
    house.put("part-2.csv", b"to be overwritten")
    house.put("part-2.csv", mortgage.part(2))
    for name in ("spoilt.csv", "deleted.csv"):
        house.put(name, mortgage.part(5))
    house.put("late.csv", FIRST)
    house.local.settle()
    house.put("spoilt.csv", b"")
    house.s3.delete_object(Bucket=BUCKET, Key=f"{house.prefix}deleted.csv")
    call = "sagemaker:StartPipelineExecution"
    house.local.misbehave("denied", call, function="steward-training", times=5)
    house.stage.until("run 1 is open", lambda: read_run(house.store, MODEL) is not None)
    first = house.manifest()
    house.put("late.csv", LATER)
    house.let_run_end(1)
    house.let_run_end(2)
    return Plain(house, first)


def test_an_upload_is_identified_by_etag_and_sequencer(plain: Plain) -> None:
    found = plain.house.datasets("part-2.csv")
    assert [one["version_id"] for one in found] == [None, None]
    assert sorted(one["judgement"] for one in found) == ["accept", "reject"]
    event = plain.house.announced(f"{plain.house.prefix}part-2.csv")
    before = plain.house.record()
    (message,) = plain.house.deliver("training", event)
    plain.house.local.settle()
    assert plain.house.record() == before
    assert "is on record already" in plain.house.log("training", message)[0]


def test_what_was_deleted_or_overwritten_is_left_out_and_named(plain: Plain) -> None:
    names = ("deleted.csv", "spoilt.csv")
    gone = [(plain.house.prefix + name, "deleted or overwritten") for name in names]
    assert sorted((one["key"], one["why"]) for one in plain.first["left_out"]) == gone
    (start,) = (one for one in plain.house.decided("run 1") if one["verdict"] == "start")
    assert all(f"{key} ({why})" in start["reason"] for key, why in gone)


def test_a_run_whose_data_was_overwritten_fails_and_says_so(plain: Plain) -> None:
    key = f"{plain.house.prefix}late.csv"
    (etag,) = (one["etag"] for one in plain.first["objects"] if one["key"] == key)
    why = f"{key} with ETag {etag} cannot be read: it was overwritten, and its bucket keeps no"
    (finish,) = (one for one in plain.house.decided("run 1") if one["verdict"] == "finish")
    assert f"Failed in step Prepare: AlgorithmError: {why} versions." in finish["reason"]
    (message,) = plain.house.told("training run 1 failed")
    assert why in message["Message"]


def test_the_next_run_learns_from_the_right_bytes_once(plain: Plain) -> None:
    assert plain.house.runs()[1] == ("steward-mortgage-run-2", "Succeeded")
    bodies = {
        "part-1.csv": mortgage.part(1),
        "part-2.csv": mortgage.part(2),
        "late.csv": LATER,
    }
    found = {one["key"]: (one["sha256"], one["used"]) for one in plain.house.prepared()}
    assert found == {
        plain.house.prefix + name: (sha256(body), body.count(b"\n") - 1)
        for name, body in bodies.items()
    }
