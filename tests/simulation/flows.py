"""The demo's flows, and others: how each begins, and the part of it that is broken into."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from local_aws.account import ACCOUNT, REGION
from local_aws.memory.client import Call
from local_aws.memory.items import Json
from steward.observe.review import read_exceptions
from steward.spec.model import ModelSpec
from tests.simulation.house import ALICE, House, mortgage
from tests.simulation.quiet import full_sweep, minutes, settle, sweep
from tests.simulation.stage import Fate

type Part = Callable[[House], None]

MODEL = "mortgage"
DRIFTED = {
    "feature_name": "unem",
    "constraint_check_type": "baseline_drift_check",
    "test": "ks",
    "statistic": 0.4,
    "p_value": 1e-9,
    "effect": 0.4,
    "threshold": 0.1,
    "direction": "up",
}


@dataclass
class Fates:
    """How things end: as told for the next of a kind, else well. Kinds are parts of ARNs."""

    told: dict[str, list[Fate]] = field(default_factory=dict)

    def fate(self, what: str) -> Fate:
        """The next fate of its kind."""
        for kind, fates in self.told.items():
            if kind in what and fates:
                return fates.pop(0)
        return Fate()


@dataclass(frozen=True)
class Flow:
    """`beginning` runs undisturbed, `part` is what a fault strikes in."""

    beginning: Part
    part: Part
    spec: Callable[[], ModelSpec] = mortgage
    automatic: bool = False
    fates: Callable[[], Fates] = Fates

    def house(self) -> House:
        """A house at the flow's beginning."""
        house = House(self.fates(), [self.spec()], automatic=self.automatic)
        self.beginning(house)
        return house


def then(*parts: Part) -> Part:
    """One part after the other."""

    def together(house: House) -> None:
        for part in parts:
            part(house)

    return together


def nothing(_: House) -> None:
    """An empty deployment."""


# ---- training


def upload(house: House) -> None:
    """Two files, one of which lacks a column, and a marker."""
    house.upload(MODEL, "a.csv")
    settle(house)
    house.write("LandingBucket", "mortgage/incoming/b.csv", b"only,these\n1,2\n")
    settle(house)


def marker(house: House) -> None:
    """The marker says that the data is complete."""
    house.write("LandingBucket", "mortgage/incoming/_SUCCESS", b"")
    settle(house)


def run(house: House) -> None:
    """The quiet period passes, and the sweep finds that a run is due."""
    minutes(house, 11)
    sweep(house)


def run_ends(house: House) -> None:
    """The pipeline ends, perhaps with a version, which is judged."""
    minutes(house, 11)
    sweep(house)


def overwritten(house: House) -> None:
    """A file is written over and another one deleted while a run is under way."""
    house.upload(MODEL, "a.csv", rows=301)
    settle(house)
    house.account.s3.delete(
        {"Bucket": house.outputs["LandingBucket"], "Key": "mortgage/incoming/b.csv"}
    )
    settle(house)
    minutes(house, 22)
    sweep(house)


JUDGED = then(upload, run, run_ends)


def next_version(house: House) -> None:
    """More data, a run, another version that is judged."""
    house.upload(MODEL, f"{house.world.now():%d-%H-%M}.csv")
    settle(house)
    run(house)
    run_ends(house)


# ---- words


def say(status: str, version: int = 1, words: str = "looks good") -> Part:
    """Alice says a word on a version."""

    def said(house: House) -> None:
        house.say(MODEL, version, status, words)
        settle(house)

    return said


def edited(house: House) -> None:
    """Somebody edits a version's description, which is no word on it."""
    package = house.account.sagemaker.registry.package(_arn(1))
    sagemaker: Any = house.account.clients(ALICE).sagemaker
    sagemaker.update_model_package(
        ModelPackageArn=package.arn, CustomerMetadataProperties={"note": "checked"}
    )
    settle(house)


def sign_off(house: House) -> None:
    """Carol has looked at the only exception."""
    (found,), _ = read_exceptions(house.store, MODEL)
    house.order("sign-off", MODEL, 1, by="carol", decision=found.decision)
    settle(house)


def _arn(version: int) -> str:
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/steward-mortgage/{version}"


# ---- rollouts


def created(house: House) -> None:
    """The first version's fleet stands, and the sweep looks again."""
    minutes(house, 4)
    sweep(house)


