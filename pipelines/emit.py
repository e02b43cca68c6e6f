"""One compilation, in a process of its own: `python -m pipelines.emit FOLDER`.

`pipelines.compile` starts it, with an environment in which the SDK finds no account.
"""

import json
import logging
import sys
from pathlib import Path

import boto3
from sagemaker.core import image_uris
from sagemaker.core.workflow.pipeline_context import PipelineSession

from pipelines import bundle, offline, parts
from pipelines.tabular import pipeline

REGION = "us-east-1"


def main() -> None:
    """Write definition.json, code.json and images.json."""
    logging.disable(logging.WARNING)  # the SDK says at length which defaults it takes
    offline.silence_telemetry()
    tried = offline.refuse_network()
    folder = Path(sys.argv[1])
    write(folder / "definition.json", definition())
    write(folder / "code.json", code())
    write(folder / "images.json", images())
    if tried:
        sys.exit(f"The definition must not depend on the network, but the SDK asked {tried[0]}.")


def definition() -> object:
    """The pipeline as SageMaker reads it."""
    session = PipelineSession(
        boto_session=boto3.Session(region_name=REGION), default_bucket=parts.BUCKET
    )
    return json.loads(pipeline.make(session).definition())


def code() -> dict[str, str]:
    """What must be published below code/ for the definition to run, and where it comes from."""
    root = Path(bundle.__file__).parent.parent
    return {
        bundle.key(source, name): source.relative_to(root).as_posix()
        for name, source in sorted(pipeline.CODE.items())
    }


def images() -> dict[str, dict[str, str]]:
    """The image of the steps and the endpoint in every region where SageMaker offers it."""
    framework, version = pipeline.IMAGE
    known = image_uris.config_for_framework(framework)["training"]["versions"][version]
    return {framework: {region: image(region) for region in sorted(known["registries"])}}


def image(region: str) -> str:
    """The image's address in one region: the same for training and for serving."""
    framework, version = pipeline.IMAGE
    addresses = {
        image_uris.retrieve(
            framework, region, version=version, instance_type=parts.INSTANCE, image_scope=scope
        )
        for scope in ("training", "inference")
    }
    if len(addresses) != 1:
        sys.exit(f"{framework} {version} trains and serves with two images in {region}.")
    address: str = addresses.pop()
    return address


def write(path: Path, value: object) -> None:
    """Write JSON in the order it was made."""
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
