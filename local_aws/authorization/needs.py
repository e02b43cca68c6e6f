"""What a request needs to be allowed: its actions, each on a resource, in a context.

Actions, resource types and keys as in the Service Authorization Reference.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, unquote

from moto.kms.models import kms_backends
from moto.secretsmanager.models import secretsmanager_backends

from local_aws.account import ACCOUNT, REGION
from local_aws.authorization import sagemaker
from local_aws.authorization.policy import Pairs
from local_aws.wire import Call, Request

type Parameters = Mapping[str, object]


@dataclass(frozen=True)
class Need:
    """One action on one resource."""

    action: str
    resource: str
    context: Pairs = ()


def needs(call: Call, request: Request) -> list[Need]:
    """Everything that must be allowed before the request is carried out."""
    if call.service == "s3":
        return list(_s3(call.operation, request))
    if call.service == "sagemaker-runtime":
        name = request.path.split("/")[2].lower()
        return [Need(f"sagemaker:{call.operation}", sagemaker.arn("endpoint", name))]
    given = _parameters(call, request)
    if call.service == "sagemaker":
        return [Need(*one) for one in sagemaker.needs(call.operation, given)]
    find = _OTHERS.get(call.service) or _anything(call.service)
    found = list(find(call.operation, given))
    if call.service in _WITH_POLICIES:
        found = [replace(one, context=(*one.context, _transport(request))) for one in found]
    return found


# Their resources have policies of their own, which ask how somebody comes; S3's are below.
_WITH_POLICIES = ("kms", "sns", "sqs")


def _transport(request: Request) -> tuple[str, str]:
    """The port stands for one behind TLS; whoever comes without it says so as a proxy would."""
    secure = request.header("X-Forwarded-Proto") != "http"
    return "aws:SecureTransport", str(secure).lower()


def _parameters(call: Call, request: Request) -> Parameters:
    if call.protocol == "query":
        return {key: values[0] for key, values in parse_qs(request.body.decode()).items()}
    body = request.body if call.protocol in ("json", "rest-json") else b""
    given = json.loads(body) if body.startswith(b"{") else {}
    return {str(key): value for key, value in given.items()} | {"path": request.path}


def _arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


# ---- S3

_S3_ACTIONS = {
    "CompleteMultipartUpload": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CopyObject": "PutObject",
    "HeadObject": "GetObject",
    "GetObjectAttributes": "GetObject",
    "DeleteObjects": "DeleteObject",
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListBuckets": "ListAllMyBuckets",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "ListParts": "ListMultipartUploadParts",
    "ListMultipartUploads": "ListBucketMultipartUploads",
}
# What a header asks for besides the operation.
_S3_HEADERS = {
    "X-Amz-Object-Lock-Mode": "PutObjectRetention",
    "X-Amz-Bypass-Governance-Retention": "BypassGovernanceRetention",
    "X-Amz-Bucket-Object-Lock-Enabled": "PutBucketObjectLockConfiguration",
}
_OF_VERSIONS = ("GetObject", "HeadObject", "DeleteObject", "GetObjectTagging")


def s3_resource(request: Request) -> tuple[str, str]:
    """ARN of the bucket, and of the object; the same for a request to the bucket itself."""
    bucket, _, key = request.path.lstrip("/").partition("/")
    arn = f"arn:aws:s3:::{bucket}"
    return arn, f"{arn}/{key}" if key else arn


def _s3(operation: str, request: Request) -> Iterator[Need]:
    action = _S3_ACTIONS.get(operation, operation)
    query = parse_qs(str(request.environ.get("QUERY_STRING", "")))
    if operation in _OF_VERSIONS and "versionId" in query:
        action = action.replace("Object", "ObjectVersion", 1)
    thing = s3_resource(request)[1]
    if operation == "ListBuckets":
        thing = "*"
    context = [_transport(request)]
    if given := request.header("If-None-Match"):
        context.append(("s3:if-none-match", given))
    yield Need(f"s3:{action}", thing, tuple(context))
    for header, other in _S3_HEADERS.items():
        if request.header(header).lower() not in ("", "false"):
            yield Need(f"s3:{other}", thing, tuple(context))
    if source := request.header("X-Amz-Copy-Source"):
        yield Need("s3:GetObject", f"arn:aws:s3:::{unquote(source).lstrip('/').partition('?')[0]}")


# ---- DynamoDB

_ITEM_ACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}


def _dynamodb(operation: str, given: Parameters) -> Iterator[Need]:
    if operation in ("TransactWriteItems", "TransactGetItems"):
        pairs = [pair for item in _list(given["TransactItems"]) for pair in item.items()]
        found = {(_ITEM_ACTIONS[kind], str(body["TableName"])) for kind, body in pairs}
    elif operation in ("BatchGetItem", "BatchWriteItem"):
        tables = given["RequestItems"]
        assert isinstance(tables, dict)
        found = {(operation, table) for table in tables}
    else:
        found = {(operation, str(given.get("TableName", "*")))}
    for action, table in sorted(found):
        yield Need(f"dynamodb:{action}", _arn("dynamodb", f"table/{table.rpartition('/')[2]}"))


def _list(value: object) -> list[dict[str, dict[str, object]]]:
    assert isinstance(value, list)
    return value


# ---- What has one resource, named by one parameter


def _sqs(operation: str, given: Parameters) -> Iterator[Need]:
    name = str(given.get("QueueUrl") or given.get("QueueName") or "*").rpartition("/")[2]
    yield Need(f"sqs:{operation.removesuffix('Batch')}", _arn("sqs", name))


def _sns(operation: str, given: Parameters) -> Iterator[Need]:
    yield Need(f"sns:{operation.removesuffix('Batch')}", str(given.get("TopicArn", "*")))


def _secretsmanager(operation: str, given: Parameters) -> Iterator[Need]:
    name = str(given.get("SecretId", "*"))
    secrets = secretsmanager_backends[ACCOUNT][REGION].secrets.values()
    # AWS adds six characters to a secret's name to make its ARN.
    yield Need(
        f"secretsmanager:{operation}",
        next((secret.arn for secret in secrets if secret.name == name), name),
    )


def _kms(operation: str, given: Parameters) -> Iterator[Need]:
    if operation == "CreateKey":
        yield Need("kms:CreateKey", "*")
        return
    if operation == "CreateAlias":
        yield Need("kms:CreateAlias", _arn("kms", str(given["AliasName"])))
    named = str(given.get("KeyId") or given["TargetKeyId"])
    keys = kms_backends[ACCOUNT][REGION]
    alias = keys.get_alias_name(named) if "alias/" in named else None
    key_id = keys.get_key_id_from_alias(alias) if alias else keys.get_key_id(named)
    key = keys.keys.get(key_id or "")
    if key is None:  # whoever asks is told that it is not there
        return
    told = {member: given.get(member) for member in ("MessageType", "SigningAlgorithm")}
    context = [(f"kms:{k}", str(v)) for k, v in {"RequestAlias": alias, **told}.items() if v]
    yield Need(f"kms:{operation}", key.arn, tuple(context))


def _events(operation: str, given: Parameters) -> Iterator[Need]:
    bus = "event-bus/default" if operation == "PutEvents" else f"rule/{given.get('Name', '*')}"
    yield Need(f"events:{operation}", _arn("events", bus))


def _lambda(operation: str, given: Parameters) -> Iterator[Need]:
    parts = str(given["path"]).split("/")
    name = parts[3] if len(parts) > 3 else "*"
    action = "InvokeFunction" if operation == "Invoke" else operation
    yield Need(
        f"lambda:{action}", name if name.startswith("arn:") else _arn("lambda", f"function:{name}")
    )


def _sts(operation: str, given: Parameters) -> Iterator[Need]:
    if operation != "GetCallerIdentity":  # nobody can be kept from asking who he is
        yield Need(f"sts:{operation}", str(given.get("RoleArn", "*")))


_SCALING_ROLE = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"


def _cloudwatch(operation: str, given: Parameters) -> Iterator[Need]:
    named = given.get("AlarmNames") or [given.get("AlarmName", "*")]
    context = [("cloudwatch:namespace", str(given["Namespace"]))] if "Namespace" in given else []
    for name in named if isinstance(named, list) else []:
        thing = _arn("cloudwatch", f"alarm:{name}")
        if not operation.endswith(("Alarm", "Alarms", "AlarmState")):
            thing = "*"
        if operation == "PutMetricAlarm":
            context = []
        yield Need(f"cloudwatch:{operation}", thing, tuple(context))


def _autoscaling(operation: str, given: Parameters) -> Iterator[Need]:
    context = [
        (f"application-autoscaling:{key}", str(given[member]))
        for key, member in (
            ("service-namespace", "ServiceNamespace"),
            ("scalable-dimension", "ScalableDimension"),
        )
        if member in given
    ]
    # A target's own ARN holds an id that nobody knows before it is registered.
    anything = "*" if operation.startswith("Describe") else "scalable-target/*"
    thing = anything if anything == "*" else _arn("application-autoscaling", anything)
    yield Need(f"application-autoscaling:{operation}", thing, tuple(context))
    if operation == "RegisterScalableTarget":
        endpoint = sagemaker.arn("endpoint", str(given["ResourceId"]).split("/")[1])
        yield Need("sagemaker:DescribeEndpoint", endpoint)
        yield Need("sagemaker:UpdateEndpointWeightsAndCapacities", endpoint)
        service = "sagemaker.application-autoscaling.amazonaws.com"
        role = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{service}/{_SCALING_ROLE}"
        yield Need("iam:CreateServiceLinkedRole", role, (("iam:AWSServiceName", service),))


def _anything(service: str) -> Callable[[str, Parameters], Iterator[Need]]:
    """Of services that only the deployer calls: the action, on everything."""

    def needed(operation: str, _: Parameters) -> Iterator[Need]:
        yield Need(f"{service}:{operation}", "*")

    return needed


_OTHERS: dict[str, Callable[[str, Parameters], Iterator[Need]]] = {
    "application-autoscaling": _autoscaling,
    "cloudwatch": _cloudwatch,
    "dynamodb": _dynamodb,
    "kms": _kms,
    "sqs": _sqs,
    "sns": _sns,
    "secretsmanager": _secretsmanager,
    "events": _events,
    "lambda": _lambda,
    "sts": _sts,
}
