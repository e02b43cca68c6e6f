"""Values as they are in an ordinary case; a test names only what it is about."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from steward.decide.approval import Evidence, Package
from steward.decide.drift_facts import DriftFacts, DriftReport, Finding, Judged, Window
from steward.decide.people import Identity
from steward.decide.rollout_facts import EndpointFacts, Rollout, RolloutFacts
from steward.decide.training import Accepted, Asked, Execution, Pending, Run, Upload
from steward.decide.versions import Approval, Artifact, Version
from steward.events.types import Ordered
from steward.spec.model import (
    AlarmsSpec,
    BiasRule,
    GateSpec,
    MetricRule,
    MonitorSpec,
    RetrainSpec,
    RolloutSpec,
    TrainSpec,
)

ACCOUNT, REGION = "123456789012", "eu-west-1"
SAGEMAKER = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ARTIFACT = "s3://steward-artifacts-123456789012-eu-west-1/runs/mortgage/r{}/model/model.tar.gz"

ALICE = Identity(arn=f"arn:aws:iam::{ACCOUNT}:user/alice")
BOB = Identity(arn=f"arn:aws:iam::{ACCOUNT}:user/bob")
ROLE = Identity(arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/steward-execution-eu-west-1/SageMaker")


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def after(number: float) -> datetime:
    """So many minutes after noon."""
    return NOON + minutes(number)


# ---- training

TRAIN = TrainSpec(
    pipeline="tabular",
    quiet_period=minutes(10),
    max_wait=minutes(60),
    schedule=None,
    new_rows=0,
    test_percent=30,
    hyperparameters={},
)


def upload(**given: object) -> Upload:
    usual = Upload(
        bucket="landing",
        key="mortgage/incoming/a.csv",
        version_id="v-1",
        etag="e-1",
        size=100,
        sequencer="0A",
        at=NOON,
        sha256="00",
        header="application_id,approve,income",
    )
    return replace(usual, **given)  # type: ignore[arg-type]


def accepted(key: str = "a.csv", **given: object) -> Accepted:
    usual = Accepted(
        key=key,
        version_id="v-1",
        etag="e-1",
        size=100,
        sha256="00",
        sequencer="0A",
        at=NOON,
        dataset=f"dataset#{key}",
    )
    return replace(usual, **given)  # type: ignore[arg-type]


def pending(key: str = "a.csv", **given: object) -> Pending:
    usual = Pending(sk=f"pending#{key}", key=key, sequencer="0A", arrived_at=NOON, is_marker=False)
    return replace(usual, **given)  # type: ignore[arg-type]


def run(**given: object) -> Run:
    usual = Run(
        number=1,
        state="open",
        opened_at=NOON,
        reasons=("uploads",),
        decision="decision#run-1",
        definition="d",
        snapshot="5" * 64,
        snapshot_uri="s3://artifacts/snapshots/mortgage/5.json",
        spec_uri="s3://artifacts/specs/mortgage/6.json",
        champion_uri="",
        execution_arn=f"{SAGEMAKER}:pipeline/steward-mortgage/execution/r1",
    )
    return replace(usual, **given)  # type: ignore[arg-type]


def execution(status: str = "Executing", **given: object) -> Execution:
    usual = Execution(
        arn=f"{SAGEMAKER}:pipeline/steward-mortgage/execution/r1",
        status=status,
        started_at=NOON,
        ended_at=after(15),
        failure="",
        failed_step="",
    )
    return replace(usual, **given)  # type: ignore[arg-type]


def asked(number: int = 1, **given: object) -> Asked:
    """A run that drift asked for at noon, because `unem` went up, and that was opened."""
    usual = Asked(
        number=number,
        state="taken",
        at=NOON,
        reason="because",
        causes=("decision#1", "drift-report#0"),
        version=2,
        drifted=frozenset({"data_quality/unem up"}),
        earlier=(NOON,),
    )
    return replace(usual, **given)  # type: ignore[arg-type]


# ---- approval

GATE = GateSpec(
    mode="manual",
    stale="hold",
    max_evidence_age=None,
    approval_expires=None,
    threshold=0.5,
    min_test_rows=150,
    require=("evaluation", "bias", "explainability", "lineage"),
    approvers=(),
    metrics={"auc": MetricRule(min=0.65, max_drop=0.02)},
    bias={"white": BiasRule(disadvantaged=0, group=None, max_abs={"DPPL": 0.15})},
)


def evaluation(
    auc: object = 0.72, rows: object = 247, champion: Mapping[str, object] | None = None
) -> dict[str, object]:
    """evaluation.json as the pipeline writes it."""
    return {
        "binary_classification_metrics": {"auc": {"value": auc, "standard_deviation": 0.03}},
        "rows": {"train": 653, "test": rows},
        "champion": champion,
    }


def champion(auc: object = 0.71, version: int = 1) -> dict[str, object]:
    return {
        "uri": ARTIFACT.format(version),
        "binary_classification_metrics": {"auc": {"value": auc}},
    }


def bias_report(*values: object, facet: str = "white") -> dict[str, object]:
    """Clarify's analysis.json: one group of the facet for each value of DPPL."""
    groups = [
        {"value_or_threshold": str(index), "metrics": [{"name": "DPPL", "value": value}]}
        for index, value in enumerate(values)
    ]
    return {"version": "1.0", "post_training_bias_metrics": {"facets": {facet: groups}}}


