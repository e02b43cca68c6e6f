"""What `sam local invoke` is given, so that a function in a container finds the embedded AWS."""

import configparser
import json
from pathlib import Path
from urllib.parse import urlparse

import boto3
import pytest
from samtranslator.yaml_helper import yaml_parse

from cli import repository
from cli.invoke import CONCERNS
from cli.local import target
from cli.sam import profiles_beside, write_environment
from local_aws.client import LocalAws

TEMPLATE = yaml_parse(repository.TEMPLATE.read_text(encoding="utf-8"))


@pytest.fixture
def written(aws: LocalAws, tmp_path: Path) -> Path:
    path = tmp_path / "env.json"
    write_environment(target(aws), path)
    return path


def declared(function: str) -> set[str]:
    """The variables that SAM passes on; it drops every other one of the file."""
    variables = TEMPLATE["Resources"][function]["Properties"]["Environment"]["Variables"]
    return set(variables) | set(TEMPLATE["Globals"]["Function"]["Environment"]["Variables"])


def test_every_function_of_the_template_has_a_value_for_each_variable(written: Path) -> None:
    functions = json.loads(written.read_text())
    kinds = {name: one["Type"] for name, one in TEMPLATE["Resources"].items()}
    assert set(functions) == {
        name for name, kind in kinds.items() if kind == "AWS::Serverless::Function"
    }
    for function, variables in functions.items():
        assert set(variables) == declared(function)
        assert all(isinstance(value, str) and value for value in variables.values())


def test_the_endpoint_is_this_machine_as_a_container_sees_it(aws: LocalAws, written: Path) -> None:
    endpoints = {one["AWS_ENDPOINT_URL"] for one in json.loads(written.read_text()).values()}
    assert endpoints == {f"http://host.docker.internal:{urlparse(aws.endpoint).port}"}


def test_the_endpoint_is_declared_without_being_deployed(aws: LocalAws) -> None:
    for concern in CONCERNS:
        deployed = boto3.client("lambda").get_function_configuration(
            FunctionName=target(aws).function(concern)
        )
        assert "AWS_ENDPOINT_URL" not in deployed["Environment"]["Variables"]


@pytest.mark.parametrize("concern", CONCERNS)
def test_each_function_has_a_profile_with_its_own_role(
    aws: LocalAws, written: Path, concern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(profiles_beside(written)))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    sts = boto3.Session(profile_name=concern).client("sts", endpoint_url=aws.endpoint)
    assert f"assumed-role/steward-{concern}" in sts.get_caller_identity()["Arn"]


def test_nobody_else_may_read_the_credentials(written: Path) -> None:
    assert profiles_beside(written).stat().st_mode & 0o077 == 0
    profiles = configparser.ConfigParser()
    profiles.read(profiles_beside(written))
    assert profiles.sections() == [f"profile {concern}" for concern in CONCERNS]
