"""Pipelines run: scripts as processes, with the role's rights, in the order that data asks for."""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import BUCKET, IMAGE, ROLE, Calls, Client, Get, Json, Local, Put, tar_gz

EXECUTION = "SageMaker Model Building Pipeline Execution Status Change"
STEP = "SageMaker Model Building Pipeline Execution Step Status Change"
PREPARE = """
import json, os, sys
source, out, factor = sys.argv[1:]
rows = [int(line) for line in open(os.path.join(source, "rows.csv"))]
os.makedirs(os.path.join(out, "deep"))
with open(os.path.join(out, "deep", "report.json"), "w") as file:
    json.dump({"rows": {"sum": sum(rows) * int(factor)}}, file)
import boto3
print("I am", boto3.client("sts").get_caller_identity()["Arn"], "with", sorted(os.environ))
"""
TRAIN = """
import argparse, json, os
parser = argparse.ArgumentParser()
parser.add_argument("--depth", type=int)
arguments = parser.parse_args()
from helper import name
channel = os.environ["SM_CHANNEL_TRAIN"]
report = json.load(open(os.path.join(channel, "deep", "report.json")))
model = os.environ["SM_MODEL_DIR"]
open(os.path.join(model, "model.txt"), "w").write(f"{name} {arguments.depth} {report['rows']}")
print("train:loss=0.25;")
"""


def token() -> str:
    return uuid.uuid4().hex


def get_(path: str) -> Json:
    return {"Get": path}


def joined(*values: object) -> Json:
    return {"Std:Join": {"On": "/", "Values": ["s3:/", BUCKET, *values]}}


def parameter(name: str, default: object, kind: str = "String") -> Json:
    return {"Name": name, "Type": kind, "DefaultValue": default}


def processing(
    name: str,
    script: str,
    inputs: Mapping[str, object],
    outputs: Mapping[str, object],
    arguments: Sequence[object],
    **more: object,
) -> Any:
    """A processing step whose input `code` is one script."""
    found = {"code": script, **inputs}
    file = script.rsplit("/", 1)[1]
    return {
        "Name": name,
        "Type": "Processing",
        "Arguments": {
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceType": "ml.m5.large",
                    "InstanceCount": 1,
                    "VolumeSizeInGB": 10,
                }
            },
            "AppSpecification": {
                "ImageUri": IMAGE,
                "ContainerEntrypoint": ["python3", f"/opt/ml/processing/input/code/{file}"],
                **({"ContainerArguments": arguments} if arguments else {}),
            },
            "RoleArn": ROLE,
            "ProcessingInputs": [
                {
                    "InputName": key,
                    "S3Input": {
                        "S3Uri": uri,
                        "LocalPath": f"/opt/ml/processing/input/{key}",
                        "S3DataType": "S3Prefix",
                        "S3InputMode": "File",
                    },
                }
                for key, uri in found.items()
            ],
            "ProcessingOutputConfig": {
                "Outputs": [
                    {
                        "OutputName": key,
                        "S3Output": {
                            "S3Uri": uri,
                            "LocalPath": f"/opt/ml/processing/output/{key}",
                            "S3UploadMode": "EndOfJob",
                        },
                    }
                    for key, uri in outputs.items()
                ]
            },
        },
        **more,
    }


def fail(name: str, message: object = "no", **more: object) -> Json:
    return {"Name": name, "Type": "Fail", "Arguments": {"ErrorMessage": message}, **more}


def check(
    name: str,
    conditions: Sequence[Json],
    then: Sequence[Json] = (),
    otherwise: Sequence[Json] = (),
    **more: object,
) -> Json:
    branches = {"IfSteps": list(then), "ElseSteps": list(otherwise)}
    arguments = {"Conditions": conditions, **branches}
    return {"Name": name, "Type": "Condition", "Arguments": arguments, **more}