SERVED = then(JUDGED, say("Approved"), created)


def good_minute(house: House) -> None:
    """A minute in which the new fleet does well."""
    house.traffic(MODEL, (60, 0))
    minutes(house, 1)


def bad_minute(house: House) -> None:
    """A minute in which the new fleet fails more often than the old one, and trips no alarm."""
    house.traffic(MODEL, (300, 12), (900, 0))
    minutes(house, 1)


def broken_minute(house: House) -> None:
    """A minute in which the new fleet fails every fifth request."""
    house.traffic(MODEL, (100, 20))
    minutes(house, 1)


def promoted(house: House) -> None:
    """The new fleet does well, and takes over."""
    for _ in range(14):
        good_minute(house)
    sweep(house)


def judged_worse(house: House) -> None:
    """The judge sees at the sweep that the new fleet fails more often."""
    minutes(house, 5)
    for _ in range(3):
        bad_minute(house)
        sweep(house)
    minutes(house, 3)
    sweep(house)


def alarmed(house: House) -> None:
    """An alarm ends the rollout before anybody judges."""
    minutes(house, 5)
    broken_minute(house)
    minutes(house, 3)
    sweep(house)


def without_evidence(house: House) -> None:
    """Nobody asks the new fleet anything."""
    minutes(house, 7)
    for _ in range(4):
        minutes(house, 1)
        sweep(house)


def revoked_in_its_bake(house: House) -> None:
    """The version's approval is taken back while it bakes."""
    minutes(house, 6)
    say("Rejected", 2)(house)
    minutes(house, 4)
    sweep(house)


def aborted(house: House) -> None:
    """Bob ends a rollout in its bake."""
    minutes(house, 6)
    house.order("abort", MODEL, 1)
    settle(house)
    minutes(house, 4)
    sweep(house)


def paused(house: House) -> None:
    """Bob pauses, a version is approved, bob resumes."""
    house.order("pause", MODEL, 1)
    settle(house)
    say("Approved", 2)(house)
    house.order("resume", MODEL, 2)
    settle(house)
    sweep(house)


def back(house: House) -> None:
    """The live version's approval is taken back: the one before serves again."""
    say("Rejected", 2)(house)
    minutes(house, 8)
    sweep(house)


def meanwhile(operation: str, happens: Part) -> Part:
    """Something happens when a function is about to make the next call of an operation."""

    def arranged(house: House) -> None:
        usual = house.interfere

        def interfere(name: str, call: Call, answer: Callable[[], Json]) -> Json:
            if call.operation == operation:
                house.interfere = usual
                happens(house)
            return usual(name, call, answer)

        house.interfere = interfere

    return arranged


def revoked(house: House) -> None:
    """A second later Alice takes her word back, and nobody has looked at that yet."""
    house.world.pass_until(house.world.now() + timedelta(seconds=1))
    house.say(MODEL, 1, "Rejected")


def deleted(house: House) -> None:
    """Somebody deletes the version."""
    sagemaker: Any = house.root.sagemaker
    sagemaker.delete_model_package(ModelPackageName=_arn(1))


def retired(house: House) -> None:
    """Bob takes the endpoint down, and once it is gone Steward notices."""
    house.order("retire", MODEL, 1)
    settle(house)
    full_sweep(house)
    minutes(house, 1)
    full_sweep(house)
    minutes(house, 1)
    full_sweep(house)


def found(house: House) -> None:
    """Somebody deploys by hand, and the sweep finds it."""
    sagemaker: Any = house.root.sagemaker
    sagemaker.create_model(
        ModelName="theirs",
        PrimaryContainer={"ModelPackageName": _arn(1)},
        ExecutionRoleArn=house.outputs["ExecutionRole"],
    )
    variant = {"VariantName": "AllTraffic", "ModelName": "theirs", "InitialInstanceCount": 4}
    sagemaker.create_endpoint_config(
        EndpointConfigName="theirs",
        ProductionVariants=[variant | {"InstanceType": "ml.m7i.large"}],
    )
    sagemaker.update_endpoint(EndpointName="steward-mortgage", EndpointConfigName="theirs")
    minutes(house, 7)
    full_sweep(house)


def adopted(house: House) -> None:
    """Bob says which version it is that somebody deployed."""
    house.order("adopt", MODEL, 1, version=1, config="theirs")
    settle(house)


