"""The committed pipeline definition, checked without the SageMaker SDK.

That it is what the SDK makes of its source takes the SDK: `make pipelines`.
"""

import copy
import json
import re
from collections.abc import Callable

import pytest

from pipelines import bundle, validate
from tests.pipelines.house import REPOSITORY

FOLDER = REPOSITORY / "pipelines" / "tabular"
TEXT = (FOLDER / "definition.json").read_text()
CODE = json.loads((FOLDER / "code.json").read_text())
SENTINELS = (
    "steward-artifact-bucket",
    "arn:aws:iam::000000000000:role/steward-execution-role",
    "000000000000.dkr.ecr.us-east-1.amazonaws.com/steward-image:0",
    "steward-package-group",
    "steward-model-name",
    "steward-pii-secret",
    "steward-commit",
    "steward-author",
)


@pytest.fixture
def definition() -> dict:
    return copy.deepcopy(json.loads(TEXT))


def step(definition: dict, name: str) -> dict:
    return next(one for one in validate.all_steps(definition) if one["Name"] == name)


def test_sagemaker_would_accept_every_step(definition: dict) -> None:
    assert validate.faults(definition) == []


def test_the_steps_and_their_order(definition: dict) -> None:
    names = [(one["Name"], one["Type"]) for one in validate.all_steps(definition)]
    assert names == [
        ("Prepare", "Processing"),
        ("Train", "Training"),
        ("Evaluate", "Processing"),
        ("Report", "Processing"),
        ("CheckMetrics", "Condition"),
        ("Register", "RegisterModel"),
        ("MetricsTooLow", "Fail"),
    ]


def test_the_parameters_are_those_that_a_run_is_started_with(definition: dict) -> None:
    assert {one["Name"]: one["Type"] for one in definition["Parameters"]} == dict.fromkeys(
        (
            "SnapshotUri", "SnapshotDigest", "SpecUri", "CommitId",
            "ChampionUri", "ChampionSnapshotUri",
        ),
        "String",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "prefix", "parameter"),
    [
        ("Prepare", "--champion-snapshot-uri=", "ChampionSnapshotUri"),
        ("Evaluate", "--champion-uri=", "ChampionUri"),
    ],
)
def test_an_option_that_may_be_empty_is_one_word(
    definition: dict, name: str, prefix: str, parameter: str
) -> None:
    arguments = step(definition, name)["Arguments"]["AppSpecification"]["ContainerArguments"]
    value = {"Get": f"Parameters.{parameter}"}
    assert {"Std:Join": {"On": "", "Values": [prefix, value]}} in arguments
    (given,) = [one for one in definition["Parameters"] if one["Name"] == parameter]
    assert given["DefaultValue"] == ""


@pytest.mark.parametrize("sentinel", SENTINELS)
def test_everything_that_publish_fills_in_is_there(sentinel: str) -> None:
    assert sentinel in TEXT


def test_the_definition_names_exactly_the_code_that_is_published() -> None:
    named = set(re.findall(r"s3://steward-artifact-bucket/code/([^\"]+)", TEXT))
    assert named == set(CODE)


@pytest.mark.parametrize("key", CODE, ids=lambda key: key.partition("/")[2])
def test_the_code_has_not_changed_since_the_definition_was_compiled(key: str) -> None:
    assert bundle.key(REPOSITORY / CODE[key], key.partition("/")[2]) == key


def test_a_version_carries_its_evidence_and_its_origin(definition: dict) -> None:
    register = step(definition, "Register")["Arguments"]
    assert set(register["ModelMetrics"]) == {
        "ModelQuality", "ModelDataQuality", "Bias", "Explainability",
    }  # fmt: skip
    assert set(register["CustomerMetadataProperties"]) == {
        "commit_author", "snapshot_digest", "spec_uri", "artifact_sha256", "prepared_uri",
    }  # fmt: skip
    assert register["ModelApprovalStatus"] == "PendingManualApproval"


def test_there_is_an_image_in_every_region_for_one_scikit_learn() -> None:
    images = json.loads((REPOSITORY / "pipelines" / "images.json").read_text())["sklearn"]
    assert "eu-west-1" in images
    assert {uri.partition(":")[2] for uri in images.values()} == {"1.9-0-cpu-py3"}
    locked = (REPOSITORY / "requirements" / "demo.txt").read_text()
    assert re.search(r"^scikit-learn==1\.9\.0 ", locked, re.MULTILINE)


def misspell(definition: dict) -> None:
    arguments = step(definition, "Prepare")["Arguments"]
    arguments["Enviroment"] = arguments.pop("Environment")


def choose_an_instance_type_that_does_not_exist(definition: dict) -> None:
    step(definition, "Train")["Arguments"]["ResourceConfig"]["InstanceType"] = "ml.huge"


def give_a_number_as_text(definition: dict) -> None:
    step(definition, "Train")["Arguments"]["ResourceConfig"]["InstanceCount"] = "1"


def forget_the_role(definition: dict) -> None:
    del step(definition, "Evaluate")["Arguments"]["RoleArn"]


def write_a_comma_into_the_metadata(definition: dict) -> None:
    step(definition, "Register")["Arguments"]["CustomerMetadataProperties"]["note"] = "a, b"


def write_too_long_an_argument(definition: dict) -> None:
    arguments = step(definition, "Report")["Arguments"]
    arguments["AppSpecification"]["ContainerArguments"].append("x" * 257)


def use_a_parameter_that_is_not_there(definition: dict) -> None:
    del definition["Parameters"][0]


def use_a_property_file_that_is_not_there(definition: dict) -> None:
    del step(definition, "Evaluate")["PropertyFiles"]


def use_a_step_that_is_not_there(definition: dict) -> None:
    definition["Steps"] = [one for one in definition["Steps"] if one["Name"] != "Train"]


def add_a_step_of_an_unknown_type(definition: dict) -> None:
    definition["Steps"].append({"Name": "Bake", "Type": "Baking", "Arguments": {}})


@pytest.mark.parametrize(
    ("mistake", "sentence"),
    [
        (misspell, 'Unknown parameter in input: "Enviroment"'),
        (choose_an_instance_type_that_does_not_exist, "InstanceType is 'ml.huge', which is none"),
        (give_a_number_as_text, "Invalid type for parameter ResourceConfig.InstanceCount"),
        (forget_the_role, 'Missing required parameter in input: "RoleArn"'),
        (write_a_comma_into_the_metadata, "note is 'a, b', which does not match"),
        (write_too_long_an_argument, "has 257 characters, at most 256 are allowed."),
        (use_a_parameter_that_is_not_there, "Parameters.SnapshotUri is used"),
        (use_a_property_file_that_is_not_there, "Steps.Evaluate.PropertyFiles.EvaluationReport is"),
        (use_a_step_that_is_not_there, "Steps.Train.ModelArtifacts.S3ModelArtifacts is used"),
        (add_a_step_of_an_unknown_type, "a step of type Baking cannot be checked."),
    ],
    ids=lambda value: getattr(value, "__name__", "").replace("_", " "),
)
def test_a_mistake_is_found_before_sagemaker_finds_it(
    definition: dict, mistake: Callable[[dict], None], sentence: str
) -> None:
    mistake(definition)
    assert any(sentence in fault for fault in validate.faults(definition))
