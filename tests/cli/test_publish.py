"""`steward publish` makes what differs on AWS, tells it first, and never takes anything away."""

import json
import shutil
from pathlib import Path

import boto3
import pytest

from cli import repository
from cli.target import Refused, Target, confirm
from tests.cli.conftest import Ran, Steward

ELSEWHERE = "https://sts.eu-west-1.amazonaws.com"


def run(steward: Steward, where: Target, *options: str) -> Ran:
    return steward("--prefix", where.prefix, "publish", *options)


def objects(where: Target) -> list[str]:
    listed = boto3.client("s3").list_objects_v2(Bucket=where.artifact_bucket)
    return [entry["Key"] for entry in listed.get("Contents", [])]


def groups(where: Target) -> list[str]:
    sagemaker = boto3.client("sagemaker")
    found = sagemaker.list_model_package_groups(NameContains=f"{where.prefix}-")
    return sorted(one["ModelPackageGroupName"] for one in found["ModelPackageGroupSummaryList"])


def pipelines(where: Target) -> list[str]:
    found = boto3.client("sagemaker").list_pipelines(PipelineNamePrefix=where.prefix)
    return sorted(one["PipelineName"] for one in found["PipelineSummaries"])


def definition(where: Target) -> str:
    name = f"{where.prefix}-mortgage"
    return boto3.client("sagemaker").describe_pipeline(PipelineName=name)["PipelineDefinition"]


def monitor_code(where: Target) -> str:
    found = boto3.client("s3").get_object(
        Bucket=where.artifact_bucket, Key="published/monitor.json"
    )
    return found["Body"].read().decode()


def nothing_is_there(where: Target) -> bool:
    return not (objects(where) or groups(where) or pipelines(where))


def test_the_first_run_tells_and_makes_every_change(steward: Steward, empty: Target) -> None:
    ran = run(steward, empty)
    assert ran.code == 0
    *told, end = ran.out.splitlines()
    assert end == f"{len(told)} changes made"
    put = [line.split()[1] for line in told if line.startswith("put ")]
    assert sorted(put) == [f"s3://{empty.artifact_bucket}/{key}" for key in objects(empty)]
    assert f"create model package group {empty.prefix}-mortgage" in told
    assert told[-1].startswith(f"create pipeline {empty.prefix}-mortgage with definition ")
    assert groups(empty) == pipelines(empty) == [f"{empty.prefix}-mortgage"]


def test_a_second_run_changes_nothing(steward: Steward, empty: Target) -> None:
    run(steward, empty)
    before = objects(empty), definition(empty)
    ran = run(steward, empty)
    assert (ran.code, ran.out) == (0, "nothing differs\n")
    assert (objects(empty), definition(empty)) == before


def test_a_dry_run_tells_the_same_and_changes_nothing(steward: Steward, empty: Target) -> None:
    dry = run(steward, empty, "--dry-run")
    assert dry.code == 0
    assert nothing_is_there(empty)
    assert run(steward, empty).out.startswith(dry.out)


def test_no_placeholder_is_left_in_what_is_published(steward: Steward, empty: Target) -> None:
    run(steward, empty)
    published = definition(empty)
    for placeholder in ("000000000000", "steward-artifact-bucket", "steward-execution-role"):
        assert placeholder not in published
    assert empty.artifact_bucket in published
    assert empty.execution_role in published


def test_code_lies_where_the_definition_says(steward: Steward, empty: Target) -> None:
    run(steward, empty)
    code = [key for key in objects(empty) if key.startswith("code/")]
    named = definition(empty) + monitor_code(empty)
    assert code
    for key in code:
        assert f"s3://{empty.artifact_bucket}/{key}" in named


def test_the_monitors_code_is_found_by_one_file(steward: Steward, empty: Target) -> None:
    run(steward, empty)
    found = json.loads(monitor_code(empty))
    assert set(found["files"]) == {"watch.py", "preprocess.py", "tabular.zip", "monitor.zip"}
    assert "sagemaker-scikit-learn" in found["image"]
    published = {f"s3://{empty.artifact_bucket}/{key}" for key in objects(empty)}
    assert set(found["files"].values()) <= published


