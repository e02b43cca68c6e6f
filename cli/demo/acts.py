"""What the people of the story do: upload files, approve versions, ask for predictions.

Each goes through the same public API that the AWS command line uses.
"""

import json

from cli.demo import downturn, mortgage
from cli.demo.mortgage import Application
from cli.demo.stage import MODEL, Stage
from steward.observe.training import read_run

FIRST_PARTS, MORE_PARTS, OUTCOMES = (1, 2, 3), (4, 5), (6,)
FIRST_REQUESTS, MORE_REQUESTS = 500, 100


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
    """Wait until the endpoint serves a version."""
    stage.until(f"version {version} serves", lambda: serving(stage) == version)


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
        answer = stage.runtime.invoke_endpoint(
            EndpointName=stage.names.endpoint,
            ContentType="text/csv",
            Accept="text/csv",
            InferenceId=application.application_id,
            Body=application.payload,
        )
        text = answer["Body"].read().decode().strip()
        stage.answers[application.application_id] = (version, text)
    stage.say(f"{len(applications)} predictions asked of {stage.names.endpoint}")
    # Captured requests reach S3 with a lag; nothing else is due that soon.
    stage.local.advance(90)


def drift(stage: Stage) -> None:
    """A downturn reaches production, and a monitor writes what it finds in captured requests."""
    predict(stage, 2, downturn.applications())
    found = downturn.violations(captured_requests(stage, 2))
    hour = stage.now().strftime("%Y/%m/%d/%H")
    key = f"monitoring/{MODEL}/v2/{hour}/constraint_violations.json"
    body = json.dumps({"violations": found}, indent=2).encode()
    stage.aws.s3.put_object(Bucket=stage.target.artifact_bucket, Key=key, Body=body)
    stage.say(f"a monitor found {len(found)} violations: {key}")
    stage.until("the run that drift asks for was started", lambda: asked_run(stage) is not None)


def asked_run(stage: Stage) -> str | None:
    """The execution that drift asked for, None while there is none."""
    run = read_run(stage.store, MODEL)
    return run.execution_arn if run and "drift" in run.reasons else None


def captured_requests(stage: Stage, version: int) -> dict[str, str]:
    """The captured requests of a version, by inference id."""
    return {
        record["eventMetadata"]["inferenceId"]: record["captureData"]["endpointInput"]["data"]
        for record in stage.captures(version)
    }
