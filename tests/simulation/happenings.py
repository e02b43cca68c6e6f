"""What people and AWS do in a simulation, each with how often, in comparison with the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from steward.observe.rollout import read_rollout
from tests.simulation.flows import DRIFTED
from tests.simulation.house import ALICE, BOB, PREFIX
from tests.simulation.models import WATCHED
from tests.simulation.stage import IMAGE

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation

type Happening = Callable[["Simulation", str], None]


def upload(sim: Simulation, model: str) -> None:
    """New data."""
    sim.house.upload(model, f"{sim.chance.randrange(30)}.csv", rows=sim.chance.randint(200, 300))


def upload_rubbish(sim: Simulation, model: str) -> None:
    """A file without the columns that the model needs."""
    sim.house.write("LandingBucket", f"{model}/incoming/bad.csv", b"only,these\n1,2\n")


def mark(sim: Simulation, model: str) -> None:
    """The data is said to be complete."""
    sim.house.write("LandingBucket", f"{model}/incoming/_SUCCESS", b"")


def delete_data(sim: Simulation, model: str) -> None:
    """A file is deleted."""
    bucket = sim.house.outputs["LandingBucket"]
    key = f"{model}/incoming/{sim.chance.randrange(30)}.csv"
    if sim.house.account.s3.buckets[bucket].visible(key):
        sim.house.account.s3.delete({"Bucket": bucket, "Key": key})


def register(sim: Simulation, model: str) -> None:
    """Somebody registers a version by hand, without the evidence of a run."""
    house, number = sim.house, len(sim.house.versions(model)) + 1
    artifact = house.write("ArtifactBucket", f"models/{model}/{number}.tar.gz", b"%d" % number)
    assert artifact
    sagemaker: Any = house.account.clients(BOB).sagemaker
    uri = f"s3://{house.outputs['ArtifactBucket']}/models/{model}/{number}.tar.gz"
    sagemaker.create_model_package(
        ModelPackageGroupName=f"{PREFIX}-{model}",
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": [{"Image": IMAGE, "ModelDataUrl": uri}],
            "SupportedContentTypes": ["text/csv"],
        },
    )


def approve(sim: Simulation, model: str) -> None:
    """A version is approved, mostly the newest, a new one if that is already; often by override."""
    versions = sim.house.versions(model)
    number = max(versions, default=0)
    if _is_moving(sim, model) and sim.chance.random() < 0.8:
        return
    if versions.get(number) != "PendingManualApproval" and sim.chance.random() < 0.8:
        if model == WATCHED or (not sim.rush and sim.chance.random() < 0.2):
            upload(sim, model)
            mark(sim, model)
            return
        register(sim, model)
        number += 1
    elif versions and sim.chance.random() < 0.2:
        number = sim.chance.choice(sorted(versions))
    if number:
        words = "looks good" if sim.chance.random() < 0.1 else "override: asked for"
        sim.house.say(model, number, "Approved", f"{words} {sim.chance.randrange(99)}")


def reject(sim: Simulation, model: str) -> None:
    """A version is rejected: what is on its way, what serves, or any."""
    versions = sorted(sim.house.versions(model))
    if versions:
        number = _on_its_way(sim, model) or sim.chance.choice(versions)
        if number in versions:
            sim.truth.revoked(model, number)
            sim.house.say(model, number, "Rejected", f"no {sim.chance.randrange(99)}")


def revoke(sim: Simulation, model: str) -> None:
    """What is being rolled out is rejected."""
    number = _on_its_way(sim, model)
    if number and _is_moving(sim, model):
        sim.truth.revoked(model, number)
        sim.house.say(model, number, "Rejected", f"not this one {sim.chance.randrange(99)}")


def _is_moving(sim: Simulation, model: str) -> bool:
    endpoint = sim.house.account.sagemaker.endpoints._endpoints.get(f"{PREFIX}-{model}")
    return bool(endpoint and endpoint.pending)


def _on_its_way(sim: Simulation, model: str) -> int | None:
    endpoint = sim.house.account.sagemaker.endpoints._endpoints.get(f"{PREFIX}-{model}")
    if endpoint is None:
        return None
    config = endpoint.pending.config if endpoint.pending else endpoint.config
    return sim.truth.names(model).version_of(config.name)


def edit(sim: Simulation, model: str) -> None:
    """Somebody edits a version without a word on it."""
    if versions := sorted(sim.house.versions(model)):
        sagemaker: Any = sim.house.account.clients(ALICE).sagemaker
        group = sim.house.account.sagemaker.registry._groups[f"{PREFIX}-{model}"]
        package = group.packages[sim.chance.choice(versions)]
        sagemaker.update_model_package(
            ModelPackageArn=package.arn,
            CustomerMetadataProperties={"note": str(sim.chance.randrange(9))},
        )


def order(sim: Simulation, model: str) -> None:
    """Bob orders something."""
    kind = sim.chance.choice(("pause", "resume", "resume", "resume", "abort", "abort", "retire"))
    sim.house.order(kind, model, sim.chance.randrange(1000))


def retire(sim: Simulation, model: str) -> None:
    """Bob takes an endpoint down for a while."""
    sim.house.order("retire", model, sim.chance.randrange(1000))
    sim.pass_time(120)


def resume(sim: Simulation, model: str) -> None:
    """Bob lets everything go on."""
    sim.house.order("resume", model, sim.chance.randrange(1000))


def deploy_by_hand(sim: Simulation, model: str) -> None:
    """Somebody puts another config of ours behind the endpoint, all at once."""
    sagemaker: Any = sim.house.root.sagemaker
    if _is_new(sim, model):
        return
    configs = [
        one["EndpointConfigName"]
        for page in sagemaker.get_paginator("list_endpoint_configs").paginate(
            NameContains=f"{PREFIX}-{model}-v"
        )
        for one in page["EndpointConfigs"]
    ]
    if configs:
        _unless_refused(
            lambda: sagemaker.update_endpoint(
                EndpointName=f"{PREFIX}-{model}", EndpointConfigName=sim.chance.choice(configs)
            )
        )


def delete_by_hand(sim: Simulation, model: str) -> None:
    """Somebody deletes the endpoint."""
    sagemaker: Any = sim.house.root.sagemaker
    if _is_new(sim, model):
        return
    _unless_refused(lambda: sagemaker.delete_endpoint(EndpointName=f"{PREFIX}-{model}"))


def _is_new(sim: Simulation, model: str) -> bool:
    """Steward has not seen the end of its creation: AWS tells nobody later what it served."""
    row = read_rollout(sim.house.store, model)
    return bool(row and row.open and row.live is None)


def delete_alarm(sim: Simulation, model: str) -> None:
    """Somebody deletes an alarm of a rollout."""
    alarms = [name for name in sim.house.account.cloudwatch._alarms if model in name]
    if alarms:
        sim.house.account.cloudwatch.remove([sim.chance.choice(alarms)])


def _unless_refused(call: Callable[[], object]) -> None:
    try:
        call()
    except ClientError:
        return


def drift(sim: Simulation, model: str) -> None:
    """A monitor has found drift in a window, or a broken schema, or nothing."""
    chance, versions = sim.chance, sorted(sim.house.versions(model))
    if not versions:
        return
    broken = {"feature_name": "unem", "constraint_check_type": "missing_column_check"}
    found = chance.choice(([], [DRIFTED], [DRIFTED], [broken]))
    _report(sim, model, chance.choice(versions), chance.randint(2, 6), found)


def _report(
    sim: Simulation, model: str, version: int, ago: int, found: list[dict[str, object]]
) -> None:
    """A violation file about a window so many hours ago."""
    start = sim.house.world.now().replace(minute=0, second=0) - timedelta(hours=ago)
    window = {"kind": "data_quality", "version": version, "rows": 500}
    window |= {"start": f"{start:%Y-%m-%dT%H:00:00Z}"}
    window |= {"end": f"{start + timedelta(hours=1):%Y-%m-%dT%H:00:00Z}"}
    folder = f"monitoring/{model}/v{version}/data_quality/{start:%Y/%m/%d/%H}"
    body = json.dumps({"version": 1, "violations": found, "window": window}).encode()
    sim.house.write("ArtifactBucket", f"{folder}/constraint_violations.json", body)


def drift_on(sim: Simulation, model: str) -> None:
    """What serves has drifted for hours, and there is data to learn from."""
    house, number = sim.house, _on_its_way(sim, model)
    if number is None:
        return
    house.upload(model, "drifted.csv", rows=sim.chance.randint(220, 300))
    for ago in (4, 3, 2):
        _report(sim, model, number, ago, [DRIFTED])
    sim.pass_time(60)


def capture(sim: Simulation, model: str) -> None:
    """An hour's requests were captured."""
    if number := _on_its_way(sim, model):
        at, name = sim.house.world.now(), f"{PREFIX}-{model}"
        part = (
            "shared" if sim.house.specs[model].monitor.source == "model-monitor" else f"v{number}"
        )
        key = f"capture/{model}/{part}/{name}/AllTraffic/{at:%Y/%m/%d/%H}/1.jsonl"
        sim.house.write("ArtifactBucket", key, b"{}")