@pytest.fixture
def pipeline(sm: Client, name: str) -> Calls:
    """Makes a pipeline of these steps."""

    def make(steps: Sequence[Json], parameters: Sequence[Json] = ()) -> str:
        body = {"Version": "2020-12-01", "Parameters": list(parameters), "Steps": list(steps)}
        return sm.create_pipeline(
            PipelineName=name,
            PipelineDefinition=json.dumps(body),
            ClientRequestToken=token(),
            RoleArn=ROLE,
        )["PipelineArn"]

    return make


@pytest.fixture
def run(local: Local, sm: Client, name: str) -> Calls:
    """Runs the test's pipeline to its end and describes the execution."""

    def run(**parameters: str) -> Any:
        arn = sm.start_pipeline_execution(
            PipelineName=name,
            ClientRequestToken=token(),
            PipelineParameters=[{"Name": k, "Value": v} for k, v in parameters.items()],
        )["PipelineExecutionArn"]
        local.settle()
        return sm.describe_pipeline_execution(PipelineExecutionArn=arn)

    return run


def steps_of(sm: Client, execution: Any) -> dict[str, Any]:
    arn = execution["PipelineExecutionArn"]
    pages = sm.get_paginator("list_pipeline_execution_steps").paginate(
        PipelineExecutionArn=arn, SortOrder="Ascending"
    )
    return {s["StepName"]: s for page in pages for s in page["PipelineExecutionSteps"]}


def job_name(arn: str) -> str:
    return arn.rsplit("/", 1)[1]


