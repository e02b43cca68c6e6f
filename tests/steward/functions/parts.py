"""What happens around a model, in parts that stories are told with."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from steward.lineage.read import candidates_at
from tests.steward.functions.house import ARTIFACTS, NAME, House

type Part = Callable[[House], None]

ARTIFACT_1 = "runs/mortgage/r1/model/model.tar.gz"


def approved(house: House, number: int = 1, **given: Any) -> None:
    """A version that was judged and approved, and that rollout has not looked at."""
    house.judged(number, **given)
    house.deliver("approval", house.says(number))


def row(house: House) -> dict[str, Any]:
    """The last rollout of the endpoint."""
    found = house.row("rollout")
    assert found is not None
    return found


def may_have_answered(house: House, at: datetime) -> list[str]:
    """The versions that may have answered at a moment."""
    return [one for served in candidates_at(house.store, NAME, at) for one in served.versions]


def uploads(house: House) -> None:
    house.deliver("training", house.upload("a.csv"))
    house.deliver("training", house.upload("b.csv", house.rows(3, without="unem")))


def run(house: House) -> None:
    house.clock.pass_by(minutes=10)
    house.look("training")


def failed_run(house: House) -> None:
    (execution,) = house.sagemaker.executions
    house.sagemaker.end(execution, "Failed", "no rows")
    house.deliver("training", house.run_event())


def judgement(house: House) -> None:
    house.deliver("approval", house.registered())


def word(house: House) -> None:
    house.deliver("approval", house.says(1))


def in_flight(house: House) -> None:
    """A rollout is asked for; while it is open, the sweep asks for a look every minute."""
    house.look("rollout")
    house.look("rollout")


def rollout(house: House) -> None:
    in_flight(house)
    house.clock.pass_by(minutes=4)
    house.sagemaker.settle()
    house.deliver("rollout", house.endpoint_event())


def next_version(house: House) -> None:
    house.judged(2, against=1)
    house.deliver("approval", house.says(2))


def failed_rollout(house: House) -> None:
    in_flight(house)
    house.sagemaker.settle(failure="alarm")
    house.deliver("rollout", house.endpoint_event())


def baking(house: House) -> None:
    """The new fleet takes its first share of the traffic, and does well."""
    in_flight(house)
    house.clock.pass_by(minutes=5)
    house.sagemaker.bake()
    house.takes(*[(30, 0, 90, 0)] * 2)


def promoted(house: House) -> None:
    baking(house)
    house.look("rollout")
    house.sagemaker.settle()
    house.deliver("rollout", house.endpoint_event())


def judged_worse(house: House) -> None:
    baking(house)
    house.takes((30, 9, 90, 0))
    house.look("rollout")
    house.sagemaker.settle(failure="an alarm")
    house.deliver("rollout", house.endpoint_event())


def paused_and_resumed(house: House) -> None:
    house.deliver("rollout", house.order("pause"))
    house.deliver("rollout", house.order("resume", 2))
    in_flight(house)


def retired(house: House) -> None:
    house.clock.pass_by(minutes=60)
    house.deliver("rollout", house.order("retire"))
    house.look("rollout")
    del house.sagemaker.endpoints[NAME]
    house.clock.pass_by(minutes=1)
    house.deliver("rollout", house.endpoint_event())


def revoked_before_the_call(house: House) -> None:
    house.sagemaker.meanwhile["CreateModel"] = lambda: house.says(1, "Rejected")
    house.look("rollout")


def deleted_before_the_call(house: House) -> None:
    def delete_and_die() -> None:
        house.sagemaker.packages.clear()
        raise TimeoutError

    house.sagemaker.meanwhile["CreateModel"] = delete_and_die
    house.look("rollout")


def drift(house: House, check: str = "baseline_drift_check", hour: int = 11) -> None:
    """A window in which a check was violated; by model-monitor's file, and its count of rows."""
    folder = f"monitoring/mortgage/v1/data_quality/x/y/2026/11/20/{hour + 1:02}"
    counted = '{"dataset": {"item_count": 500}}'
    house.upload(f"{folder}/statistics.json", counted, bucket=ARTIFACTS)
    found = f'{{"violations": [{{"constraint_check_type": "{check}"}}]}}'
    key = f"{folder}/constraint_violations.json"
    house.deliver("drift", house.upload(key, found, bucket=ARTIFACTS))


def broken_schema(house: House) -> None:
    drift(house, "missing_column_check")


def drifting(house: House) -> None:
    """Two windows have drifted, and there is data that the version was not trained on."""
    house.deliver("training", house.upload("new.csv", house.rows(200)))
    drift(house, hour=9)
    drift(house, hour=10)


def captured(house: House) -> None:
    """An hour of requests was captured, and its window is complete."""
    at = house.clock.now()
    house.aws.s3.put_object(
        Bucket=ARTIFACTS,
        Key="published/monitor.json",
        Body=b'{"image": "image:1", "files": {"watch.py": "s3://artifacts/code/watch.py"}}',
    )
    key = f"capture/mortgage/v1/{NAME}/AllTraffic/{at:%Y/%m/%d/%H}/1.jsonl"
    house.aws.s3.put_object(Bucket=ARTIFACTS, Key=key, Body=b"{}")
    house.clock.pass_by(minutes=90)


def watched(house: House) -> None:
    """The window's job runs, writes a clean report, and ends."""
    house.look("drift")
    for job in house.sagemaker.jobs.values():
        job["ProcessingJobStatus"] = "Failed"
    house.look("drift")


def then(*parts: Part) -> Part:
    def together(house: House) -> None:
        for part in parts:
            part(house)

    return together


JUDGED = then(uploads, run, judgement)
