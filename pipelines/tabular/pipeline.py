"""The pipeline of every model with `pipeline = "tabular"`, written with the SageMaker SDK.

    Prepare -> Train -+-> Evaluate -+-> CheckMetrics -+-> Register
                      +-> Report ---+                 +-> MetricsTooLow

The compiled definition is the same for every model: where a model, a bucket or a role belongs, it
holds a placeholder of `pipelines.parts`, and `steward publish` puts the real name there.
"""

from pathlib import Path

from sagemaker.core.metadata_properties import MetadataProperties
from sagemaker.core.model_metrics import ModelMetrics
from sagemaker.core.training.configs import Compute, InputData, OutputDataConfig, StoppingCondition
from sagemaker.core.workflow.conditions import ConditionGreaterThanOrEqualTo
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join
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
from pipelines.parts import (
    AUTHOR,
    BUCKET,
    COMMIT,
    IMAGE_URI,
    INSTANCE,
    MAX_RUNTIME,
    OUTPUT,
    PACKAGE_GROUP,
    PII_SECRET,
    ROLE,
    VOLUME_GB,
    Text,
    below,
    found,
    json_file,
    output_of,
    run_uri,
    script_step,
)  # fmt: skip

HERE = Path(__file__).parent
IMAGE = ("sklearn", "1.9-0")  # requirements/demo.in pins the same scikit-learn

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
CHAMPION_SNAPSHOT = ParameterString("ChampionSnapshotUri", default_value="")  # empty: unknown


def code_uri(name: str) -> str:
    """Where a piece of code is published, named by its content."""
    return f"s3://{BUCKET}/code/{bundle.key(CODE[name], name)}"


def with_every_step(**inputs: Text) -> dict[str, Text]:
    """The inputs of a step, and what each step is given: the model's spec and the library."""
    return {**inputs, "spec": SPEC, "library": code_uri("library.zip")}


def option(name: str, value: Text) -> Join:
    """An option in one word with its value: a container cannot be given an empty argument."""
    return Join(on="", values=[f"--{name}=", value])


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
        parameters=[SNAPSHOT, SNAPSHOT_DIGEST, SPEC, COMMIT_ID, CHAMPION, CHAMPION_SNAPSHOT],
        steps=[prepare, train, evaluate, report, check_step(evaluate, report, register, metrics)],
        pipeline_experiment_config=None,  # lineage is Steward's; an experiment per run says less
        sagemaker_session=session,
    )


def prepare_step(session: PipelineSession) -> ProcessingStep:
    """Fetch exactly the snapshot's rows, protect and split them."""
    return script_step(
        session,
        "Prepare",
        code=code_uri("prepare.py"),
        inputs=with_every_step(snapshot=SNAPSHOT),
        outputs=["train", "test", "prepared"],
        arguments=[
            "--out", OUTPUT, "--snapshot-digest", SNAPSHOT_DIGEST,
            option("champion-snapshot-uri", CHAMPION_SNAPSHOT),
        ],
        environment={"PII_SECRET": PII_SECRET},
    )  # fmt: skip


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
        code=code_uri("evaluate.py"),
        inputs=with_every_step(
            model=train.properties.ModelArtifacts.S3ModelArtifacts,
            test=output_of(prepare, "test"),
            prepared=output_of(prepare, "prepared"),
        ),
        outputs=["evaluation"],
        arguments=["--out", f"{OUTPUT}/evaluation", option("champion-uri", CHAMPION)],
        property_files=[metrics],
    )


def report_step(
    session: PipelineSession, prepare: ProcessingStep, train: TrainingStep
) -> ProcessingStep:
    """Describe bias, explanations and the baseline."""
    return script_step(
        session,
        "Report",
        code=code_uri("report.py"),
        inputs=with_every_step(
            model=train.properties.ModelArtifacts.S3ModelArtifacts,
            train=output_of(prepare, "train"),
            test=output_of(prepare, "test"),
        ),
        outputs=["reports"],
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
            "commit_author": AUTHOR,
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
