"""The processing job of one execution, as Model Monitor itself begins it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from local_aws.sagemaker import names, storage
from local_aws.sagemaker.endpoint_state import Endpoint
from local_aws.sagemaker.monitoring.definitions import PREPROCESSOR, Definition
from local_aws.sagemaker.monitoring.timing import Window
from local_aws.sagemaker.processes import Command
from local_aws.sagemaker.processing import MESSAGE, Processing
from local_aws.sagemaker.roles import RoleSession
from local_aws.sagemaker.sandbox import Sandbox
from local_aws.sagemaker.values import Json, given, iso, section, text, text_map

CAPTURED, GROUND_TRUTH = "endpoint_input_1", "ground_truth_input_1"
_LOCAL = "/opt/ml/processing"
_PATHS = {
    CAPTURED: f"{_LOCAL}/input/endpoint",
    GROUND_TRUTH: f"{_LOCAL}/groundtruth",
    "baseline": f"{_LOCAL}/baseline/stats",
    "constraints": f"{_LOCAL}/baseline/constraints",
    "preprocessor": f"{_LOCAL}/code/preprocessor",
    "monitoring_output": f"{_LOCAL}/output",
}
_NAMES = {"DataQuality": "model-monitoring", "ModelQuality": "model-quality-monitoring"}
# As the SDK calls the variables that it sets itself.
_ATTRIBUTES = {
    "inference_attribute": "InferenceAttribute",
    "probability_attribute": "ProbabilityAttribute",
    "probability_threshold_attribute": "ProbabilityThresholdAttribute",
}

type Folders = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Occasion:
    """What one execution is about."""

    schedule: str
    definition: Definition
    scheduled: datetime
    window: Window


class Monitoring(Processing):
    """A processing job whose data are many folders, and whose code is the embedded analyzer."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders

    def check(self, request: Json) -> None:
        """Nothing: Model Monitor makes the request itself."""

    def fetch(self, entry: Json, sandbox: Sandbox) -> None:
        """Copy the folders that the manifest of an input stands for."""
        name = text(entry, "InputName")
        if name not in self._folders:
            super().fetch(entry, sandbox)
            return
        target = sandbox.folder(text(section(entry, "S3Input"), "LocalPath"))
        for number, uri in enumerate(self._folders[name]):
            storage.download(sandbox.role.s3, uri, target / str(number))

    def command(self, request: Json, sandbox: Sandbox) -> Command:
        """The embedded analyzer, in the place of AWS's image."""
        module = "local_aws.sagemaker.monitoring.analyzer"
        environment = sandbox.environment(text_map(request, "Environment"))
        return Command(module, (), sandbox.root, environment, sandbox.log, is_module=True)


def folders_with_data(role: RoleSession, endpoint: Endpoint, occasion: Occasion) -> Folders:
    """The hours of captured data and of ground truth that there are. Raises StorageError."""
    wanted = {CAPTURED: list(_captured(endpoint, occasion.window))}
    truth = section(occasion.definition.part("JobInput"), "GroundTruthS3Input")
    if truth:
        wanted[GROUND_TRUTH] = _by_hour(text(truth, "S3Uri"), occasion.window)
    return {
        name: [uri for uri in uris if storage.has_objects(role.s3, uri)]
        for name, uris in wanted.items()
    }


def _captured(endpoint: Endpoint, window: Window) -> Iterator[str]:
    for variant in endpoint.config.variants if endpoint.config.capture else ():
        yield from _by_hour(f"{_capture_prefix(endpoint)}/{text(variant, 'VariantName')}", window)


def _capture_prefix(endpoint: Endpoint) -> str:
    """Where the endpoint's present configuration captures to."""
    destination = text(endpoint.config.capture, "DestinationS3Uri").rstrip("/")
    return f"{destination}/{endpoint.name}"


def _by_hour(prefix: str, window: Window) -> list[str]:
    return [f"{prefix.rstrip('/')}/{hour:%Y/%m/%d/%H}" for hour in window.hours()]


