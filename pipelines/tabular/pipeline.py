"""The pipeline of every model with `pipeline = "tabular"`, written with the SageMaker SDK.

    Prepare -> Train -+-> Evaluate -+-> CheckMetrics -+-> Register
                      +-> Report ---+                 +-> MetricsTooLow

The compiled definition is the same for every model: where a model, a bucket or a role belongs, it
holds one of the placeholders below, and `steward publish` puts the real name there.
"""

from pathlib import Path

from sagemaker.core.metadata_properties import MetadataProperties
from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.shapes import (
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
)
from sagemaker.core.training.configs import Compute, InputData, OutputDataConfig, StoppingCondition
from sagemaker.core.workflow.conditions import ConditionGreaterThanOrEqualTo
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train.model_trainer import ModelTrainer

from pipelines import bundle

# A URI or a name: text, or an expression that SageMaker resolves when the pipeline runs.
type Text = str | Join | ParameterString

HERE = Path(__file__).parent
IMAGE = ("sklearn", "1.9-0")  # requirements/demo.in pins the same scikit-learn
INSTANCE = "ml.m5.large"
VOLUME_GB = 30
MAX_RUNTIME = 4 * 60 * 60

INPUT, OUTPUT = "/opt/ml/processing/input", "/opt/ml/processing/output"

# What `steward publish` replaces, wherever it stands in the definition.
BUCKET = "steward-artifact-bucket"
ROLE = "arn:aws:iam::000000000000:role/steward-execution-role"
IMAGE_URI = "000000000000.dkr.ecr.us-east-1.amazonaws.com/steward-image:0"
PACKAGE_GROUP = "steward-package-group"
MODEL_NAME = "steward-model-name"
PII_SECRET = "steward-pii-secret"  # noqa: S105  a placeholder for a secret's name
COMMIT = "steward-commit"

# Everything that runs inside a step: what it is published as -> where it comes from.
CODE = {
    "prepare.py": HERE / "steps" / "prepare.py",
    "evaluate.py": HERE / "steps" / "evaluate.py",
    "report.py": HERE / "steps" / "report.py",
    "library.zip": HERE / "source",
    "sourcedir.tar.gz": HERE / "source",
}

SNAPSHOT = ParameterString("SnapshotUri", default_value=f"s3://{BUCKET}/snapshots/none.json")
SNAPSHOT_DIGEST = ParameterString("SnapshotDigest", default_value="none")
SPEC = ParameterString("SpecUri", default_value=f"s3://{BUCKET}/specs/none.json")
COMMIT_ID = ParameterString("CommitId", default_value=COMMIT)
CHAMPION = ParameterString("ChampionUri", default_value="")  # empty: no version serves yet


def code_uri(name: str) -> str:
    """Where a piece of code is published, named by its content."""
    return f"s3://{BUCKET}/code/{bundle.key(CODE[name], name)}"


def run_uri(*parts: str) -> Join:
    """A place in the artifact bucket that belongs to this execution alone."""
    execution = ExecutionVariables.PIPELINE_EXECUTION_ID
    return Join(on="/", values=[f"s3://{BUCKET}/runs/{MODEL_NAME}", execution, *parts])


def make(session: PipelineSession) -> Pipeline:
    """The whole pipeline."""
    prepare = prepare_step(session)
    train = train_step(session, prepare)
    metrics = PropertyFile("EvaluationReport", output_name="evaluation", path="evaluation.json")
    evaluate = evaluate_step(session, prepare, train, metrics)
    report = report_step(session, prepare, train)
    register = register_step(session, prepare, train, evaluate, report, metrics)
    return Pipeline(
        name="steward-tabular",
        parameters=[SNAPSHOT, SNAPSHOT_DIGEST, SPEC, COMMIT_ID, CHAMPION],
        steps=[prepare, train, evaluate, report, check_step(evaluate, report, register, metrics)],
        pipeline_experiment_config=None,  # lineage is Steward's; an experiment per run says less
        sagemaker_session=session,
    )


def prepare_step(session: PipelineSession) -> ProcessingStep:
    """Fetch exactly the snapshot's rows, protect and split them."""
    return script_step(
        session,
        "Prepare",
        inputs={"snapshot": SNAPSHOT},
        outputs={"train": "train", "test": "test", "prepared": "prepared"},
        arguments=["--out", OUTPUT, "--snapshot-digest", SNAPSHOT_DIGEST],
        environment={"PII_SECRET": PII_SECRET},
    )


def train_step(session: PipelineSession, prepare: ProcessingStep) -> TrainingStep:
    """Fit the model in script mode: the container runs train.py of the code archive."""
    trainer = ModelTrainer(
        training_image=IMAGE_URI,
        role=ROLE,
        sagemaker_session=session,
        base_job_name="steward-train",
        compute=Compute(instance_type=INSTANCE, instance_count=1, volume_size_in_gb=VOLUME_GB),
        output_data_config=OutputDataConfig(s3_output_path=run_uri("model")),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=MAX_RUNTIME),
        hyperparameters={
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": code_uri("sourcedir.tar.gz"),
        },
    )
    channels = {"train": output_of(prepare, "train"), "spec": SPEC}
    data = [InputData(channel_name=name, data_source=uri) for name, uri in channels.items()]
    return TrainingStep("Train", step_args=trainer.train(input_data_config=data))


