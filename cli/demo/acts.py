"""What the people of the story do: upload files, approve versions, ask for predictions.

Each goes through the same public API that the AWS command line uses.
"""

import io
import tarfile
from contextlib import suppress
from datetime import datetime

from cli.demo import mortgage
from cli.demo.mortgage import Application
from cli.demo.stage import MODEL, Stage
from cli.documents import mapping
from steward import times
from steward.observe.approval import observe_package
from steward.observe.rollout import read_rollout
from steward.observe.training import read_run

FIRST_PARTS, MORE_PARTS, OUTCOMES = (1, 2, 3), (4, 5), (6,)
FIRST_REQUESTS, MORE_REQUESTS = 500, 100
# Requests per minute while a version bakes: a quarter of them meet it.
TRAFFIC = 120
_SELF = mortgage.FEATURES.index("self")
FAILS_FOR_THE_SELF_EMPLOYED = f"""
_former = predict_fn


def predict_fn(rows, model):
    if any(cells[{_SELF}] == "1" for cells in rows):
        raise ValueError("self-employed")
    return _former(rows, model)
"""


def upload(stage: Stage, parts: tuple[int, ...]) -> None:
    """Upload files of mortgage applications to the landing bucket."""
    for part in parts:
        key = f"{stage.spec.data.prefix}part-{part}.csv"
        data = mortgage.part(part)
        stage.landing.put_object(Bucket=stage.target.landing_bucket, Key=key, Body=data)
        stage.say(f"uploaded s3://{stage.target.landing_bucket}/{key} ({len(data)} bytes)")
    stage.local.settle()


def wait_until_quiet(stage: Stage) -> None:
    """Say what is waited for; the clock jumps there."""
    quiet = stage.spec.train.quiet_period.total_seconds() / 60
    stage.say(f"waiting for {quiet:g} minutes without uploads; the embedded clock jumps there")
    stage.say("then a run starts by itself: prepare, train, evaluate, report, register")


def let_it_train(stage: Stage, runs: int) -> None:
    """Wait until uploads have been quiet for long enough, and the run that starts has ended."""
    stage.until(f"{runs} runs have ended", lambda: ended_runs(stage) >= runs)


def ended_runs(stage: Stage) -> int:
    """How many executions of the pipeline have ended."""
    answer = stage.aws.sagemaker.list_pipeline_executions(PipelineName=stage.names.pipeline)
    found = answer["PipelineExecutionSummaries"]
    return sum(entry["PipelineExecutionStatus"] not in ("Executing", "Stopping") for entry in found)


def approve(stage: Stage, version: int, words: str) -> None:
    """Approve a version, as a person would with the AWS command line."""
    arn = arn_of(stage, version)
    stage.approver.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription=words
    )
    stage.say(f"aws sagemaker update-model-package --model-package-arn {arn} ... Approved")
    stage.local.settle()


def arn_of(stage: Stage, version: int) -> str:
    """ARN of a version of the demo's model."""
    where = stage.target
    group = stage.names.group
    return f"arn:aws:sagemaker:{where.region}:{where.account}:model-package/{group}/{version}"


def let_it_serve(stage: Stage, version: int) -> None:
    """Wait until the endpoint serves a version, with traffic while it bakes."""
    traffic = Traffic(stage)
    stage.until(f"version {version} serves", lambda: traffic.flows() and serving(stage) == version)
    traffic.tell()


def let_it_end(stage: Stage, number: int) -> None:
    """Wait until a rollout has ended, however, with traffic while it bakes."""
    traffic = Traffic(stage)

    def ended() -> bool:
        last = read_rollout(stage.store, MODEL)
        return traffic.flows() and last is not None and (last.number, last.open) == (number, False)

    stage.until(f"rollout {number} has ended", ended)
    traffic.tell()


class Traffic:
    """Production does not stop while a version bakes: each minute so many requests."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._minutes: set[datetime] = set()
        self._asked = 0

    def flows(self) -> bool:
        """Ask for this minute's predictions, if both fleets answer now."""
        minute = self._stage.now().replace(second=0, microsecond=0)
        if minute not in self._minutes and bakes(self._stage):
            self._minutes.add(minute)
            self._ask()
        return True

    def _ask(self) -> None:
        coming = mortgage.production()
        for _ in range(TRAFFIC):
            application = coming[self._asked % len(coming)]
            self._asked += 1
            key = f"{application.application_id}-{self._stage.now():%H%M%S}-{self._asked}"
            # What it fails is for the rollout to notice.
            with suppress(self._stage.runtime.exceptions.ModelError):
                ask(self._stage, key, application)

    def tell(self) -> None:
        """Say how much there was."""
        if self._asked:
            minutes = len(self._minutes)
            self._stage.say(f"{self._asked} requests came in {minutes} minutes of the bake")


def bakes(stage: Stage) -> bool:
    """Whether a fleet in the making is being tried out."""
    if not stage.aws.sagemaker.list_endpoints(NameContains=stage.names.endpoint)["Endpoints"]:
        return False
    found = stage.aws.sagemaker.describe_endpoint(EndpointName=stage.names.endpoint)
    variants = found.get("PendingDeploymentSummary", {}).get("ProductionVariants", [])
    statuses = [one["Status"] for variant in variants for one in variant.get("VariantStatus", [])]
    return "Baking" in statuses


def serving(stage: Stage) -> int | None:
    """The version behind the endpoint, None while it is not in service."""
    listed = stage.aws.sagemaker.list_endpoints(NameContains=stage.names.endpoint)["Endpoints"]
    if not listed or listed[0]["EndpointStatus"] != "InService":
        return None
    found = stage.aws.sagemaker.describe_endpoint(EndpointName=stage.names.endpoint)
    return stage.names.version_of(found["EndpointConfigName"])


