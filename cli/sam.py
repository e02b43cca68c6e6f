"""What `sam local invoke` needs to run a function in a container against an embedded AWS.

SAM gives a function only variables that the template declares, which is why the template declares
AWS_ENDPOINT_URL without a value. Credentials it takes from a profile alone: one for each function.
"""

import configparser
import json
from pathlib import Path
from urllib.parse import urlparse

import boto3

from cli.invoke import CONCERNS
from cli.target import Target
from local_aws.client import function_credentials

# In a container 127.0.0.1 is the container itself; --add-host gives this name a meaning.
HOST = "host.docker.internal"


def write_environment(target: Target, path: Path) -> None:
    """Write each function's variables to `path`, and its role's credentials next to it.

    Called as the root of the embedded AWS. The credentials are those of a session of one hour.
    """
    profiles = configparser.ConfigParser(interpolation=None)
    variables = {}
    for concern in CONCERNS:
        variables[logical_id(concern)] = variables_of(target, concern)
        profiles[f"profile {concern}"] = credentials_of(target, concern)
    path.write_text(json.dumps(variables, indent=2) + "\n", encoding="utf-8")
    own = profiles_beside(path)
    own.touch(mode=0o600)
    with own.open("w", encoding="utf-8") as file:
        profiles.write(file)


def profiles_beside(path: Path) -> Path:
    """The AWS configuration file that belongs to an environment file."""
    return path.with_suffix(".config")


def logical_id(concern: str) -> str:
    """The function's name in the template."""
    return f"{concern.title()}Function"


def variables_of(target: Target, concern: str) -> dict[str, str]:
    """What is deployed, and where AWS is as seen from a container."""
    function = boto3.client("lambda").get_function_configuration(
        FunctionName=target.function(concern)
    )
    endpoint = f"http://{HOST}:{urlparse(target.endpoint).port}"
    return function["Environment"]["Variables"] | {"AWS_ENDPOINT_URL": endpoint}


def credentials_of(target: Target, concern: str) -> dict[str, str]:
    """A session of the function's role, as Lambda would open it, in the form of a profile."""
    given = function_credentials(target.endpoint, target.function(concern))
    return {name.lower(): value for name, value in given.items()} | {"region": target.region}