def test_an_edited_definition_updates_the_pipeline(
    steward: Steward, empty: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(steward, empty)
    edited = shutil.copytree(repository.PIPELINES, tmp_path / "pipelines") / "tabular"
    compiled = json.loads((edited / "definition.json").read_text())
    compiled["Parameters"].append({"Name": "Added", "Type": "String", "DefaultValue": "later"})
    (edited / "definition.json").write_text(json.dumps(compiled))
    monkeypatch.setattr(repository, "PIPELINES", edited.parent)
    ran = run(steward, empty)
    assert ran.code == 0
    assert f"update pipeline {empty.prefix}-mortgage from definition " in ran.out
    assert "create" not in ran.out
    names = [one["Name"] for one in json.loads(definition(empty))["Parameters"]]
    assert "Added" in names
    assert run(steward, empty).out == "nothing differs\n"


def test_removing_a_models_file_removes_nothing(
    steward: Steward, empty: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(steward, empty)
    before = objects(empty)
    text = (repository.MODELS / "mortgage.toml").read_text().replace('"mortgage/', '"loans/')
    (tmp_path / "loans.toml").write_text(text)
    monkeypatch.setattr(repository, "MODELS", tmp_path)
    ran = run(steward, empty)
    assert ran.code == 0
    assert "mortgage" not in ran.out.replace(empty.artifact_bucket, "")
    both = [f"{empty.prefix}-loans", f"{empty.prefix}-mortgage"]
    assert groups(empty) == pipelines(empty) == both
    assert set(before) < set(objects(empty))


def test_a_wrong_model_is_refused_before_anything_is_made(
    steward: Steward, empty: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(repository.MODELS / "mortgage.toml", tmp_path)
    (tmp_path / "wrong.toml").write_text("schema = 1")
    monkeypatch.setattr(repository, "MODELS", tmp_path)
    ran = run(steward, empty)
    assert ran.code == 1
    assert all(line.startswith("wrong.toml: ") for line in ran.said)
    assert nothing_is_there(empty)


def test_a_region_without_an_image_is_refused(
    steward: Steward, empty: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "mars-north-1")
    ran = run(steward, empty)
    assert ran.code == 1
    (said,) = ran.said
    assert said.startswith("There is no scikit-learn image of SageMaker for region mars-north-1; ")
    assert "eu-west-1" in said
    assert groups(empty) == []


@pytest.fixture
def remote(empty: Target, monkeypatch: pytest.MonkeyPatch) -> Target:
    """A deployment that is not on this machine, as far as the command can see."""
    elsewhere = Target(empty.prefix, empty.account, empty.region, ELSEWHERE)
    monkeypatch.setattr("cli.main.find", lambda _: elsewhere)
    return elsewhere


def test_a_real_aws_is_not_changed_unasked(steward: Steward, remote: Target) -> None:
    ran = run(steward, remote)
    assert ran.code == 1
    (said,) = ran.said
    assert f"in account {remote.account}: add --yes" in said
    assert nothing_is_there(remote)


def test_a_real_aws_may_be_looked_at_unasked(steward: Steward, remote: Target) -> None:
    ran = run(steward, remote, "--dry-run")
    assert ran.code == 0
    assert nothing_is_there(remote)


def test_a_real_aws_is_changed_when_told_so(steward: Steward, remote: Target) -> None:
    ran = run(steward, remote, "--yes")
    assert ran.code == 0
    assert pipelines(remote) == [f"{remote.prefix}-mortgage"]


class Terminal:
    """Somebody at a keyboard."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("answer", "agreed"), [("y", True), ("Yes ", True), ("", False), ("n", False)]
)
def test_somebody_at_a_keyboard_is_asked(
    monkeypatch: pytest.MonkeyPatch, answer: str, agreed: bool
) -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return answer

    where = Target("steward", "111122223333", "eu-west-1", ELSEWHERE)
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("builtins.input", ask)
    if agreed:
        confirm(where, "Make these 3 changes", yes=False)
    else:
        with pytest.raises(Refused, match=r"^Nothing was changed\.$"):
            confirm(where, "Make these 3 changes", yes=False)
    assert asked == ["Make these 3 changes in account 111122223333, region eu-west-1? [y/N] "]