def hours_pass(sim: Simulation, model: str) -> None:
    """Nothing happens for a while."""
    del model
    sim.pass_time(60 * sim.chance.choice((20, 70)))


def stale(sim: Simulation, model: str) -> None:
    """An event of long ago comes again."""
    del model
    sim.repeat_stale()


HAPPENINGS: dict[str, tuple[Happening, int]] = {
    "upload": (upload, 6),
    "upload rubbish": (upload_rubbish, 1),
    "mark": (mark, 4),
    "delete data": (delete_data, 2),
    "register": (register, 4),
    "approve": (approve, 40),
    "reject": (reject, 3),
    "revoke": (revoke, 42),
    "edit": (edit, 1),
    "order": (order, 3),
    "resume": (resume, 6),
    "retire": (retire, 1),
    "deploy by hand": (deploy_by_hand, 2),
    "delete by hand": (delete_by_hand, 1),
    "delete alarm": (delete_alarm, 1),
    "drift": (drift, 2),
    "drift on": (drift_on, 2),
    "capture": (capture, 3),
    "hours pass": (hours_pass, 1),
    "stale": (stale, 4),
}

# In a rush there is nothing but versions, words on them, and what comes between.
RUSH: dict[str, int] = {
    "approve": 60,
    "reject": 3,
    "revoke": 30,
    "resume": 4,
    "order": 1,
    "deploy by hand": 1,
    "stale": 3,
}