def request_of(occasion: Occasion, endpoint: Endpoint, job_id: str) -> Json:
    """The request of the processing job, whose name ends in an id of its own."""
    definition = occasion.definition
    head = f"{_NAMES[definition.kind]}-{occasion.scheduled:%Y%m%d%H%M}"
    app = definition.part("AppSpecification")
    return given(
        ProcessingJobName=f"{head}-{job_id}",
        ProcessingInputs=list(_inputs(definition, endpoint)),
        ProcessingOutputConfig={"Outputs": [_output(occasion)]},
        ProcessingResources=definition.request["JobResources"],
        StoppingCondition={"MaxRuntimeInSeconds": definition.seconds},
        AppSpecification={"ImageUri": app["ImageUri"]},
        Environment=_environment(occasion),
        NetworkConfig=definition.request.get("NetworkConfig"),
        RoleArn=definition.request["RoleArn"],
        MonitoringScheduleArn=names.arn("monitoring-schedule", occasion.schedule),
    )


def _inputs(definition: Definition, endpoint: Endpoint) -> Iterator[Json]:
    baseline = definition.part("BaselineConfig")
    for name, member in (("baseline", "Statistics"), ("constraints", "Constraints")):
        if uri := section(baseline, f"{member}Resource").get("S3Uri"):
            yield _input(name, str(uri), "S3Prefix")
    if uri := definition.part("AppSpecification").get(PREPROCESSOR):
        yield _input("preprocessor", str(uri), "S3Prefix")
    yield _input(CAPTURED, _capture_prefix(endpoint), "ManifestFile")
    if truth := section(definition.part("JobInput"), "GroundTruthS3Input"):
        yield _input(GROUND_TRUTH, text(truth, "S3Uri"), "ManifestFile")


def _input(name: str, uri: str, data_type: str) -> Json:
    source: Json = {
        "S3Uri": uri,
        "LocalPath": _PATHS[name],
        "S3DataType": data_type,
        "S3InputMode": "File",
        "S3DataDistributionType": "FullyReplicated",
        "S3CompressionType": "None",
    }
    return {"InputName": name, "S3Input": source}


def _output(occasion: Occasion) -> Json:
    target, name = occasion.definition.output, "monitoring_output"
    where = f"{occasion.definition.endpoint}/{occasion.schedule}/{occasion.scheduled:%Y/%m/%d/%H}"
    written: Json = {
        "S3Uri": f"{text(target, 'S3Uri').rstrip('/')}/{where}",
        "LocalPath": _PATHS[name],
        "S3UploadMode": target.get("S3UploadMode", "Continuous"),
    }
    return {"OutputName": name, "S3Output": written}


def _environment(occasion: Occasion) -> dict[str, str]:
    definition = occasion.definition
    attributes = {
        name: str(definition.endpoint_input[member])
        for name, member in _ATTRIBUTES.items()
        if member in definition.endpoint_input
    }
    app = definition.part("AppSpecification")
    return {
        **text_map(app, "Environment"),
        **attributes,
        "analysis_type": "MODEL_QUALITY" if definition.kind == "ModelQuality" else "DATA_QUALITY",
        "problem_type": str(app.get("ProblemType", "")),
        "dataset_source": _PATHS[CAPTURED],
        "ground_truth_source": _PATHS[GROUND_TRUTH],
        "baseline_statistics": _PATHS["baseline"],
        "baseline_constraints": _PATHS["constraints"],
        "record_preprocessor_script": _PATHS["preprocessor"],
        "output_path": _PATHS["monitoring_output"],
        "termination_message_path": MESSAGE,
        "start_time": iso(occasion.window.start),
        "end_time": iso(occasion.window.end),
        "sagemaker_endpoint_name": definition.endpoint,
        "sagemaker_monitoring_schedule_name": occasion.schedule,
    }