@pytest.fixture
def whole(pipeline: Calls, put: Put, name: str) -> str:
    """Prepare -> Train -> CheckSum -> Register or TooSmall, as Steward's own pipelines go."""
    data = put("data/rows.csv", "1\n2\n3\n")
    put("data2/rows.csv", "100\n")
    source = put("code/abc/source.tar.gz", tar_gz({"train.py": TRAIN, "helper.py": "name = 'h'"}))
    prepared = "ProcessingOutputConfig.Outputs['report'].S3Output.S3Uri"
    prepare = processing(
        "Prepare",
        put("code/prepare.py", PREPARE),
        {"data": data.removesuffix("/rows.csv")},
        {"report": joined(name, get_("Execution.PipelineExecutionId"), "report")},
        [
            "/opt/ml/processing/input/data",
            "/opt/ml/processing/output/report",
            get_("Parameters.Factor"),
        ],
        PropertyFiles=[
            {"PropertyFileName": "Sum", "OutputName": "report", "FilePath": "deep/report.json"}
        ],
    )
    train = {
        "Name": "Train",
        "Type": "Training",
        "Arguments": {
            "AlgorithmSpecification": {
                "TrainingImage": IMAGE,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+);"}],
            },
            "HyperParameters": {
                "sagemaker_program": "train.py",
                "sagemaker_submit_directory": source,
                "depth": "3",
            },
            "InputDataConfig": [
                {
                    "ChannelName": "train",
                    "DataSource": {
                        "S3DataSource": {
                            "S3DataType": "S3Prefix",
                            "S3Uri": get_(f"Steps.Prepare.{prepared}"),
                        }
                    },
                }
            ],
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/{name}/models"},
            "ResourceConfig": {
                "InstanceType": "ml.m5.large",
                "InstanceCount": 1,
                "VolumeSizeInGB": 10,
            },
            "RoleArn": ROLE,
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        },
    }
    register = {
        "Name": "Register",
        "Type": "RegisterModel",
        "Arguments": {
            "ModelPackageGroupName": name,
            "ModelApprovalStatus": "PendingManualApproval",
            "InferenceSpecification": {
                "Containers": [
                    {
                        "Image": IMAGE,
                        "ModelDataUrl": get_("Steps.Train.ModelArtifacts.S3ModelArtifacts"),
                    }
                ],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
            "MetadataProperties": {"GeneratedBy": get_("Execution.PipelineExecutionArn")},
        },
    }
    sum_of_rows = {
        "Std:JsonGet": {
            "PropertyFile": get_("Steps.Prepare.PropertyFiles.Sum"),
            "Path": "rows.sum",
        }
    }
    at_least = {
        "Type": "GreaterThanOrEqualTo",
        "LeftValue": sum_of_rows,
        "RightValue": get_("Parameters.Least"),
    }
    condition = check("CheckSum", [at_least], [register], [fail("TooSmall", "too small")])
    parameters = [parameter("Factor", "2"), parameter("Least", 10, "Integer")]
    return pipeline([condition, train, prepare], parameters)


def test_a_pipeline_runs_from_data_to_a_registered_version(
    local: Local, sm: Client, get: Get, whole: str, run: Calls, name: str
) -> None:
    execution = run()
    steps = steps_of(sm, execution)
    training = sm.describe_training_job(
        TrainingJobName=job_name(steps["Train"]["Metadata"]["TrainingJob"]["Arn"])
    )
    package = sm.describe_model_package(
        ModelPackageName=steps["Register"]["Metadata"]["RegisterModel"]["Arn"]
    )

    assert execution["PipelineExecutionStatus"] == "Succeeded"
    assert {n: s["StepStatus"] for n, s in steps.items()} == dict.fromkeys(steps, "Succeeded")
    assert steps["CheckSum"]["Metadata"] == {"Condition": {"Outcome": "True"}}
    assert "TooSmall" not in steps
    artifact = training["ModelArtifacts"]["S3ModelArtifacts"]
    assert artifact == (
        f"s3://{BUCKET}/{name}/models/{training['TrainingJobName']}/output/model.tar.gz"
    )
    assert training["FinalMetricDataList"][0]["Value"] == 0.25
    assert package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"] == artifact
    assert package["MetadataProperties"]["GeneratedBy"] == execution["PipelineExecutionArn"]
    assert package["CreatedBy"]["IamIdentity"]["Arn"] == (
        "arn:aws:sts::123456789012:assumed-role/execution/SageMaker"
    )


def test_a_condition_that_does_not_hold_takes_the_other_branch(
    sm: Client, whole: str, run: Calls
) -> None:
    execution = run(Least="13")
    steps = steps_of(sm, execution)

    assert execution["PipelineExecutionStatus"] == "Failed"
    assert execution["FailureReason"] == "Step failure: One or multiple steps failed."
    assert steps["TooSmall"]["FailureReason"] == "too small"
    assert steps["TooSmall"]["Metadata"] == {"Fail": {"ErrorMessage": "too small"}}
    assert "Register" not in steps


def test_the_same_model_is_the_same_bytes(sm: Client, get: Get, whole: str, run: Calls) -> None:
    digests = set()
    for _ in range(2):
        step = steps_of(sm, run())["Train"]
        job = job_name(step["Metadata"]["TrainingJob"]["Arn"])
        artifact = sm.describe_training_job(TrainingJobName=job)["ModelArtifacts"]
        digests.add(hashlib.sha256(get(artifact["S3ModelArtifacts"])).hexdigest())

    assert len(digests) == 1


def test_steps_run_as_the_role_and_see_nothing_of_the_server(
    local: Local, sm: Client, whole: str, run: Calls
) -> None:
    execution = run()
    number = execution["PipelineExecutionArn"].rsplit("/", 1)[1]
    log = (local.world.root / "logs" / f"step-{number}-Prepare.log").read_text()

    assert "assumed-role/execution/SageMaker" in log
    assert "AWS_ENDPOINT_URL" in log
    assert "PYTEST_CURRENT_TEST" not in log


def test_runs_and_steps_are_announced_in_camel_case(
    local: Local, sm: Client, whole: str, run: Calls
) -> None:
    arn = run()["PipelineExecutionArn"]
    started, ended = local.announced(EXECUTION, arn)
    prepare = [e for e in local.announced(STEP, arn) if e["stepName"] == "Prepare"]

    assert started["currentPipelineExecutionStatus"] == "Executing"
    assert "executionEndTime" not in started
    assert ended["currentPipelineExecutionStatus"] == "Succeeded"
    assert ended["previousPipelineExecutionStatus"] == "Executing"
    assert ended["pipelineExecutionArn"] == arn
    assert ended["pipelineArn"] == whole
    assert [e["currentStepStatus"] for e in prepare] == ["Starting", "Executing", "Succeeded"]
    assert prepare[-1]["previousStepStatus"] == "Executing"
    assert ":processing-job/pipelines-" in prepare[-1]["metadata"]["processingJob"]["arn"]
    assert prepare[-1]["stepType"] == "Processing"


def test_jobs_are_announced_and_described(local: Local, sm: Client, whole: str, run: Calls) -> None:
    step = steps_of(sm, run())["Prepare"]
    arn = step["Metadata"]["ProcessingJob"]["Arn"]
    job = sm.describe_processing_job(ProcessingJobName=job_name(arn))
    begun, ended = local.announced("SageMaker Processing Job State Change", arn)

    assert job["ProcessingJobStatus"] == "Completed"
    assert job["AppSpecification"]["ContainerArguments"][-1] == "2"
    assert (begun["ProcessingJobStatus"], ended["ProcessingJobStatus"]) == (
        "InProgress",
        "Completed",
    )
    assert ended["ProcessingInputs"][0]["S3Input"]["S3DataType"] == "S3_PREFIX"
    assert isinstance(ended["ProcessingEndTime"], int)


def test_the_same_token_is_the_same_run(
    local: Local, sm: Client, pipeline: Calls, name: str
) -> None:
    arn = pipeline([fail("No")])
    once = token()

    first = sm.start_pipeline_execution(PipelineName=name, ClientRequestToken=once)
    again = sm.start_pipeline_execution(PipelineName=arn, ClientRequestToken=once)
    other = sm.start_pipeline_execution(PipelineName=name, ClientRequestToken=token())
    local.settle()

    assert first["PipelineExecutionArn"] == again["PipelineExecutionArn"]
    assert first["PipelineExecutionArn"] != other["PipelineExecutionArn"]
    listed = sm.list_pipeline_executions(PipelineName=arn)["PipelineExecutionSummaries"]
    assert [e["PipelineExecutionArn"] for e in listed] == [
        other["PipelineExecutionArn"],
        first["PipelineExecutionArn"],
    ]


def test_parameters_are_known_typed_and_filled(sm: Client, pipeline: Calls, run: Calls) -> None:
    pipeline(
        [fail("Say", {"Std:Join": {"On": " ", "Values": [get_("Parameters.A"), "of 3"]}})],
        [parameter("A", 2, "Integer"), {**parameter("B", "x"), "EnumValues": ["x", "y"]}],
    )

    for wrong in ({"C": "1"}, {"A": "many"}, {"B": "z"}):
        with pytest.raises(ClientError) as refused:
            run(**wrong)
        assert refused.value.response["Error"]["Code"] == "ValidationException"
    execution = run(B="y")
    shown = sm.list_pipeline_parameters_for_execution(
        PipelineExecutionArn=execution["PipelineExecutionArn"]
    )

    assert shown["PipelineParameters"] == [
        {"Name": "A", "Value": "2"},
        {"Name": "B", "Value": "y"},
    ]
    assert steps_of(sm, execution)["Say"]["FailureReason"] == "2 of 3"


def test_a_run_keeps_the_definition_that_it_began_with(
    sm: Client, pipeline: Calls, run: Calls, name: str
) -> None:
    pipeline([fail("First")])
    execution = run()
    body = json.dumps({"Version": "2020-12-01", "Steps": [fail("Second")]})
    sm.update_pipeline(PipelineName=name, PipelineDefinition=body)

    kept = sm.describe_pipeline_definition_for_execution(
        PipelineExecutionArn=execution["PipelineExecutionArn"]
    )
    assert json.loads(kept["PipelineDefinition"])["Steps"][0]["Name"] == "First"
    assert sm.describe_pipeline(PipelineName=name)["PipelineDefinition"] == body


CONDITIONS = [
    ({"Type": "Equals", "LeftValue": "a", "RightValue": "a"}, True),
    ({"Type": "GreaterThan", "LeftValue": 1, "RightValue": 1}, False),
    ({"Type": "GreaterThanOrEqualTo", "LeftValue": 1, "RightValue": 1}, True),
    ({"Type": "LessThan", "LeftValue": 1, "RightValue": 1.5}, True),
    ({"Type": "LessThanOrEqualTo", "LeftValue": 2, "RightValue": 1}, False),
    ({"Type": "In", "QueryValue": "a", "Values": ["a", "b"]}, True),
    ({"Type": "Not", "Expression": {"Type": "Equals", "LeftValue": 1, "RightValue": 1}}, False),
    (
        {
            "Type": "Or",
            "Conditions": [
                {"Type": "Equals", "LeftValue": 1, "RightValue": 2},
                {"Type": "Equals", "LeftValue": 1, "RightValue": 1},
            ],
        },
        True,
    ),
]


def test_every_documented_condition(sm: Client, pipeline: Calls, run: Calls) -> None:
    pipeline([check(f"C{number}", [c]) for number, (c, _) in enumerate(CONDITIONS)])

    steps = steps_of(sm, run())

    outcomes = [
        steps[f"C{n}"]["Metadata"]["Condition"]["Outcome"] == "True" for n in range(len(CONDITIONS))
    ]
    assert outcomes == [expected for _, expected in CONDITIONS]


def test_what_depends_on_a_failed_step_never_starts_and_the_rest_goes_on(
    sm: Client, put: Put, pipeline: Calls, run: Calls
) -> None:
    broken = put("broken.py", "raise SystemExit('no such column: liq')")
    fine = put("fine.py", "")
    pipeline(
        [
            processing("Broken", broken, {}, {}, []),
            processing("After", fine, {}, {}, [], DependsOn=["Broken"]),
            processing("Aside", fine, {}, {}, []),
            processing("Later", fine, {}, {}, [], DependsOn=["Aside"]),
        ]
    )

    execution = run()
    steps = steps_of(sm, execution)

    assert execution["PipelineExecutionStatus"] == "Failed"
    assert steps["Broken"]["FailureReason"] == ("AlgorithmError: See job logs for more information")
    assert steps["Later"]["StepStatus"] == "Succeeded"
    assert "After" not in steps


def test_a_job_may_leave_a_message(sm: Client, put: Put, pipeline: Calls, run: Calls) -> None:
    script = put("m.py", "import sys; open(sys.argv[1], 'w').write('row 7'); sys.exit(4)")
    pipeline([processing("Speak", script, {}, {}, ["/opt/ml/output/message"])])

    step = steps_of(sm, run())["Speak"]
    name = job_name(step["Metadata"]["ProcessingJob"]["Arn"])

    assert step["FailureReason"] == "AlgorithmError: row 7, exit code: 4"
    assert sm.describe_processing_job(ProcessingJobName=name)["ExitMessage"] == "row 7"


def test_an_input_that_is_not_there_fails_its_step(
    sm: Client, put: Put, pipeline: Calls, run: Calls
) -> None:
    script = put("fine.py", "")
    pipeline([processing("Read", script, {"data": f"s3://{BUCKET}/nowhere/"}, {}, [])])

    assert "No S3 objects found" in steps_of(sm, run())["Read"]["FailureReason"]


def test_steps_that_wait_for_nothing_run_side_by_side(
    local: Local, sm: Client, put: Put, pipeline: Calls, run: Calls
) -> None:
    # Each waits until the other has begun: one after the other, both would give up.
    meet = """
import os, pathlib, sys, time
mine, other = (pathlib.Path(sys.argv[1]) / name for name in sys.argv[2:])
mine.touch()
end = time.monotonic() + 10
while not other.exists():
    assert time.monotonic() < end
    time.sleep(0.01)
"""
    script, place = put("meet.py", meet), str(local.world.root)
    pipeline(
        [
            processing("A", script, {}, {}, [place, "a", "b"]),
            processing("B", script, {}, {}, [place, "b", "a"]),
        ]
    )

    assert run()["PipelineExecutionStatus"] == "Succeeded"


def test_stopping_ends_what_runs(
    local: Local, sm: Client, put: Put, pipeline: Calls, name: str
) -> None:
    script = put("sleep.py", "import time; print('here', flush=True); time.sleep(60)")
    pipeline(
        [
            processing("Sleep", script, {}, {}, []),
            processing("After", script, {}, {}, [], DependsOn=["Sleep"]),
        ]
    )
    arn = sm.start_pipeline_execution(PipelineName=name, ClientRequestToken=token())[
        "PipelineExecutionArn"
    ]
    log = local.world.root / "logs" / f"step-{arn.rsplit('/', 1)[1]}-Sleep.log"
    while not log.is_file() or "here" not in log.read_text():
        local.world.wait_for_change(0.02)

    sm.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken=token())
    local.settle()
    execution = sm.describe_pipeline_execution(PipelineExecutionArn=arn)

    assert execution["PipelineExecutionStatus"] == "Stopped"
    assert {s: v["StepStatus"] for s, v in steps_of(sm, execution).items()} == {"Sleep": "Stopped"}
    with pytest.raises(ClientError, match="can be stopped"):
        sm.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken=token())


