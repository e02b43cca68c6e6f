"""What pipelines are put together from, and the placeholders that a compiled definition holds."""

from collections.abc import Mapping, Sequence

from sagemaker.core.model_metrics import MetricsSource
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.shapes import (
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
)
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.steps import ProcessingStep

# A URI or a name: text, or an expression that SageMaker resolves when the pipeline runs.
type Text = str | Join | ParameterString

# What `steward publish` replaces, wherever it stands in a definition.
BUCKET = "steward-artifact-bucket"
ROLE = "arn:aws:iam::000000000000:role/steward-execution-role"
IMAGE_URI = "000000000000.dkr.ecr.us-east-1.amazonaws.com/steward-image:0"
PACKAGE_GROUP = "steward-package-group"
MODEL_NAME = "steward-model-name"
PII_SECRET = "steward-pii-secret"  # noqa: S105  a placeholder for a secret's name
COMMIT = "steward-commit"
AUTHOR = "steward-author"

INSTANCE = "ml.m5.large"
VOLUME_GB = 30
MAX_RUNTIME = 4 * 60 * 60

INPUT, OUTPUT = "/opt/ml/processing/input", "/opt/ml/processing/output"
# Where a script finds the shared modules, and where SageMaker looks for its last words.
SCRIPT_ENVIRONMENT = {
    "PYTHONPATH": f"{INPUT}/library/library.zip",
    "EXIT_MESSAGE_FILE": "/opt/ml/output/message",
}
NOT_OPTIONS = {"library"}


def run_uri(*parts: str) -> Join:
    """A place in the artifact bucket that belongs to this execution alone."""
    execution = ExecutionVariables.PIPELINE_EXECUTION_ID
    return Join(on="/", values=[f"s3://{BUCKET}/runs/{MODEL_NAME}", execution, *parts])


def script_step(  # noqa: PLR0913  as many as a processing job has parts
    session: PipelineSession,
    name: str,
    *,
    code: str,
    inputs: Mapping[str, Text],
    outputs: Sequence[str],
    arguments: Sequence[Text],
    environment: Mapping[str, str] | None = None,
    property_files: list[PropertyFile] | None = None,
) -> ProcessingStep:
    """A processing job that runs one script; each input's folder is an option of its own."""
    processor = ScriptProcessor(
        image_uri=IMAGE_URI,
        role=ROLE,
        command=["python3"],
        instance_type=INSTANCE,
        instance_count=1,
        volume_size_in_gb=VOLUME_GB,
        max_runtime_in_seconds=MAX_RUNTIME,
        env={**SCRIPT_ENVIRONMENT, **(environment or {})},
        sagemaker_session=session,
    )
    named = (key for key in inputs if key not in NOT_OPTIONS)
    options = [text for key in named for text in (f"--{key}", f"{INPUT}/{key}")]
    step_arguments = processor.run(
        code=code,
        inputs=[processing_input(key, uri) for key, uri in inputs.items()],
        outputs=[processing_output(name, key) for key in outputs],
        arguments=[*options, *arguments],
    )
    return ProcessingStep(name, step_args=step_arguments, property_files=property_files)


def processing_input(name: str, uri: Text) -> ProcessingInput:
    """What lies at `uri`, in a folder of its own."""
    return ProcessingInput(
        input_name=name,
        s3_input=ProcessingS3Input(
            s3_uri=uri,
            local_path=f"{INPUT}/{name}",
            s3_data_type="S3Prefix",
            s3_input_mode="File",
            s3_data_distribution_type="FullyReplicated",
        ),
    )


def processing_output(step: str, name: str) -> ProcessingOutput:
    """A folder that is kept below the execution's own place."""
    return ProcessingOutput(
        output_name=name,
        s3_output=ProcessingS3Output(
            s3_uri=run_uri(step, name),
            local_path=f"{OUTPUT}/{name}",
            s3_upload_mode="EndOfJob",
        ),
    )


def output_of(step: ProcessingStep, name: str) -> Text:
    """Where a step's output will lie."""
    place: Text = step.properties.ProcessingOutputConfig.Outputs[name].S3Output.S3Uri
    return place


def found(step: ProcessingStep, file: PropertyFile, path: str) -> JsonGet:
    """A value that a step will write."""
    return JsonGet(step_name=step.name, property_file=file, json_path=path)


def below(uri: Text, path: str) -> Join:
    """A file below a place that is known only when the pipeline runs."""
    return Join(on="/", values=[uri, path])


def json_file(uri: Text, path: str) -> MetricsSource:
    """A JSON file as the model registry names it."""
    return MetricsSource(content_type="application/json", s3_uri=below(uri, path))
