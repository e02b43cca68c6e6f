"""What SageMaker does on its own as the role of a job or a container: nothing is pulled or written
here, but it has to be allowed as it would be on AWS.

https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
"""

import re

from local_aws.account import ACCOUNT, REGION
from local_aws.authorization import Denied
from local_aws.kernel import World

_ECR = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^:@]+)[:@]?.*")
_LAYERS = ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")


class PullError(Exception):
    """The role may not pull the image."""


def pull(world: World, role: str, image: str) -> None:
    """Ask for what pulling an image from ECR needs. Raises PullError."""
    found = _ECR.fullmatch(image)
    if found is None:
        return
    account, region, repository = found.groups()
    where = f"arn:aws:ecr:{region}:{account}:repository/{repository}"
    try:
        world.guard.require(role, "ecr:GetAuthorizationToken", "*")
        for action in _LAYERS:
            world.guard.require(role, f"ecr:{action}", where)
    except Denied as denied:
        raise PullError(f"The image {image} cannot be pulled: {denied}") from denied


def observe(world: World, role: str, what: str) -> None:
    """Ask for what logs and metrics of `what`, such as ProcessingJobs, need; or it is a trouble."""
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/sagemaker/{what}"
    for action in ("CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "PutLogEvents"):
        world.permitted(role, f"logs:{action}", group)
    namespace = (("cloudwatch:namespace", f"/aws/sagemaker/{what.partition('/')[0]}"),)
    world.permitted(role, "cloudwatch:PutMetricData", "*", namespace)
