"""A flood of uploads through the queue and the functions of a deployment in memory."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from local_aws.memory.items import Json
from tests.simulation.flows import MODEL, Fates
from tests.simulation.house import House, mortgage
from tests.simulation.quiet import full_sweep, minutes

# What arrives when the run has begun already: one object in so many.
STRAGGLERS = 50


@dataclass(frozen=True)
class Flooded:
    """What became of a flood.

    `new` counts, by key, the snapshots that hold an object which the one before did not.
    """

    invocations: int
    runs: int
    new: Counter[str]


def flood(objects: int) -> Flooded:
    """So many uploads, at a thousand a second; the last ones when the run has begun."""
    house = House(Fates(), [mortgage()])
    late = objects // STRAGGLERS
    invocations = _arrive(house, range(objects - late))
    minutes(house, 11)
    full_sweep(house)
    invocations += _arrive(house, range(objects - late, objects))
    minutes(house, 30)
    full_sweep(house)
    minutes(house, 30)
    full_sweep(house)
    runs = list(house.account.sagemaker.runs._executions.values())
    return Flooded(invocations, len(runs), _new(house, [one.parameters for one in runs]))


def _arrive(house: House, numbers: range) -> int:
    """Objects arrive while the function takes batches as its window and size let it."""
    function, queue, invocations = house.function("training"), house.queue("training"), 0
    window, begun = function.window, house.world.now()
    for number in numbers:
        house.upload(MODEL, f"{number:05}.csv", rows=1)
        house.world.pass_until(house.world.now() + timedelta(milliseconds=1))
        waited = house.world.now() - begun
        if len(queue.messages) >= function.batch_size or waited >= window:
            invocations += _take(house)
            begun = house.world.now()
    while queue.messages:
        invocations += _take(house)
    return invocations


def _take(house: House) -> int:
    queue = house.queue("training")
    batch = queue.receive(house.function("training").batch_size, house.world.now())
    assert house.run("training", batch) == set()
    for message in batch:
        queue.delete(message)
    return 1


def _new(house: House, runs: list[object]) -> Counter[str]:
    snapshots = []
    for parameters in runs:
        assert isinstance(parameters, dict)
        bucket, _, key = str(parameters["SnapshotUri"]).removeprefix("s3://").partition("/")
        body = house.account.s3.get({"Bucket": bucket, "Key": key})["Body"].read()
        snapshots.append(json.loads(body))
    return new_in(snapshots)


def new_in(snapshots: Iterable[Json]) -> Counter[str]:
    """In how many snapshots, given in their order, each key is what the one before did not hold."""
    known: dict[str, str] = {}
    new = Counter[str]()
    for snapshot in snapshots:
        now = {one["key"]: one["version_id"] for one in snapshot["objects"]}
        new.update(key for key, version in now.items() if known.get(key) != version)
        known = now
    return new
