"""How jobs are shown by Describe calls and told of in events."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from local_aws.sagemaker.training import artifact_uri
from local_aws.sagemaker.values import Json, epoch_ms, given, pick, section, sections

if TYPE_CHECKING:
    from local_aws.sagemaker.jobs import Job

_KEPT = {
    "Processing": (
        "ProcessingInputs", "ProcessingOutputConfig", "ProcessingResources", "StoppingCondition",
        "AppSpecification", "Environment", "NetworkConfig", "RoleArn", "ExperimentConfig",
        "MonitoringScheduleArn",
    ),
    "Training": (
        "HyperParameters", "AlgorithmSpecification", "RoleArn", "InputDataConfig",
        "OutputDataConfig", "ResourceConfig", "VpcConfig", "StoppingCondition", "Environment",
        "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption",
        "EnableManagedSpotTraining", "CheckpointConfig", "RetryStrategy", "ExperimentConfig",
    ),
}  # fmt: skip
_SECONDARY = {"InProgress": "Training"}
# Describe tells them; the documented events do not.
_ONLY_DESCRIBED = (
    "ExitMessage", "MonitoringScheduleArn", "Environment", "FinalMetricDataList",
    "TrainingTimeInSeconds", "BillableTimeInSeconds",
)  # fmt: skip


def described(job: "Job") -> Json:
    """The answer of DescribeProcessingJob or DescribeTrainingJob."""
    kind = job.kind
    common = {
        f"{kind}JobName": job.name,
        f"{kind}JobArn": job.arn,
        f"{kind}JobStatus": job.status,
        f"{kind}StartTime": job.started,
        f"{kind}EndTime": job.ended,
    }
    return given(
        **pick(job.request, *_KEPT[kind]),
        **common,
        **_particular(job),
        FailureReason=job.failure,
        CreationTime=job.created,
        LastModifiedTime=job.modified,
    )


def summary(job: "Job") -> Json:
    """One line of ListProcessingJobs."""
    shown = described(job)
    kept = ("JobName", "JobArn", "JobStatus", "EndTime")
    common = ("CreationTime", "LastModifiedTime", "FailureReason", "ExitMessage")
    return pick(shown, *(f"{job.kind}{member}" for member in kept), *common)


def _particular(job: "Job") -> Json:
    if job.kind == "Processing":
        return {"ExitMessage": job.exit_message}
    seconds = None
    if job.started and job.ended:
        seconds = max(1, round((job.ended - job.started).total_seconds()))
    metrics = [
        {**metric, "Timestamp": job.ended}
        for metric in sections(job.results, "FinalMetricDataList")
    ]
    return {
        "ModelArtifacts": {"S3ModelArtifacts": artifact_uri(job.request, job.name)},
        "SecondaryStatus": _SECONDARY.get(job.status, job.status),
        "TrainingTimeInSeconds": seconds,
        "BillableTimeInSeconds": seconds,
        "FinalMetricDataList": metrics or None,
    }


def announced(job: "Job") -> Mapping[str, object]:
    """The detail of the job's state change event; times are epoch milliseconds."""
    kind = job.kind
    shown = described(job)
    if kind == "Processing":
        shown = {"ExperimentConfig": {}, **shown, **_spelled(shown)}
    else:
        shown = {"VpcConfig": {}, **shown, "SecondaryStatusTransitions": [], "Tags": {}}
    for name in _ONLY_DESCRIBED:
        shown.pop(name, None)
    times = {
        key: epoch_ms(moment)
        for key, moment in (
            ("CreationTime", job.created),
            ("LastModifiedTime", job.modified),
            (f"{kind}StartTime", job.started),
            (f"{kind}EndTime", job.ended),
        )
        if moment is not None
    }
    return {**shown, **times}


def _spelled(shown: Json) -> Json:
    """Inputs and outputs with their enums in the event's upper-case spelling."""
    inputs = [
        {**entry, "S3Input": _upper(section(entry, "S3Input"))}
        for entry in sections(shown, "ProcessingInputs")
    ]
    config = section(shown, "ProcessingOutputConfig")
    outputs = [
        {**entry, "S3Output": _upper(section(entry, "S3Output"))}
        for entry in sections(config, "Outputs")
    ]
    return {"ProcessingInputs": inputs, "ProcessingOutputConfig": {**config, "Outputs": outputs}}


_UPPER = {
    "ManifestFile": "MANIFEST_FILE", "S3Prefix": "S3_PREFIX", "File": "FILE",
    "FullyReplicated": "FULLYREPLICATED", "None": "NONE", "EndOfJob": "END_OF_JOB",
    "Continuous": "CONTINUOUS",
}  # fmt: skip


def _upper(source: Json) -> Json:
    plain = ("S3Uri", "LocalPath")
    return {k: v if k in plain else _UPPER.get(str(v), v) for k, v in source.items()}
