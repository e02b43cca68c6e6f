"""What the people of the story do: upload files, approve versions, ask for predictions.

Each goes through the same public API that the AWS command line uses.
"""

from cli.demo import mortgage
from cli.demo.stage import Stage

FIRST_PARTS, MORE_PARTS = (1, 2, 3), (4, 5)
FIRST_REQUESTS = 500


def upload(stage: Stage, parts: tuple[int, ...]) -> None:
    """Upload files of mortgage applications to the landing bucket."""
    for part in parts:
        key = f"{stage.spec.data.prefix}part-{part}.csv"
        data = mortgage.part(part)
        stage.aws.s3.put_object(Bucket=stage.target.landing_bucket, Key=key, Body=data)
        stage.say(f"uploaded s3://{stage.target.landing_bucket}/{key} ({len(data)} bytes)")
    stage.local.settle()


def let_it_train(stage: Stage, runs: int) -> None:
    """Wait until uploads have been quiet for long enough, and the run that starts has ended."""
    quiet = stage.spec.train.quiet_period.total_seconds() / 60
    stage.say(f"waiting for {quiet:g} minutes without uploads; the embedded clock jumps there")
    stage.say("then a run starts by itself: prepare, train, evaluate, report, register")
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


def predict(stage: Stage, version: int, first: int, count: int) -> None:
    """Ask the endpoint about production applications, one request each."""
    for application in mortgage.production()[first : first + count]:
        answer = stage.runtime.invoke_endpoint(
            EndpointName=stage.names.endpoint,
            ContentType="text/csv",
            Accept="text/csv",
            InferenceId=application.application_id,
            Body=application.payload,
        )
        text = answer["Body"].read().decode().strip()
        stage.answers[application.application_id] = (version, text)
    stage.say(f"{count} predictions asked of {stage.names.endpoint}")
    # Captured requests reach S3 with a lag; nothing else is due that soon.
    stage.local.advance(90)