def evaluate_step(
    session: PipelineSession, prepare: ProcessingStep, train: TrainingStep, metrics: PropertyFile
) -> ProcessingStep:
    """Measure the new model and the one that serves."""
    return script_step(
        session,
        "Evaluate",
        inputs={
            "model": train.properties.ModelArtifacts.S3ModelArtifacts,
            "test": output_of(prepare, "test"),
            "prepared": output_of(prepare, "prepared"),
        },
        outputs={"evaluation": "evaluation"},
        # In one word with its option, because a container cannot be given an empty argument.
        arguments=[
            "--out", f"{OUTPUT}/evaluation", Join(on="", values=["--champion-uri=", CHAMPION]),
        ],
        property_files=[metrics],
    )  # fmt: skip


def report_step(
    session: PipelineSession, prepare: ProcessingStep, train: TrainingStep
) -> ProcessingStep:
    """Describe bias, explanations and the baseline."""
    return script_step(
        session,
        "Report",
        inputs={
            "model": train.properties.ModelArtifacts.S3ModelArtifacts,
            "train": output_of(prepare, "train"),
            "test": output_of(prepare, "test"),
        },
        outputs={"reports": "reports"},
        arguments=["--out", f"{OUTPUT}/reports"],
    )


def check_step(
    evaluate: ProcessingStep, report: ProcessingStep, register: ModelStep, metrics: PropertyFile
) -> ConditionStep:
    """Register the model if every metric reaches its minimum; otherwise fail and say which not."""
    reached = ConditionGreaterThanOrEqualTo(left=found(evaluate, metrics, "gate.margin"), right=0.0)
    too_low = FailStep("MetricsTooLow", error_message=found(evaluate, metrics, "gate.sentence"))
    return ConditionStep(
        "CheckMetrics",
        depends_on=[report],
        conditions=[reached],
        if_steps=[register],
        else_steps=[too_low],
    )


def register_step(
    session: PipelineSession,
    prepare: ProcessingStep,
    train: TrainingStep,
    evaluate: ProcessingStep,
    report: ProcessingStep,
    metrics: PropertyFile,
) -> ModelStep:
    """Register the version with its evidence and where it comes from; a person approves it."""
    builder = ModelBuilder(
        image_uri=IMAGE_URI,
        s3_model_data_url=train.properties.ModelArtifacts.S3ModelArtifacts,
        role_arn=ROLE,
        sagemaker_session=session,
        instance_type=INSTANCE,
        dependencies=None,
        env_vars={
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        },
    )
    arguments = builder.register(
        model_package_group_name=PACKAGE_GROUP,
        content_types=["text/csv"],
        response_types=["text/csv"],
        approval_status="PendingManualApproval",
        model_metrics=evidence(evaluate, report),
        metadata_properties=MetadataProperties(
            commit_id=COMMIT_ID, generated_by=ExecutionVariables.PIPELINE_EXECUTION_ARN
        ),
        customer_metadata_properties={
            "snapshot_digest": SNAPSHOT_DIGEST,
            "spec_uri": SPEC,
            "artifact_sha256": found(evaluate, metrics, "artifact.sha256"),
            "prepared_uri": below(output_of(prepare, "prepared"), "prepared.json"),
        },
    )
    return ModelStep("Register", step_args=arguments)


def evidence(evaluate: ProcessingStep, report: ProcessingStep) -> ModelMetrics:
    """The files that a version is judged by."""
    reports = output_of(report, "reports")
    return ModelMetrics(
        model_statistics=json_file(output_of(evaluate, "evaluation"), "evaluation.json"),
        model_constraints=json_file(reports, "quality/constraints.json"),
        model_data_statistics=json_file(reports, "baseline/statistics.json"),
        model_data_constraints=json_file(reports, "baseline/constraints.json"),
        bias=json_file(reports, "bias/analysis.json"),
        explainability=json_file(reports, "explainability/analysis.json"),
    )


def script_step(  # noqa: PLR0913  as many as a processing job has parts
    session: PipelineSession,
    name: str,
    *,
    inputs: dict[str, Text],
    outputs: dict[str, str],
    arguments: list[Text],
    environment: dict[str, str] | None = None,
    property_files: list[PropertyFile] | None = None,
) -> ProcessingStep:
    """A processing job that runs steps/<name>.py; each input's folder is an option of its own.

    The model's spec and the shared library come with every step.
    """
    processor = ScriptProcessor(
        image_uri=IMAGE_URI,
        role=ROLE,
        command=["python3"],
        instance_type=INSTANCE,
        instance_count=1,
        volume_size_in_gb=VOLUME_GB,
        max_runtime_in_seconds=MAX_RUNTIME,
        env={
            "PYTHONPATH": f"{INPUT}/library/library.zip",
            "EXIT_MESSAGE_FILE": "/opt/ml/output/message",
            **(environment or {}),
        },
        sagemaker_session=session,
    )
    given = {**inputs, "spec": SPEC}
    options = [text for key in given for text in (f"--{key}", f"{INPUT}/{key}")]
    step_arguments = processor.run(
        code=code_uri(f"{name.lower()}.py"),
        inputs=[
            processing_input(key, uri)
            for key, uri in {**given, "library": code_uri("library.zip")}.items()
        ],
        outputs=[processing_output(name, key, path) for key, path in outputs.items()],
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


def processing_output(step: str, name: str, path: str) -> ProcessingOutput:
    """A folder that is kept below the execution's own place."""
    return ProcessingOutput(
        output_name=name,
        s3_output=ProcessingS3Output(
            s3_uri=run_uri(step, name),
            local_path=f"{OUTPUT}/{path}",
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