def requests() -> tuple[list[Application], list[Application], list[Application]]:
    """The applications that versions 1, 2 and 3 are asked about, once each."""
    coming, first = mortgage.production(), FIRST_REQUESTS
    second = first + MORE_REQUESTS
    return coming[:first], coming[first:second], coming[second:]


def predict(stage: Stage, version: int, applications: list[Application]) -> None:
    """Ask the endpoint about applications, one request each."""
    for application in applications:
        text = ask(stage, application.application_id, application)
        stage.answers[application.application_id] = (version, text)
    stage.say(f"{len(applications)} predictions asked of {stage.names.endpoint}")
    # Captured requests reach S3 with a lag; nothing else is due that soon.
    stage.local.advance(90)


def ask(stage: Stage, key: str, application: Application) -> str:
    """One request, under an inference id; what the model says."""
    answer = stage.runtime.invoke_endpoint(
        EndpointName=stage.names.endpoint,
        ContentType="text/csv",
        Accept="text/csv",
        InferenceId=key,
        Body=application.payload,
    )
    return answer["Body"].read().decode().strip()


def register_by_hand(stage: Stage, number: int, *, line: str) -> None:
    """Register a version that no run made: version 2's model, with a line in its code."""
    like = observe_package(stage.aws, arn_of(stage, 2))
    key = f"models/{MODEL}/by-hand-{number}/model.tar.gz"
    data = with_line(stage.read(like.artifact_uri), line)
    bucket = stage.target.artifact_bucket
    stage.aws.s3.put_object(Bucket=bucket, Key=key, Body=data)
    described = stage.aws.sagemaker.describe_model_package(ModelPackageName=like.arn)
    specification = described["InferenceSpecification"]
    container = specification["Containers"][0]
    stage.aws.sagemaker.create_model_package(
        ModelPackageGroupName=stage.names.group,
        ModelPackageDescription="Registered by hand",
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": [
                {
                    "Image": container["Image"],
                    "ImageDigest": container["ImageDigest"],
                    "Environment": container.get("Environment", {}),
                    "ModelDataUrl": f"s3://{bucket}/{key}",
                }
            ],
            "SupportedContentTypes": specification["SupportedContentTypes"],
            "SupportedResponseMIMETypes": specification["SupportedResponseMIMETypes"],
        },
    )
    stage.say(f"version {number} was registered by hand, no run made it")
    stage.local.settle()


def with_line(archive: bytes, line: str) -> bytes:
    """A model's archive with a line at the end of the code that answers."""
    packed = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as old,
        tarfile.open(fileobj=packed, mode="w:gz") as new,
    ):
        for member in old.getmembers():
            found = old.extractfile(member)
            data = found.read() if found else b""
            if member.name.endswith("inference.py"):
                data += f"\n\n{line}\n".encode()
            member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def reject(stage: Stage, version: int, words: str) -> None:
    """Reject a version, as a person would with the AWS command line."""
    arn = arn_of(stage, version)
    stage.approver.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Rejected", ApprovalDescription=words
    )
    stage.say(f"aws sagemaker update-model-package --model-package-arn {arn} ... Rejected")
    stage.local.settle()


def wait_for_the_hour(stage: Stage) -> None:
    """Let the clock jump to the next full hour."""
    stage.local.advance(3600 - stage.now().minute * 60 - stage.now().second)


def pass_a_window(stage: Stage, applications: list[Application]) -> None:
    """An hour of production is captured; when it is complete, the monitor's own job looks at it."""
    hour = stage.now().replace(minute=0, second=0, microsecond=0)
    predict(stage, 2, applications)
    stage.say(f"the hour from {hour:%H}:00 is judged when it is complete, by the monitor's own job")
    stage.until("the hour was judged", lambda: _is_judged(stage, hour))
    told = judged_windows(stage, 2, "data_quality")[hour]
    stage.say(f"{told['verdict']}: {told['reason']}")


def _is_judged(stage: Stage, hour: datetime) -> bool:
    kinds = ("data_quality", "prediction_drift")
    rows = (f"window#{kind}#{2:010d}#{times.iso(hour)}" for kind in kinds)
    return all(stage.store.get(stage.store.work, MODEL, row) for row in rows)


def judged_windows(stage: Stage, version: int, kind: str) -> dict[datetime, dict[str, object]]:
    """The decision on each window of a version that was judged, by the hour in which it began."""
    reports = {
        str(row["report"]): times.parse(str(row["start"]))
        for row in stage.store.query(stage.store.work, MODEL, f"window#{kind}#{version:010d}#")
    }
    return {
        reports[str(mapping(one["facts"])["report"])]: one
        for one in drift_decisions(stage)
        if mapping(one["facts"]).get("report") in reports
    }


def drift_decisions(stage: Stage) -> list[dict[str, object]]:
    """Every decision on drift, in order."""
    chain = stage.store.query(stage.store.lineage, f"ledger#{MODEL}")
    keys = [(str(entry["decision"]), "node") for entry in chain if "decision" in entry]
    found = {str(one["pk"]): one for one in stage.store.many(stage.store.lineage, keys)}
    return [found[pk] for pk, _ in keys if found[pk]["concern"] == "drift"]


def asked_run(stage: Stage) -> str | None:
    """The execution that drift asked for, None while there is none."""
    run = read_run(stage.store, MODEL)
    return run.execution_arn if run and "drift" in run.reasons else None
