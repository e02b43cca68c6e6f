"""Starts the processing jobs that look at what an endpoint captured. A window is one job's name."""

from datetime import timedelta
from typing import TYPE_CHECKING

from steward import digest, times
from steward.aws import Aws, error_code
from steward.aws import ClientError as AwsError
from steward.decide.monitor import Due
from steward.errors import NoRoom
from steward.names import Names
from steward.observe.monitor import PREPROCESS, Code, Watchable, capture_prefix, report_folder
from steward.spec.kinds import NEED_OUTCOMES
from steward.spec.model import ModelSpec

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.literals import ProcessingInstanceTypeType
    from mypy_boto3_sagemaker.type_defs import (
        AppSpecificationTypeDef,
        ProcessingInputTypeDef,
        ProcessingOutputTypeDef,
    )

_INPUT, _OUTPUT = "/opt/ml/processing/input", "/opt/ml/processing/output"
_LIBRARIES = ("tabular.zip", "monitor.zip")
_MOST_SECONDS = 3600
_VOLUME_GB = 30


def start_job(  # noqa: PLR0913  as many as a job has parts
    aws: Aws,
    names: Names,
    spec: ModelSpec,
    due: Due,
    watchable: Watchable,
    code: Code,
    *,
    bucket: str,
    landing: str,
    role: str,
) -> None:
    """Start the job of a window, unless it was started before; NoRoom when the account is full."""
    folder = report_folder(names, due)
    plan = digest.canonical(job_plan(names, spec, due, watchable, bucket=bucket, landing=landing))
    aws.s3.put_object(Bucket=bucket, Key=f"{folder}/plan.json", Body=plan.encode())
    instance: ProcessingInstanceTypeType = spec.monitor.instance_type  # type: ignore[assignment]  # newer types exist
    files = {name: uri for name, uri in code.files.items() if name != PREPROCESS}
    inputs = {"plan": f"s3://{bucket}/{folder}/plan.json"} | files
    try:
        aws.sagemaker.create_processing_job(
            ProcessingJobName=due.job,
            ProcessingResources={
                "ClusterConfig": {
                    "InstanceCount": 1,
                    "InstanceType": instance,
                    "VolumeSizeInGB": _VOLUME_GB,
                }
            },
            StoppingCondition={"MaxRuntimeInSeconds": _MOST_SECONDS},
            AppSpecification=_app(code.image),
            Environment={
                "PYTHONPATH": ":".join(f"{_INPUT}/{_stem(name)}/{name}" for name in _LIBRARIES),
                "EXIT_MESSAGE_FILE": "/opt/ml/output/message",
            },
            RoleArn=role,
            ProcessingInputs=[_input(_stem(name), uri) for name, uri in inputs.items()],
            ProcessingOutputConfig={"Outputs": [_output(f"s3://{bucket}/{folder}")]},
        )
    except aws.sagemaker.exceptions.ResourceLimitExceeded as error:
        raise NoRoom(str(error)) from error
    except AwsError as error:
        # The name is the window's: a job that has it is this one, started by an earlier look.
        if error_code(error) != "ResourceInUse":
            raise


def _app(image: str) -> "AppSpecificationTypeDef":
    return {
        "ImageUri": image,
        "ContainerEntrypoint": ["python3", f"{_INPUT}/watch/watch.py"],
        "ContainerArguments": ["--plan", f"{_INPUT}/plan", "--out", f"{_OUTPUT}/report"],
    }


def _output(uri: str) -> "ProcessingOutputTypeDef":
    return {
        "OutputName": "report",
        "S3Output": {
            "S3Uri": uri,
            "LocalPath": f"{_OUTPUT}/report",
            "S3UploadMode": "EndOfJob",
        },
    }


def _stem(name: str) -> str:
    return name.partition(".")[0]


def _input(name: str, uri: str) -> "ProcessingInputTypeDef":
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"{_INPUT}/{name}",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": "FullyReplicated",
        },
    }


def job_plan(
    names: Names, spec: ModelSpec, due: Due, watchable: Watchable, *, bucket: str, landing: str
) -> dict[str, object]:
    """What the job is told: what to read, what to compare it with, and what is too much."""
    monitor = spec.monitor
    knows_outcomes = due.kind in NEED_OUTCOMES
    until = due.window.end + monitor.outcome_delay + timedelta(hours=1)
    return {
        "model": spec.name,
        "version": due.version,
        "kind": due.kind,
        "endpoint": names.endpoint,
        "schedule": names.schedule(due.kind),
        "window": {"start": times.iso(due.window.start), "end": times.iso(due.window.end)},
        "captures": f"s3://{bucket}/{capture_prefix(names, due.version)}",
        "outcomes": f"s3://{landing}/{monitor.outcomes}" if knows_outcomes else None,
        "outcomes_until": times.iso(until) if knows_outcomes else None,
        "baseline": watchable.baseline,
        "spec": watchable.spec_uri,
        "model_data": watchable.model_uri,
        "min_rows": monitor.min_rows,
        "alpha": monitor.alpha,
        "min_effect": monitor.min_effect,
        "max_drop": monitor.max_drop,
        "bias": {
            facet: {
                "disadvantaged": rule.disadvantaged,
                "group": rule.group,
                "max_abs": dict(rule.max_abs),
            }
            for facet, rule in spec.gate.bias.items()
        },
    }
