"""Makes, changes and removes the job definitions and schedules of Model Monitor.

A definition's name holds a digest of its request, so what exists under it is what was wanted.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steward import digest
from steward.aws import Aws, error_code
from steward.aws import ClientError as AwsError
from steward.errors import NoRoom, Permanent
from steward.names import Names
from steward.observe.model_monitor import OPERATIONS, TYPES, offset
from steward.observe.monitor import Watchable
from steward.spec.kinds import BIAS, DATA_QUALITY, EXPLAINABILITY, MODEL_QUALITY, NEED_OUTCOMES
from steward.spec.model import ModelSpec

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.literals import MonitoringTypeType
    from mypy_boto3_sagemaker.type_defs import MonitoringScheduleConfigTypeDef

_LOCAL = "/opt/ml/processing"
_VOLUME_GB = 30
# Merging the outcomes is a job before the job: AWS lets both have the hour.
_MOST_SECONDS, _MOST_SECONDS_AFTER_MERGE = 3600, 1800
# AWS allows 50 values of 256 characters in the environment of a definition.
_LONGEST_VALUE = 256
_SAMPLES = 100
_CONSTRAINTS = {
    DATA_QUALITY: "baseline/constraints.json",
    MODEL_QUALITY: "quality/constraints.json",
    BIAS: "bias/analysis.json",
    EXPLAINABILITY: "explainability/analysis.json",
}

type Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a deployment keeps its things, and the role that its jobs run with."""

    bucket: str
    landing: str
    role: str


@dataclass(frozen=True, slots=True)
class Definition:
    """A job definition as it is asked for, the files that it names, and when it runs."""

    kind: str
    name: str
    cron: str
    request: Mapping[str, object]
    files: Mapping[str, str] = field(default_factory=dict)


def define(  # noqa: PLR0913  as many as a definition has parts
    names: Names,
    spec: ModelSpec,
    kind: str,
    watchable: Watchable,
    *,
    model: str,
    image: str,
    preprocess: str,
    place: Place,
) -> Definition:
    """The definition of a kind for the version that serves as the SageMaker model `model`."""
    folder = f"monitoring/{names.model}/v{watchable.version}/{kind}"
    app: Json = {"ImageUri": image, "Environment": _environment(spec, kind)}
    files: dict[str, str] = {}
    if kind == DATA_QUALITY:
        app["RecordPreprocessorSourceUri"] = preprocess
    if kind == MODEL_QUALITY:
        app["ProblemType"] = "BinaryClassification"
    if kind in (BIAS, EXPLAINABILITY):
        config = digest.as_written(_bias(spec) if kind == BIAS else _explained(names, spec, model))
        key = f"{folder}/config-{digest.of_text(config)[:8]}.json"
        files[key] = config
        app["ConfigUri"] = f"s3://{place.bucket}/{key}"
    request: Json = {
        f"{TYPES[kind]}BaselineConfig": _baseline(kind, watchable),
        f"{TYPES[kind]}AppSpecification": app,
        f"{TYPES[kind]}JobInput": _input(names, spec, kind, place),
        f"{TYPES[kind]}JobOutputConfig": _output(f"s3://{place.bucket}/{folder}"),
        "JobResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": spec.monitor.instance_type,
                "VolumeSizeInGB": _VOLUME_GB,
            }
        },
        "RoleArn": place.role,
        "StoppingCondition": {"MaxRuntimeInSeconds": _seconds(kind)},
    }
    when = cron(spec)
    name = names.job_definition(kind, watchable.version, digest.of([request, when]))
    return Definition(kind, name, when, request, files)


def cron(spec: ModelSpec) -> str:
    """When schedules run, in the forms that Model Monitor takes."""
    hours = int(spec.monitor.every.total_seconds()) // 3600
    if hours == 1:
        return "cron(0 * ? * * *)"
    return "cron(0 0 ? * * *)" if hours == 24 else f"cron(0 0/{hours} ? * * *)"


def _seconds(kind: str) -> int:
    return _MOST_SECONDS_AFTER_MERGE if kind in NEED_OUTCOMES else _MOST_SECONDS


def _environment(spec: ModelSpec, kind: str) -> dict[str, str]:
    # Steward reads the reports; metrics would cost money for each feature, and nobody reads them.
    said = {"publish_cloudwatch_metrics": "Disabled"}
    if kind == DATA_QUALITY:
        said |= {f"features_{n}": text for n, text in enumerate(_parts(list(spec.data.features)))}
    return said


def _parts(features: list[str]) -> Iterator[str]:
    """The names of the features in texts that are short enough."""
    text = ""
    for name in features:
        if text and len(text) + 1 + len(name) > _LONGEST_VALUE:
            yield text
            text = ""
        text = f"{text},{name}" if text else name
    yield text


def _baseline(kind: str, watchable: Watchable) -> Json:
    found: Json = {"ConstraintsResource": {"S3Uri": watchable.baseline + _CONSTRAINTS[kind]}}
    if kind == DATA_QUALITY:
        statistics = f"{watchable.baseline}baseline/statistics.json"
        found["StatisticsResource"] = {"S3Uri": statistics}
    return found