def package(number: int = 1, **given: object) -> Package:
    usual = Package(
        number=number,
        arn=f"{SAGEMAKER}:model-package/steward-mortgage/{number}",
        state="Completed",
        status="PendingManualApproval",
        words="",
        created_at=NOON,
        created_by=ROLE,
        modified_at=NOON,
        modified_by=ROLE,
        execution_arn=f"{SAGEMAKER}:pipeline/steward-mortgage/execution/r{number}",
        commit="0123abcd",
        author="fay@example.com Fay Adams",
        snapshot="5" * 64,
        artifact_uri=ARTIFACT.format(number),
        artifact_sha256="7" * 64,
        image="123456789012.dkr.ecr.eu-west-1.amazonaws.com/sklearn:1",
        image_digest="sha256:" + "8" * 64,
        prepared_uri="s3://artifacts/runs/mortgage/r1/Prepare/prepared/prepared.json",
        reports={},
    )
    return replace(usual, **given)  # type: ignore[arg-type]


def evidence(**given: object) -> Evidence:
    usual = Evidence(
        evaluation=evaluation(),
        bias=bias_report(0.1),
        explainability={"explanations": {}},
        read={},
        jobs=(),
        artifact_etag="etag-1",
        artifact_version="version-1",
        run_by=ROLE,
        run_on_record=True,
        snapshot_on_record=True,
        live_uri="",
    )
    return replace(usual, **given)  # type: ignore[arg-type]


# ---- versions and rollouts


def approval(number: int = 1, **given: object) -> Approval:
    usual = Approval(
        id=f"approval#{number}",
        at=after(number),
        by="alice",
        words="",
        counts=True,
        reason="Approved by alice: no words",
    )
    return replace(usual, **given)  # type: ignore[arg-type]


def version(number: int = 1, **given: object) -> Version:
    """A version that was judged well and that nobody said a word about."""
    usual = Version(
        number=number,
        arn=f"{SAGEMAKER}:model-package/steward-mortgage/{number}",
        status="PendingManualApproval",
        modified_at=NOON,
        gate="passed",
        gate_reason="auc 0.720, at least 0.650 is needed",
        artifact=Artifact(
            uri=ARTIFACT.format(number),
            version_id="version-1",
            etag="etag-1",
            sha256="7" * 64,
            image="123456789012.dkr.ecr.eu-west-1.amazonaws.com/sklearn:1",
            image_digest="sha256:" + "8" * 64,
        ),
        created_by=ROLE.arn,
        run_by=None,
        compared_with=None,
        decision=f"decision#version-{number}",
        evidence_at=NOON,
    )
    return replace(usual, **given)  # type: ignore[arg-type]


def approved(number: int = 1, **given: object) -> Version:
    """A version that may serve."""
    return replace(version(number, status="Approved", approval=approval(number)), **given)  # type: ignore[arg-type]


def served(number: int = 1, **given: object) -> Version:
    """A version that may serve and has served."""
    return approved(number, **{"served_at": after(number), **given})


def config(number: int) -> str:
    return f"steward-mortgage-v{number}-0000000{number}"


def endpoint(number: int | None = 1, status: str = "InService", **given: object) -> EndpointFacts:
    usual = EndpointFacts(
        status=status,
        config=config(number) if number else "handmade",
        version=number,
        modified_at=after(30),
        failure="",
    )
    return replace(usual, **given)  # type: ignore[arg-type]


