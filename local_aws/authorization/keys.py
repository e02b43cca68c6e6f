"""What lies under a key of KMS: whoever gets at it needs the key too, by way of the service.

https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
"""

from collections.abc import Iterator

from moto.logs.models import logs_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import FakeSecret, secretsmanager_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from local_aws.account import ACCOUNT, REGION
from local_aws.authorization.policy import Call

# What a service asks of KMS in the name of whoever calls it.
_IN_HIS_NAME = {
    "s3:GetObject": ("Decrypt",),
    "s3:GetObjectVersion": ("Decrypt",),
    "s3:PutObject": ("GenerateDataKey",),
    "secretsmanager:GetSecretValue": ("Decrypt",),
    "sns:Publish": ("Decrypt", "GenerateDataKey"),
    "sqs:ReceiveMessage": ("Decrypt",),
    "sqs:SendMessage": ("Decrypt", "GenerateDataKey"),
}
_PASSED_ON = ("aws:PrincipalArn", "aws:SourceAccount", "aws:SourceArn")


def behind(call: Call) -> Iterator[Call]:
    """The uses of a key that a call leads to; none if what it is about lies under none."""
    service = call.action.partition(":")[0]
    if call.action == "logs:PutLogEvents":
        yield from _by_logs_itself(call.resource.partition(":log-stream:")[0])
    elif asked := _IN_HIS_NAME.get(call.action):
        key = _key_of(service, call.resource)
        passed_on = (pair for pair in call.context if pair[0] in _PASSED_ON)
        context = (*passed_on, ("kms:ViaService", f"{service}.{REGION}.amazonaws.com"))
        for action in asked if key else ():
            yield Call(call.principal, f"kms:{action}", key, context)


def _by_logs_itself(group: str) -> Iterator[Call]:
    """CloudWatch Logs needs the key of a group itself; whoever writes or reads it does not."""
    found = logs_backends[ACCOUNT][REGION].groups.get(group.partition(":log-group:")[2])
    context = (("kms:EncryptionContext:aws:logs:arn", group),)
    if found and found.kms_key_id:
        for action in ("Decrypt", "GenerateDataKey"):
            logs = f"logs.{REGION}.amazonaws.com"
            yield Call(logs, f"kms:{action}", _known(found.kms_key_id), context)


def _key_of(service: str, resource: str) -> str:
    """ARN of the key of a bucket, queue, topic or secret; empty if it has none of its own."""
    name = resource.rpartition(":")[2]
    if service == "s3":
        bucket = s3_backends[ACCOUNT]["aws"].buckets.get(name.partition("/")[0])
        return _known(_default_of(bucket.encryption) if bucket else "")
    if service == "sqs":
        queue = sqs_backends[ACCOUNT][REGION].queues.get(name)
        return _known(vars(queue).get("kms_master_key_id") if queue else "")
    if service == "sns":
        topic = sns_backends[ACCOUNT][REGION].topics.get(resource)
        return _known(topic.kms_master_key_id if topic else "")
    secrets = secretsmanager_backends[ACCOUNT][REGION].secrets.values()
    own = (one for one in secrets if isinstance(one, FakeSecret) and one.arn == resource)
    return _known(next((one.kms_key_id for one in own), ""))


def _default_of(encryption: dict[str, dict[str, dict[str, str]]] | None) -> str:
    if encryption is None:
        return ""
    return encryption["Rule"]["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID", "")


def _known(key: str | None) -> str:
    """Keys of AWS's own are open to everybody who may use the service."""
    if not key or key.startswith("alias/aws/"):
        return ""
    if not key.startswith("arn:"):
        raise NotImplementedError(f"the key {key}, which is not given by its ARN")
    return key
