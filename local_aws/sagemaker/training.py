"""Training jobs in script mode: the contract of SageMaker's framework containers."""

import json
import re
from collections.abc import Mapping
from io import BytesIO

from local_aws.sagemaker import names, storage
from local_aws.sagemaker.processes import Command
from local_aws.sagemaker.sandbox import RefusedError, Sandbox, refuse_unless
from local_aws.sagemaker.values import Json, section, sections, text, text_map, whole

FAILURE = "/opt/ml/output/failure"
_CODE, _DATA, _CONFIG = "/opt/ml/code", "/opt/ml/input/data", "/opt/ml/input/config"
_MODEL, _OUTPUT = "/opt/ml/model", "/opt/ml/output"
_SOURCE: Json = {"S3DataType": "S3Prefix", "S3DataDistributionType": "FullyReplicated"}
_HOSTS: Json = {"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "lo"}


def artifact_uri(request: Json, job_name: str) -> str:
    """Where a job's model goes."""
    base = text(section(request, "OutputDataConfig"), "S3OutputPath").rstrip("/")
    return f"{base}/{job_name}/output/model.tar.gz"


class Training:
    """How a training job is prepared, and what it leaves."""

    kind = "Training"
    default_runtime = 86_400

    def check(self, request: Json) -> None:
        """Refuse what cannot run here, before anything is copied."""
        parameters = text_map(request, "HyperParameters")
        if not {"sagemaker_program", "sagemaker_submit_directory"} <= parameters.keys():
            raise RefusedError(
                "without a container only script mode can train: the hyperparameters "
                "sagemaker_program and sagemaker_submit_directory name the script"
            )
        for channel in sections(request, "InputDataConfig"):
            source = section(channel, "DataSource")
            if "S3DataSource" not in source:
                raise RefusedError("a channel whose source is not S3 is not covered")
            refuse_unless(_SOURCE, section(source, "S3DataSource"), "S3DataSource")
            refuse_unless({"InputMode": "File", "CompressionType": "None"}, channel, "Channel")

    def image(self, request: Json) -> str:
        """The container's image."""
        return str(section(request, "AlgorithmSpecification").get("TrainingImage", ""))

    def prepare(self, request: Json, sandbox: Sandbox) -> Command:
        """Copy code and channels, write the configuration, make the command."""
        parameters = _decoded(text_map(request, "HyperParameters"))
        code = sandbox.folder(_CODE)
        packed = storage.read(sandbox.role.s3, str(parameters["sagemaker_submit_directory"]))
        storage.unpack(BytesIO(packed), code)
        channels = {}
        for channel in sections(request, "InputDataConfig"):
            folder = f"{_DATA}/{text(channel, 'ChannelName')}"
            source = section(section(channel, "DataSource"), "S3DataSource")
            storage.download(sandbox.role.s3, text(source, "S3Uri"), sandbox.folder(folder))
            channels[text(channel, "ChannelName")] = folder
        for folder in (_MODEL, f"{_OUTPUT}/data", f"{_OUTPUT}/intermediate"):
            sandbox.folder(folder)
        self._write_config(request, sandbox)
        return self._command(request, sandbox, parameters, channels)

    def _write_config(self, request: Json, sandbox: Sandbox) -> None:
        config = sandbox.folder(_CONFIG)
        channels = {
            text(channel, "ChannelName"): {"TrainingInputMode": "File"}
            for channel in sections(request, "InputDataConfig")
        }
        for name, content in (
            ("hyperparameters", text_map(request, "HyperParameters")),
            ("inputdataconfig", channels),
            ("resourceconfig", _HOSTS),
        ):
            (config / f"{name}.json").write_text(json.dumps(content))

    def _command(
        self,
        request: Json,
        sandbox: Sandbox,
        parameters: Mapping[str, object],
        channels: Mapping[str, str],
    ) -> Command:
        own = {k: v for k, v in parameters.items() if not k.startswith("sagemaker_")}
        program = str(parameters["sagemaker_program"])
        arguments = [
            word
            for name in sorted(own)
            for word in (f"--{name}" if len(name) > 1 else f"-{name}", str(own[name]))
        ]
        environment = {
            **_framework_environment(sandbox.name, program, arguments),
            **{f"SM_CHANNEL_{name.upper()}": folder for name, folder in channels.items()},
            "SM_CHANNELS": json.dumps(sorted(channels)),
            "SM_HPS": json.dumps(own),
            **{f"SM_HP_{name.upper()}": str(value) for name, value in own.items()},
            **text_map(request, "Environment"),
        }
        words = ["python3", f"{_CODE}/{program}", *arguments]
        return sandbox.python(words, environment, sandbox.path(_CODE))

    def collect(self, request: Json, sandbox: Sandbox) -> Json:
        """Pack the model, and what lies in the output folder, and copy both to S3."""
        uri = artifact_uri(request, sandbox.name)
        packed = sandbox.root / "model.tar.gz"
        storage.pack(sandbox.path(_MODEL), packed)
        storage.upload_file(sandbox.role.s3, packed, uri)
        output = sandbox.path(f"{_OUTPUT}/data")
        if storage.files_in(output):
            packed = sandbox.root / "output.tar.gz"
            storage.pack(output, packed)
            beside = uri.removesuffix("model.tar.gz") + "output.tar.gz"
            storage.upload_file(sandbox.role.s3, packed, beside)
        return {"FinalMetricDataList": self._metrics(request, sandbox)}

    def _metrics(self, request: Json, sandbox: Sandbox) -> list[Json]:
        log = sandbox.log.read_text(errors="replace")
        definitions = sections(section(request, "AlgorithmSpecification"), "MetricDefinitions")
        return [
            {"MetricName": text(definition, "Name"), "Value": float(values[-1])}
            for definition in definitions
            if (values := re.findall(text(definition, "Regex"), log))
        ]

    def failure(self, code: int, sandbox: Sandbox) -> str:
        """What the framework containers say of a script that failed."""
        message = sandbox.left_message(FAILURE)
        if not message:
            lines = sandbox.log.read_text(errors="replace").strip().splitlines() or [""]
            message = f'ExecuteUserScriptError:\nExitCode {code}\nErrorMessage "{lines[-1][:800]}"'
        return f"AlgorithmError: {message}, exit code: {code}"

    def runtime(self, request: Json) -> int:
        """How many seconds it may run."""
        limit = section(request, "StoppingCondition")
        return whole(limit, "MaxRuntimeInSeconds", self.default_runtime)


def _framework_environment(job: str, program: str, arguments: list[str]) -> dict[str, str]:
    return {
        "SM_MODEL_DIR": _MODEL,
        "SM_INPUT_DIR": "/opt/ml/input",
        "SM_INPUT_CONFIG_DIR": _CONFIG,
        "SM_OUTPUT_DIR": _OUTPUT,
        "SM_OUTPUT_DATA_DIR": f"{_OUTPUT}/data",
        "SM_OUTPUT_INTERMEDIATE_DIR": f"{_OUTPUT}/intermediate",
        "SM_NUM_CPUS": "1",
        "SM_NUM_GPUS": "0",
        "SM_HOSTS": json.dumps(_HOSTS["hosts"]),
        "SM_CURRENT_HOST": "algo-1",
        "SM_MODULE_NAME": program.removesuffix(".py"),
        "SM_USER_ENTRY_POINT": program,
        "SM_USER_ARGS": json.dumps(arguments),
        "TRAINING_JOB_NAME": job,
        "TRAINING_JOB_ARN": names.arn("training-job", job),
    }


def _decoded(parameters: Mapping[str, str]) -> dict[str, object]:
    """Hyperparameters are strings; those that are JSON count as what they say."""
    return {name: _parsed(value) for name, value in parameters.items()}


def _parsed(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return value
