"""A trace over what the handlers wrote."""

import pytest

from steward.lineage.nodes import snapshot_id
from steward.lineage.trace import upstream
from steward.observe.training import read_run
from tests.steward.functions.house import ARTIFACTS, House


@pytest.mark.parametrize("count", [10, 11, 60])
def test_names_every_object_of_a_snapshot_however_many(house: House, count: int) -> None:
    for number in range(count):
        assert house.deliver("training", house.upload(f"{number}.csv")) == 0
    run = started(house)
    trace = upstream(house.store, (run,))
    keys = {node.facts["key"] for node in trace.nodes.values() if node.id.startswith("dataset#")}
    assert keys == {f"mortgage/incoming/{number}.csv" for number in range(count)}


def test_of_a_snapshot_whose_manifest_is_gone_tells_that_and_the_rest(house: House) -> None:
    for number in range(11):
        house.deliver("training", house.upload(f"{number}.csv"))
    run = started(house)
    listed = house.aws.s3.list_objects_v2(Bucket=ARTIFACTS, Prefix="snapshots/")["Contents"]
    house.aws.s3.delete_object(Bucket=ARTIFACTS, Key=listed[0]["Key"])
    nodes = {one.id.partition("#")[0]: one for one in upstream(house.store, (run,)).nodes.values()}
    assert set(nodes) == {"run", "snapshot", "decision"}
    assert "does not exist any more" in str(nodes["snapshot"].facts["members_unknown"])


def started(house: House) -> str:
    """The node of the run that has taken all."""
    house.clock.pass_by(minutes=11)
    house.look("training")
    run = read_run(house.store, "mortgage")
    assert run is not None
    assert house.store.get(house.store.lineage, snapshot_id(run.snapshot), "node")
    return f"run#{str(run.execution_arn).partition(':pipeline/')[2].replace('/execution/', '/')}"