def test_a_job_that_runs_too_long_is_ended(
    sm: Client, put: Put, pipeline: Calls, run: Calls
) -> None:
    step = processing("Sleep", put("s.py", "import time; time.sleep(60)"), {}, {}, [])
    step["Arguments"]["StoppingCondition"] = {"MaxRuntimeInSeconds": 1}
    pipeline([step])

    found = steps_of(sm, run())["Sleep"]

    assert found["StepStatus"] == "Failed"
    assert found["FailureReason"].startswith("MaxRuntimeExceeded")


@pytest.mark.parametrize(
    ("definition", "complaint"),
    [
        ("{", "not JSON"),
        ('{"Steps": []}', "Version"),
        ('{"Version": "1"}', "Steps"),
        ({"Steps": [{"Name": "T", "Type": "Tuning", "Arguments": {}}]}, "type Tuning"),
        ({"Steps": [fail("A"), fail("A")]}, "same name"),
        ({"Steps": [fail("A", get_("Steps.B.X"))]}, "'B'"),
        ({"Steps": [fail("A", get_("Parameters.P"))]}, "parameter P"),
        ({"Steps": [fail("A", DependsOn=["B"]), fail("B", DependsOn=["A"])]}, "each other"),
        ({"Steps": [check("C", [], [fail("A")], DependsOn=["A"])]}, "each other"),
    ],
)
def test_a_definition_that_cannot_run_is_refused_when_it_is_stored(
    sm: Client, definition: str | Json, complaint: str
) -> None:
    if isinstance(definition, dict):
        definition = json.dumps({"Version": "2020-12-01", **definition})

    with pytest.raises(ClientError, match=complaint) as refused:
        sm.create_pipeline(
            PipelineName="bad",
            PipelineDefinition=definition,
            ClientRequestToken=token(),
            RoleArn=ROLE,
        )
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_arguments_that_aws_would_refuse_fail_the_step(
    sm: Client, put: Put, pipeline: Calls, run: Calls
) -> None:
    step = processing("Wrong", put("fine.py", ""), {}, {}, [])
    step["Arguments"]["ProcessingResources"]["ClusterConfig"]["InstanceType"] = "ml.huge"
    pipeline([step])

    assert "ml.huge" in steps_of(sm, run())["Wrong"]["FailureReason"]


def test_a_pipeline_is_found_and_deleted_by_name(sm: Client, pipeline: Calls, name: str) -> None:
    arn = pipeline([fail("A")])

    with pytest.raises(ClientError, match="already exists"):
        pipeline([fail("A")])
    found = sm.list_pipelines(PipelineNamePrefix=name)["PipelineSummaries"]
    sm.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    sm.delete_pipeline(PipelineName=name, ClientRequestToken=token())

    assert name in [p["PipelineName"] for p in found]
    with pytest.raises(ClientError) as missing:
        sm.describe_pipeline(PipelineName=name)
    assert missing.value.response["Error"]["Code"] == "ResourceNotFound"
