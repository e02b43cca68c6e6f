"""Buckets, tables, secrets and keys."""

import json
from typing import Any

from local_aws.account import REGION
from local_aws.deploy.intrinsics import TemplateError
from local_aws.deploy.resource import Made, Request, document, makes


@makes("AWS::S3::Bucket")
def bucket(request: Request) -> Made:
    """A bucket, then each of its settings by a call of its own."""
    api, name = request.api, request.name("BucketName").lower()
    where = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
    locked = _is_true(request.take("ObjectLockEnabled", False))
    api("s3", "create_bucket", Bucket=name, ObjectLockEnabledForBucket=locked, **where)
    if lock := request.take("ObjectLockConfiguration"):
        settings = _lock(lock)
        api("s3", "put_object_lock_configuration", Bucket=name, ObjectLockConfiguration=settings)
    if versioning := request.take("VersioningConfiguration"):
        api("s3", "put_bucket_versioning", Bucket=name, VersioningConfiguration=versioning)
    if access := request.take("PublicAccessBlockConfiguration"):
        api("s3", "put_public_access_block", Bucket=name, PublicAccessBlockConfiguration=access)
    if encryption := request.take("BucketEncryption"):
        settings = {
            "Rules": [_encryption(rule) for rule in encryption["ServerSideEncryptionConfiguration"]]
        }
        api("s3", "put_bucket_encryption", Bucket=name, ServerSideEncryptionConfiguration=settings)
    if ownership := request.take("OwnershipControls"):
        api("s3", "put_bucket_ownership_controls", Bucket=name, OwnershipControls=ownership)
    if lifecycle := request.take("LifecycleConfiguration"):
        settings = {"Rules": [_lifecycle(rule) for rule in lifecycle["Rules"]]}
        api(
            "s3", "put_bucket_lifecycle_configuration", Bucket=name, LifecycleConfiguration=settings
        )
    if labels := request.take("Tags"):
        api("s3", "put_bucket_tagging", Bucket=name, Tagging={"TagSet": labels})
    if notification := request.take("NotificationConfiguration"):
        settings = _notification(notification)
        api(
            "s3",
            "put_bucket_notification_configuration",
            Bucket=name,
            NotificationConfiguration=settings,
        )
    return Made(name, {"Arn": f"arn:aws:s3:::{name}"})


def _encryption(rule: dict[str, Any]) -> dict[str, Any]:
    rule = dict(rule)
    return {"ApplyServerSideEncryptionByDefault": rule.pop("ServerSideEncryptionByDefault"), **rule}


def _lifecycle(rule: dict[str, Any]) -> dict[str, Any]:
    """The template's words for a lifecycle rule in the API's words."""
    rule = dict(rule)
    made: dict[str, Any] = {"Filter": {"Prefix": rule.pop("Prefix", "")}}
    if "Id" in rule:
        made["ID"] = rule.pop("Id")
    if "ExpirationInDays" in rule:
        made["Expiration"] = {"Days": rule.pop("ExpirationInDays")}
    return {**made, **rule}


def _lock(configuration: dict[str, Any]) -> dict[str, Any]:
    """The same with numbers for numbers, which the value of a parameter is not."""
    default = dict(configuration["Rule"]["DefaultRetention"])
    default |= {unit: int(default[unit]) for unit in ("Days", "Years") if unit in default}
    return {**configuration, "Rule": {"DefaultRetention": default}}


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"


def _notification(configuration: dict[str, Any]) -> dict[str, Any]:
    if set(configuration) != {"EventBridgeConfiguration"}:
        raise TemplateError("only EventBridgeConfiguration is covered in NotificationConfiguration")
    enabled = configuration["EventBridgeConfiguration"].get("EventBridgeEnabled", True)
    return {"EventBridgeConfiguration": {}} if _is_true(enabled) else {}


@makes("AWS::S3::BucketPolicy")
def bucket_policy(request: Request) -> Made:
    """A bucket's policy; it is kept, not evaluated."""
    name, policy = request.take("Bucket"), document(request.take("PolicyDocument"))
    request.api("s3", "put_bucket_policy", Bucket=name, Policy=policy)
    return Made(request.logical_id)


@makes("AWS::DynamoDB::Table")
def table(request: Request) -> Made:
    """A table."""
    api, name = request.api, request.name("TableName")
    ttl = request.take("TimeToLiveSpecification")
    backups = request.take("PointInTimeRecoverySpecification")
    if encryption := request.take("SSESpecification"):
        encryption = dict(encryption)
        encryption["Enabled"] = encryption.pop("SSEEnabled")
        request.properties["SSESpecification"] = encryption
    if "StreamSpecification" in request.properties:
        request.properties["StreamSpecification"]["StreamEnabled"] = True
    made = api("dynamodb", "create_table", TableName=name, **request.rest())["TableDescription"]
    if ttl:
        api("dynamodb", "update_time_to_live", TableName=name, TimeToLiveSpecification=ttl)
    if backups:
        api(
            "dynamodb",
            "update_continuous_backups",
            TableName=name,
            PointInTimeRecoverySpecification=backups,
        )
    attributes = {"Arn": made["TableArn"]}
    if "LatestStreamArn" in made:
        attributes["StreamArn"] = made["LatestStreamArn"]
    return Made(name, attributes)


@makes("AWS::SecretsManager::Secret")
def secret(request: Request) -> Made:
    """A secret, whose value may be made up by Secrets Manager."""
    api, name = request.api, request.name("Name")
    if generated := request.take("GenerateSecretString"):
        generated = dict(generated)
        template = generated.pop("SecretStringTemplate", None)
        key = generated.pop("GenerateStringKey", None)
        value = api("secretsmanager", "get_random_password", **generated)["RandomPassword"]
        whole = value if template is None else json.dumps({**json.loads(template), key: value})
        request.properties["SecretString"] = whole
    made = api("secretsmanager", "create_secret", Name=name, **request.rest())
    return Made(made["ARN"], {"Id": made["ARN"]})


@makes("AWS::KMS::Key")
def key(request: Request) -> Made:
    """A key; without a policy of its own it has AWS's default one."""
    if policy := request.take("KeyPolicy"):
        request.properties["Policy"] = document(policy)
    labels = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in request.take("Tags", [])]
    rotates = _is_true(request.take("EnableKeyRotation", False))
    made = request.api("kms", "create_key", Tags=labels, **request.rest())["KeyMetadata"]
    if rotates:
        request.api("kms", "enable_key_rotation", KeyId=made["KeyId"])
    return Made(made["KeyId"], {"Arn": made["Arn"], "KeyId": made["KeyId"]})


@makes("AWS::KMS::Alias")
def alias(request: Request) -> Made:
    """Another name for a key."""
    name = request.properties["AliasName"]
    request.api("kms", "create_alias", **request.rest())
    return Made(name)