def rollout(number: int = 1, **given: object) -> Rollout:
    """The first rollout, of version 1, that was asked for and is in flight."""
    usual = Rollout(
        number=number,
        state="open",
        version=1,
        direction="forward",
        approval="approval#1",
        decision="decision#rollout-1",
        config_name=config(1),
        opened_at=after(2),
        highest=1,
        called_at=after(3),
    )
    return replace(usual, **given)  # type: ignore[arg-type]


def rollout_spec(**given: object) -> RolloutSpec:
    """A quarter of the traffic for five minutes, with the former fleet a minute longer."""
    usual = RolloutSpec(
        strategy="canary",
        size_percent=25,
        bake=minutes(5),
        termination_wait=minutes(1),
        timeout=minutes(30),
        min_requests=50,
        on_no_evidence="rollback",
        keep_configs=2,
        freeze=(),
        alarms=AlarmsSpec(0.05, 0.05, 500),
        autoscaling=None,
        capture_percent=100,
    )
    return replace(usual, **given)  # type: ignore[arg-type]


def order(kind: str = "pause", **given: object) -> Ordered:
    """Bob orders something at ten past."""
    usual = Ordered(kind, "mortgage", "bob", "customers complain", "order-1", after(10))
    return replace(usual, **given)  # type: ignore[arg-type]


def rollout_facts(
    *versions: Version,
    live: EndpointFacts | None = None,
    last: Rollout | None = None,
    **given: object,
) -> RolloutFacts:
    """The registry says of each version what was last noted of it."""
    usual = RolloutFacts(
        registry={version.number: version.status for version in versions},
        versions={version.number: version for version in versions},
        endpoint=live,
        rollout=last,
        now=after(60),
        policy=rollout_spec(),
        gate=GATE,
    )
    return replace(usual, **given)  # type: ignore[arg-type]


# ---- drift

MONITOR = MonitorSpec(
    source="steward",
    kinds=("data_quality", "model_quality"),
    every=minutes(60),
    min_rows=200,
    alpha=0.01,
    min_effect=0.1,
    max_drop=0.05,
    capture_lag=minutes(15),
    outcomes="mortgage/outcomes/",
    outcome_delay=timedelta(days=1),
    instance_type="ml.m5.large",
)
RETRAIN = RetrainSpec(
    on=("data_quality", "model_quality"),
    flagged=3,
    of=3,
    cooldown=timedelta(days=7),
    budget=4,
    min_new_rows=200,
    schema_break_blocks_training=True,
)


def finding(about: str = "unem", **given: object) -> Finding:
    """A feature that went up."""
    usual = Finding(
        "data_quality", "baseline_drift_check", about, "ks", 0.3, 1e-9, 0.3, 0.1, direction="up"
    )
    return replace(usual, **given)  # type: ignore[arg-type]


BROKEN = finding("hrat", kind="schema", check="completeness_check", direction="down")


def window(hours_ago: float = 1) -> Window:
    """An hour that began so long before noon."""
    start = NOON - timedelta(hours=hours_ago)
    return Window(start, start + timedelta(hours=1))


def drift_report(*findings: Finding, hours_ago: float = 1, **given: object) -> DriftReport:
    """What a monitor found in 500 rows of version 2."""
    usual = DriftReport(
        id=f"drift-report#{hours_ago:g}",
        source="s3://artifacts/monitoring/mortgage/v2/data_quality/constraint_violations.json",
        at=NOON,
        kind="data_quality",
        version=2,
        window=window(hours_ago),
        rows=500,
        findings=findings,
    )
    return replace(usual, **given)  # type: ignore[arg-type]


def judged_window(*findings: Finding, hours_ago: float = 2, whole: bool = True) -> Judged:
    """A window that was judged before."""
    marks = frozenset(one.mark for one in findings)
    return Judged(window(hours_ago).start, f"drift-report#{hours_ago:g}", whole, marks)


def drift_facts(**given: object) -> DriftFacts:
    """Version 2 serves, its run is over, `unem` went up in the last two windows, data is there."""
    usual = DriftFacts(
        live=2,
        run=run(number=2, state="closed", outcome="Succeeded"),
        asked=None,
        history=(judged_window(finding(), hours_ago=3), judged_window(finding(), hours_ago=2)),
        new_rows=300,
    )
    return replace(usual, **given)  # type: ignore[arg-type]