def no_room(house: House) -> None:
    """The account has no room for another fleet, and then it has."""
    endpoints = house.account.sagemaker.endpoints
    most, endpoints.most_instances = endpoints.most_instances, 1
    say("Approved")(house)
    endpoints.most_instances = most
    sweep(house)
    created(house)


def of_kind(**changes: object) -> Callable[[], ModelSpec]:
    """The example with another way of shifting traffic."""

    def spec() -> ModelSpec:
        usual = mortgage()
        return replace(usual, rollout=replace(usual.rollout, **changes))  # type: ignore[arg-type]

    return spec


# ---- drift


def report(kind: str, hours: int, violations: list[dict[str, object]]) -> Part:
    """A violation file of Steward's own monitor, about a window so many hours ago."""

    def written(house: House) -> None:
        hour = house.world.now().replace(minute=0, second=0, microsecond=0)
        start = hour - timedelta(hours=hours)
        window = {"kind": kind, "version": 1, "rows": 500, "start": _iso(start)}
        window["end"] = _iso(start + timedelta(hours=1))
        key = f"monitoring/{MODEL}/v1/{kind}/{start:%Y/%m/%d/%H}/constraint_violations.json"
        body = {"version": 1, "violations": violations, "window": window}
        house.write("ArtifactBucket", key, json.dumps(body).encode())
        settle(house)

    return written


def _iso(when: Any) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def hours(number: int) -> Part:
    """Hours in which nothing happens."""

    def passed(house: House) -> None:
        minutes(house, 60 * number)

    return passed


def drifting(house: House) -> None:
    """Three windows of data drift one after the other, with new data to learn from."""
    house.upload(MODEL, "new.csv")
    settle(house)
    for ago in (4, 3, 2):
        report("data_quality", ago, [DRIFTED])(house)
    sweep(house)


def broken_schema(house: House) -> None:
    """A column is missing in production."""
    violation = {"feature_name": "unem", "constraint_check_type": "missing_column_check"}
    report("data_quality", 2, [violation])(house)


def captured(house: House) -> None:
    """An hour of requests was captured, and its window is complete."""
    at = house.world.now()
    key = f"capture/{MODEL}/v1/steward-mortgage/AllTraffic/{at:%Y/%m/%d/%H}/1.jsonl"
    house.write("ArtifactBucket", key, b"{}")
    house.write("ArtifactBucket", key.replace(f"/{at:%H}/", f"/{at.hour + 1:02}/"), b"{}")
    minutes(house, 120 - at.minute + 16)


def watched(house: House) -> None:
    """The windows' jobs are started, end and are read."""
    full_sweep(house)
    minutes(house, 4)
    full_sweep(house)


def scheduled(house: House) -> None:
    """Model Monitor's schedules are made, run, and are read."""
    full_sweep(house)
    minutes(house, 2)
    full_sweep(house)
    minutes(house, 90)
    full_sweep(house)


def without_data(house: House) -> None:
    """Executions of Model Monitor's schedules find nothing to look at, or fail."""
    minutes(house, 120)
    full_sweep(house)


def rescheduled(house: House) -> None:
    """Another version serves, and the schedules look at that one."""
    say("Approved", 2)(house)
    promoted(house)
    for _ in range(3):
        full_sweep(house)
        minutes(house, 2)


def by_model_monitor() -> ModelSpec:
    """The example, watched by Model Monitor, and rolled out all at once."""
    usual = mortgage()
    kinds = ("data_quality", "model_quality")
    monitor = replace(usual.monitor, source="model-monitor", kinds=kinds)
    rollout = replace(usual.rollout, strategy="all-at-once", on_no_evidence="promote")
    return replace(usual, monitor=monitor, rollout=rollout)


def with_monitors(*kinds: str) -> Callable[[], ModelSpec]:
    """The example with fewer monitors."""

    def spec() -> ModelSpec:
        usual = mortgage()
        return replace(usual, monitor=replace(usual.monitor, kinds=kinds))

    return spec


def automatic_gate() -> ModelSpec:
    """The example, approved by Steward itself."""
    usual = mortgage()
    return replace(usual, gate=replace(usual.gate, mode="auto"))


def worse() -> Fates:
    """The first run makes a version that fails its gate."""
    return Fates({"execution": [Fate(auc=0.6)]})


