"""A SAM template in, plain CloudFormation out; a program, so that it runs beside the boot."""

import json
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from local_aws.awslambda.folders import PLAIN_BUCKET, PYTHON_BUCKET

CODE = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


class _NoManagedPolicies:
    """The translator looks up names of policies that it does not know; the template has none."""

    def load(self) -> dict[str, str]:
        return {}


def translate(template: Path, parameters: Mapping[str, str]) -> dict[str, Any]:
    """The template as CloudFormation gets it; S3 locations stand for local folders."""
    document = cast(dict[str, Any], yaml_parse(template.read_text()))
    for_all = document.get("Globals", {}).get("Function", {})
    for resource in document["Resources"].values():
        if uri := CODE.get(resource["Type"]):
            _point_to_folder(resource, uri, for_all.get(uri), template.parent)
    return cast(dict[str, Any], transform(document, dict(parameters), _NoManagedPolicies()))


def _point_to_folder(resource: dict[str, Any], uri: str, default: str | None, base: Path) -> None:
    local = resource["Properties"].get(uri, default)
    folder = (base / str(local)).resolve()
    if local is None or not folder.is_dir():
        raise FileNotFoundError(f"{uri} {local} is no folder in {base}")
    # Whatever builds a layer here puts what it holds below `python/`.
    layer_of_python = "BuildMethod" in resource.get("Metadata", {}) and uri == "ContentUri"
    bucket = PYTHON_BUCKET if layer_of_python else PLAIN_BUCKET
    resource["Properties"][uri] = f"s3://{bucket}{folder}"


def main(arguments: list[str]) -> int:
    """Translate the template named first, with `KEY=VALUE` parameters after it."""
    logging.disable(logging.WARNING)
    parameters = dict(argument.split("=", 1) for argument in arguments[1:])
    try:
        translated = translate(Path(arguments[0]), parameters)
    except InvalidDocumentException as wrong:
        print(
            f"{arguments[0]}: {wrong.message}", *(c.message for c in wrong.causes), file=sys.stderr
        )
        return 1
    except (OSError, KeyError) as wrong:
        print(f"{arguments[0]}: {wrong}", file=sys.stderr)
        return 1
    json.dump(translated, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
