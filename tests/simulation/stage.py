"""What runs pipelines, jobs and fleets in the simulations: stubs that end as they are told to."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from local_aws.account import ACCOUNT, REGION
from local_aws.memory.account import InMemoryAccount
from local_aws.sagemaker.core import Caller
from local_aws.sagemaker.executions import Execution
from local_aws.sagemaker.jobs import Job
from tests.steward.builders import bias_report, champion, evaluation

type Json = dict[str, Any]

EXECUTION_ROLE = Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/steward-execution-{REGION}/SageMaker")
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/sklearn:1"


@dataclass
class Fate:
    """How what begins next will end; the usual is well."""

    run: str = "Succeeded"
    run_minutes: int = 10
    auc: float = 0.72
    bias: float = 0.1
    job: str | None = None
    job_minutes: int = 3
    fleet: str | None = None
    violations: list[Json] = field(default_factory=list)


class Script(Protocol):
    """Says what becomes of what begins."""

    def fate(self, what: str) -> Fate:
        """The fate of something, named by its ARN."""


class Backstage:
    """The in-memory SageMaker's stage."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.account: InMemoryAccount | None = None

    # ---- told by SageMaker

    def pipeline(self, execution: Execution) -> None:
        """Two steps run; the last one registers the version."""
        fate = self._script.fate(execution.arn)
        chronicle = self._house.sagemaker.chronicle
        steps = execution.definition.steps
        run = chronicle.begin_step(execution, steps[0])
        run.metadata = {"ProcessingJob": {"Arn": f"{execution.arn}-prepare"}}
        chronicle.move_step(execution, run, "Succeeded")
        last = chronicle.begin_step(execution, steps[1])
        last.metadata = {"TrainingJob": {"Arn": f"{execution.arn}-train"}}

        def end() -> None:
            succeeded = fate.run == "Succeeded"
            chronicle.move_step(
                execution, last, fate.run, None if succeeded else "AlgorithmError: no rows"
            )
            if succeeded:
                self.register(execution, fate)
            why = None if succeeded else "Step failure: One or multiple steps failed."
            chronicle.move(execution, fate.run, why)

        self._later(fate.run_minutes, f"end of {execution.arn}", end)

    def job(self, job: Job) -> None:
        """A monitor's job looks at a window, and writes what it found."""
        fate = self._script.fate(job.arn)
        is_ours = "MonitoringScheduleArn" not in job.request

        def end() -> None:
            message = None
            if fate.job is None:
                self._report(job, fate.violations, is_ours=is_ours)
                message = "CompletedWithViolations" if fate.violations and not is_ours else None
            self._house.sagemaker.jobs.end(job, fate.job, message)

        self._later(fate.job_minutes, f"end of {job.arn}", end)

    def fleet(self, endpoint: str, config: str) -> str | None:
        """Containers start, or do not."""
        return self._script.fate(f"{endpoint}/{config}").fleet

    # ---- what they leave

    @property
    def _house(self) -> InMemoryAccount:
        assert self.account
        return self.account

    def _later(self, minutes: int, what: str, end: Callable[[], None]) -> None:
        self._house.world.after(timedelta(minutes=minutes), what, end)

    def _report(self, job: Job, violations: list[Json], *, is_ours: bool) -> None:
        """constraint_violations.json: of Steward's own job always, of Model Monitor's if any."""
        outputs: Any = job.request["ProcessingOutputConfig"]
        uri = str(outputs["Outputs"][0]["S3Output"]["S3Uri"])
        bucket, _, folder = uri.removeprefix("s3://").partition("/")
        body: Json = {"version": 1, "violations": violations}
        if is_ours:
            body["window"] = self._window(bucket, f"{folder}/plan.json")
        else:
            counted = json.dumps({"dataset": {"item_count": 500}})
            self.write(bucket, f"{folder}/statistics.json", counted.encode())
        if violations or is_ours:
            content = json.dumps(body).encode()
            self.write(bucket, f"{folder}/constraint_violations.json", content)

    def _window(self, bucket: str, key: str) -> Json:
        """What a job's plan says that it looks at."""
        plan = json.loads(self._s3.get({"Bucket": bucket, "Key": key})["Body"].read())
        window = {name: plan[name] for name in ("kind", "version")}
        return window | {**plan["window"], "rows": 500}

    @property
    def _s3(self) -> Any:
        return self._house.s3

    def write(self, bucket: str, key: str, body: bytes) -> str:
        """Write an object; its URI."""
        self._s3.put({"Bucket": bucket, "Key": key, "Body": body})
        return f"s3://{bucket}/{key}"

    def register(self, execution: Execution, fate: Fate) -> None:
        """What the pipeline's last step does: a version with all its evidence."""
        model = execution.pipeline_name.removeprefix("steward-")
        folder, bucket = f"runs/{model}/{execution.id}", _artifacts(execution.parameters)
        artifact = self.write(
            bucket, f"{folder}/model/model.tar.gz", f"model {execution.id}".encode()
        )
        self.write(bucket, f"{folder}/baseline/rows.csv", b"a,b\n1,2\n")
        versus = str(execution.parameters["ChampionUri"])
        against: Json | None = {**champion(), "uri": versus} if versus else None
        reports = {
            "evaluation": evaluation(fate.auc, champion=against),
            "bias": bias_report(fate.bias),
            "explainability": {"explanations": {}},
        }
        uris = {
            name: self.write(bucket, f"{folder}/{name}/analysis.json", json.dumps(body).encode())
            for name, body in reports.items()
        }
        json_at = {
            name: {"ContentType": "application/json", "S3Uri": uri} for name, uri in uris.items()
        }
        container = {"Image": IMAGE, "ModelDataUrl": artifact}
        self._house.clients(EXECUTION_ROLE).sagemaker.create_model_package(
            ModelPackageGroupName=execution.pipeline_name,
            ModelApprovalStatus="PendingManualApproval",
            InferenceSpecification={
                "Containers": [container],
                "SupportedContentTypes": ["text/csv"],
            },
            MetadataProperties={"GeneratedBy": execution.arn, "CommitId": "0123abcd"},
            CustomerMetadataProperties={
                "snapshot_digest": str(execution.parameters["SnapshotDigest"]),
                "artifact_sha256": "7" * 64,
            },
            ModelMetrics={
                "ModelQuality": {"Statistics": json_at["evaluation"]},
                "Bias": {"Report": json_at["bias"]},
                "Explainability": {"Report": json_at["explainability"]},
            },
        )


def _artifacts(parameters: Mapping[str, object]) -> str:
    """The bucket that a run's snapshot lies in."""
    return str(parameters["SnapshotUri"]).removeprefix("s3://").partition("/")[0]