def _input(names: Names, spec: ModelSpec, kind: str, place: Place) -> Json:
    endpoint: Json = {
        "EndpointName": names.endpoint,
        "LocalPath": f"{_LOCAL}/input/endpoint",
        "S3InputMode": "File",
        "S3DataDistributionType": "FullyReplicated",
    }
    if kind not in NEED_OUTCOMES:
        return {"EndpointInput": endpoint}
    late, hours = offset(kind, spec.monitor), int(spec.monitor.every.total_seconds()) // 3600
    endpoint |= {
        "ProbabilityAttribute": "0",
        "ProbabilityThresholdAttribute": spec.gate.threshold,
        "StartTimeOffset": f"-PT{late + hours}H",
        "EndTimeOffset": f"-PT{late}H",
    }
    truth = f"s3://{place.landing}/{spec.monitor.outcomes.rstrip('/')}"
    return {"EndpointInput": endpoint, "GroundTruthS3Input": {"S3Uri": truth}}


def _output(uri: str) -> Json:
    written = {"S3Uri": uri, "LocalPath": f"{_LOCAL}/output", "S3UploadMode": "EndOfJob"}
    return {"MonitoringOutputs": [{"S3Output": written}]}


def _bias(spec: ModelSpec) -> Json:
    """Clarify's analysis_config.json: a facet is no feature, it follows the label in outcomes."""
    rules = spec.gate.bias
    config: Json = {
        "headers": [spec.data.label, *rules, *spec.data.features],
        "label": spec.data.label,
        "label_values_or_threshold": [1],
        "facet": [
            {"name_or_index": facet, "value_or_threshold": [rule.disadvantaged]}
            for facet, rule in rules.items()
        ],
    }
    groups = [rule.group for rule in rules.values() if rule.group in spec.data.features]
    return config | ({"group_variable": groups[0]} if groups else {})


def _explained(names: Names, spec: ModelSpec, model: str) -> Json:
    """The same for SHAP: Clarify asks a fleet of its own, which it makes for each execution."""
    return {
        "headers": list(spec.data.features),
        "methods": {"shap": {"num_samples": _SAMPLES, "agg_method": "mean_abs"}},
        "predictor": {
            "model_name": model,
            "endpoint_name_prefix": f"{names.prefix}-clarify",
            "instance_type": spec.serve.instance_type or spec.monitor.instance_type,
            "initial_instance_count": 1,
            "accept_type": "text/csv",
            "content_type": "text/csv",
            "label_headers": [spec.data.label],
        },
    }


def make_definition(aws: Aws, bucket: str, definition: Definition) -> None:
    """Make a job definition and its files, unless it exists; NoRoom when the account is full."""
    for key, body in definition.files.items():
        aws.s3.put_object(Bucket=bucket, Key=key, Body=body.encode())
    create = getattr(aws.sagemaker, f"create_{OPERATIONS[definition.kind]}_job_definition")
    with _once(aws):
        create(JobDefinitionName=definition.name, **definition.request)


def make_schedule(aws: Aws, name: str, definition: Definition) -> None:
    """Make the schedule of a kind, unless it exists; NoRoom when the account is full."""
    with _once(aws):
        aws.sagemaker.create_monitoring_schedule(
            MonitoringScheduleName=name,
            MonitoringScheduleConfig=_config(definition),
        )


def change_schedule(aws: Aws, name: str, definition: Definition) -> None:
    """Let the schedule of a kind run another definition from now on."""
    with _once(aws):
        aws.sagemaker.update_monitoring_schedule(
            MonitoringScheduleName=name,
            MonitoringScheduleConfig=_config(definition),
        )


def _config(definition: Definition) -> "MonitoringScheduleConfigTypeDef":
    kind: MonitoringTypeType = TYPES[definition.kind]  # type: ignore[assignment]  # one of the four
    return {
        "ScheduleConfig": {"ScheduleExpression": definition.cron},
        "MonitoringJobDefinitionName": definition.name,
        "MonitoringType": kind,
    }


def remove_schedule(aws: Aws, name: str) -> None:
    """Ask AWS to delete a schedule; one with an execution in progress stays for now."""
    with _later():
        aws.sagemaker.delete_monitoring_schedule(MonitoringScheduleName=name)


def remove_definition(aws: Aws, kind: str, name: str) -> None:
    """Delete a job definition; one that is used after all stays for now."""
    with _later():
        getattr(aws.sagemaker, f"delete_{OPERATIONS[kind]}_job_definition")(JobDefinitionName=name)


@contextmanager
def _once(aws: Aws) -> Iterator[None]:
    try:
        yield
    except aws.sagemaker.exceptions.ResourceLimitExceeded as error:
        raise NoRoom(str(error)) from error
    except AwsError as error:
        # An account that Model Monitor is closed to, a role that is missing: asking helps nothing.
        if error_code(error) in ("AccessDeniedException", "ValidationException"):
            raise Permanent(str(error)) from error
        # Under this name there is what was wanted, made by an earlier look.
        if error_code(error) != "ResourceInUse":
            raise


@contextmanager
def _later() -> Iterator[None]:
    try:
        yield
    except AwsError as error:
        if error_code(error) not in ("ResourceInUse", "ResourceNotFound", "ValidationException"):
            raise
