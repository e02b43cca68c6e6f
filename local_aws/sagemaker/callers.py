"""From a request's signature to the person or role that SageMaker writes down."""

from collections.abc import Mapping

from moto.sts.models import sts_backends

from local_aws import identity
from local_aws.account import ACCOUNT, REGION
from local_aws.sagemaker.core import Caller


def caller(headers: Mapping[str, str]) -> Caller:
    """Who signed the request."""
    principal = sts_backends[ACCOUNT]["aws"].get_caller_identity(
        identity.access_key(headers), REGION
    )[0]
    arn = identity.caller_arn(headers)
    named = arn != identity.ROOT_ARN
    return Caller(arn, principal if named else ACCOUNT, identity.source_identity(headers))
