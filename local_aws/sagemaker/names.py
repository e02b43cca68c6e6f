"""ARNs and generated names, spelled as SageMaker spells them: names are lower-cased inside ARNs."""

import hashlib
import secrets
import string

from local_aws.account import ACCOUNT, REGION

_LETTERS = string.ascii_lowercase + string.digits
JOB_NAME_LENGTH = 63


def arn(kind: str, name: str) -> str:
    """The ARN of a resource of this account."""
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{kind}/{name.lower()}"


def last_part(name_or_arn: str, kind: str) -> str:
    """The lower-cased name inside an ARN of `kind`, or of a plain name."""
    prefix = arn(kind, "")
    return name_or_arn.removeprefix(prefix).lower()


def random_id(length: int) -> str:
    """Lower-case letters and digits, as in the ids that SageMaker makes up."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def job_name(execution_id: str, step: str) -> str:
    """A name for the job of a pipeline step; long step names are cut to fit."""
    head, tail = f"pipelines-{execution_id}-", f"-{random_id(10)}"
    room = JOB_NAME_LENGTH - len(head) - len(tail)
    return head + step.replace("_", "-")[:room].rstrip("-") + tail


def image_digest(image: str) -> str:
    """A stand-in for the digest in a registry: there is none here, so the URI's text is hashed."""
    return "sha256:" + hashlib.sha256(image.encode()).hexdigest()


def resolved_image(image: str) -> str:
    """An image by its digest instead of its tag."""
    registry, _, name = image.rpartition("/")
    return f"{registry}/{name.partition(':')[0]}@{image_digest(image)}"