def failing_run() -> Fates:
    return Fates({"execution": [Fate(run="Failed")]})


def failing_fleet() -> Fates:
    return Fates({"steward-mortgage-v2": [Fate(fleet="The primary container did not start")]})


def failing_job() -> Fates:
    return Fates({"processing-job": [Fate(job="AlgorithmError: no rows")] * 8})


def failing_executions() -> Fates:
    why = ["Job inputs had no data", "out of memory"]
    return Fates({"processing-job": [Fate(), Fate(), *[Fate(job=one) for one in why * 2]]})


OVERRIDE = say("Approved", words="override: asked for")
NEXT = then(SERVED, next_version)
IN_FLIGHT = then(NEXT, say("Approved", 2))
BOTH = then(IN_FLIGHT, promoted)

FLOWS: dict[str, Flow] = {
    "uploads": Flow(nothing, upload),
    "a marker": Flow(upload, marker),
    "a run": Flow(upload, run),
    "a run's end and a judgement": Flow(then(upload, run), run_ends),
    "a failed run": Flow(then(upload, run), run_ends, fates=failing_run),
    "data that changes": Flow(then(upload, run), overwritten),
    "a failed gate": Flow(then(upload, run), run_ends, fates=worse),
    "a word": Flow(JUDGED, say("Approved")),
    "a rejection": Flow(JUDGED, say("Rejected")),
    "an edit": Flow(JUDGED, edited),
    "an override": Flow(JUDGED, OVERRIDE, fates=worse),
    "a sign-off": Flow(then(JUDGED, OVERRIDE, created), sign_off, fates=worse),
    "a word of its own": Flow(then(upload, run), then(run_ends, sweep), automatic_gate, True),
    "a creation": Flow(then(JUDGED, say("Approved")), created),
    "an update": Flow(NEXT, then(say("Approved", 2), promoted)),
    "a bad canary": Flow(IN_FLIGHT, judged_worse),
    "an alarm": Flow(IN_FLIGHT, alarmed),
    "no evidence": Flow(IN_FLIGHT, without_evidence),
    "a fleet that fails": Flow(
        NEXT, then(say("Approved", 2), created, created), fates=failing_fleet
    ),
    "a revocation in flight": Flow(IN_FLIGHT, revoked_in_its_bake),
    "an abort": Flow(IN_FLIGHT, aborted),
    "a pause": Flow(NEXT, paused),
    "a step back": Flow(BOTH, back),
    "a revocation before the call": Flow(
        JUDGED, then(meanwhile("CreateModel", revoked), say("Approved"), sweep)
    ),
    "a deletion before the call": Flow(
        JUDGED, then(meanwhile("CreateModel", deleted), say("Approved"), sweep)
    ),
    "a retirement": Flow(SERVED, retired),
    "what others deployed": Flow(SERVED, found),
    "an adoption": Flow(then(SERVED, found), adopted),
    "no room": Flow(JUDGED, no_room),
    "all at once": Flow(
        NEXT, then(say("Approved", 2), promoted),
        of_kind(strategy="all-at-once", on_no_evidence="promote"),
    ),
    "old configs": Flow(
        then(BOTH, say("Rejected", 1), next_version, say("Approved", 3), full_sweep), promoted,
        of_kind(keep_configs=0),
    ),
    "drift": Flow(then(SERVED, hours(5)), drifting),
    "drift of nothing that serves": Flow(nothing, report("data_quality", 2, [DRIFTED])),
    "a broken schema": Flow(then(SERVED, hours(3)), broken_schema),
    "windows": Flow(then(SERVED, captured), watched, with_monitors("data_quality")),
    "jobs that fail": Flow(
        then(SERVED, captured), watched, with_monitors("data_quality"), fates=failing_job
    ),
    "model monitor": Flow(SERVED, scheduled, by_model_monitor),
    "executions of model monitor": Flow(
        then(SERVED, scheduled), without_data, by_model_monitor, fates=failing_executions
    ),
    "model monitor and the next version": Flow(
        then(SERVED, scheduled, next_version), rescheduled, by_model_monitor
    ),
    "retired from model monitor": Flow(then(SERVED, scheduled), retired, by_model_monitor),
    "a checkpoint": Flow(then(SERVED, hours(24)), sweep, with_monitors()),
}  # fmt: skip
