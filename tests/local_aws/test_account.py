"""An account in memory and the one on the port are one: what Steward asks, both answer the same."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from local_aws.account import ACCOUNT, REGION
from local_aws.memory.account import InMemoryAccount, queue_url
from local_aws.memory.messages import Queue
from steward.aws import error_code

type Json = dict[str, Any]
type Code = tuple[str, int]

IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/model:1"
_numbers = count()


class Nowhere:
    """A stage on which nothing runs."""

    def pipeline(self, _: object) -> None: ...

    def job(self, _: object) -> None: ...

    def fleet(self, *_: str) -> str | None: ...


class Account:
    """Clients by the service's name, and what is made for a test."""

    def __init__(self, client: Callable[[str], Any], memory: InMemoryAccount | None) -> None:
        self.client = client
        self._memory = memory
        self.name = f"contract-{next(_numbers)}"

    def bucket(self) -> str:
        """A new bucket with versions."""
        if self._memory:
            self._memory.s3.create(self.name)
            return self.name
        place: Any = {"LocationConstraint": REGION}
        self.client("s3").create_bucket(Bucket=self.name, CreateBucketConfiguration=place)
        self.client("s3").put_bucket_versioning(
            Bucket=self.name, VersioningConfiguration={"Status": "Enabled"}
        )
        return self.name

    def queue(self) -> str:
        """A new queue."""
        if self._memory:
            self._memory.sqs.queues[queue_url(self.name)] = Queue()
            return queue_url(self.name)
        return str(self.client("sqs").create_queue(QueueName=self.name)["QueueUrl"])

    def key(self) -> str:
        """A new key that signs."""
        if self._memory:
            self._memory.kms.create("key")
            return "key"
        made = self.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
        return str(made["KeyMetadata"]["Arn"])


@pytest.fixture(params=["memory", "port"])
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    if request.param == "port":
        yield Account(request.getfixturevalue("client"), None)
        # What a test has begun is over before another one tells the time by what is due.
        request.getfixturevalue("aws").advance(300)
        return
    memory = InMemoryAccount(datetime.now(UTC).replace(microsecond=0), Nowhere())
    clients = memory.clients()
    yield Account(lambda service: getattr(clients, service.removeprefix("application-")), memory)


def refused(call: Callable[[], object]) -> Code:
    """Code and HTTP status of the error."""
    with pytest.raises(ClientError) as error:
        call()
    return error_code(error.value), error.value.response["ResponseMetadata"]["HTTPStatusCode"]


class TestObjects:
    def test_of_a_key_each_version_can_be_read(self, account: Account) -> None:
        s3, bucket = account.client("s3"), account.bucket()
        first, second = (s3.put_object(Bucket=bucket, Key="a", Body=one) for one in (b"1", b"22"))
        assert first["ETag"] == f'"{hashlib.md5(b"1", usedforsecurity=False).hexdigest()}"'
        old = s3.get_object(Bucket=bucket, Key="a", VersionId=first["VersionId"])
        new = s3.get_object(Bucket=bucket, Key="a")
        assert (old["Body"].read(), old["ContentLength"]) == (b"1", 1)
        assert (new["Body"].read(), new["VersionId"]) == (b"22", second["VersionId"])
        head = s3.head_object(Bucket=bucket, Key="a")
        assert (head["ETag"], head["ContentLength"]) == (second["ETag"], 2)

    def test_that_are_not_there_are_refused_in_s3s_words(self, account: Account) -> None:
        s3, bucket = account.client("s3"), account.bucket()
        at = {"Bucket": bucket, "Key": "a"}
        assert refused(lambda: s3.get_object(**at)) == ("NoSuchKey", 404)
        assert refused(lambda: s3.head_object(**at)) == ("404", 404)
        s3.put_object(**at, Body=b"1")
        s3.delete_object(**at)
        assert refused(lambda: s3.get_object(**at)) == ("NoSuchKey", 404)
        assert refused(lambda: s3.put_object(Bucket="no-such-bucket-here", Key="a", Body=b"")) == (
            "NoSuchBucket",
            404,
        )

    def test_are_put_once_where_that_is_asked(self, account: Account) -> None:
        s3, at = account.client("s3"), {"Bucket": account.bucket(), "Key": "a"}
        s3.put_object(**at, Body=b"1", IfNoneMatch="*")
        assert refused(lambda: s3.put_object(**at, Body=b"2", IfNoneMatch="*")) == (
            "PreconditionFailed",
            412,
        )
        s3.delete_object(**at)
        s3.put_object(**at, Body=b"3", IfNoneMatch="*")
        assert s3.get_object(**at)["Body"].read() == b"3"

    def test_are_listed_in_the_order_of_their_keys(self, account: Account) -> None:
        s3, bucket = account.client("s3"), account.bucket()
        for key in ("b/2", "b/1", "a", "c", "b/3"):
            s3.put_object(Bucket=bucket, Key=key, Body=b"")
        s3.delete_object(Bucket=bucket, Key="b/3")
        page = s3.list_objects_v2(Bucket=bucket, Prefix="b/", MaxKeys=1)
        assert ([one["Key"] for one in page["Contents"]], page["KeyCount"]) == (["b/1"], 1)
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        keys = [one["Key"] for page in pages for one in page["Contents"]]
        assert keys == ["a", "b/1", "b/2", "c"]
        later = s3.list_objects_v2(Bucket=bucket, Prefix="b/", StartAfter="b/1")
        assert [one["Key"] for one in later["Contents"]] == ["b/2"]
        assert "Contents" not in s3.list_objects_v2(Bucket=bucket, Prefix="nothing")

    def test_show_all_their_versions_the_newest_first(self, account: Account) -> None:
        s3, bucket = account.client("s3"), account.bucket()
        for key, body in (("a", b"1"), ("b", b"2"), ("a", b"3")):
            s3.put_object(Bucket=bucket, Key=key, Body=body)
        s3.delete_object(Bucket=bucket, Key="b")
        (page,) = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix="")
        versions = [(one["Key"], one["Size"], one["IsLatest"]) for one in page["Versions"]]
        assert versions == [("a", 1, True), ("a", 1, False), ("b", 1, False)]
        assert [(one["Key"], one["IsLatest"]) for one in page["DeleteMarkers"]] == [("b", True)]


class TestMessages:
    def test_to_a_queue_that_is_there_are_taken(self, account: Account) -> None:
        sqs, url = account.client("sqs"), account.queue()
        assert sqs.send_message(QueueUrl=url, MessageBody="{}")["MessageId"]

    def test_to_no_queue_are_refused(self, account: Account) -> None:
        sqs, url = account.client("sqs"), f"{account.queue()}-not"
        code, status = refused(lambda: sqs.send_message(QueueUrl=url, MessageBody="{}"))
        assert (code, status) == ("AWS.SimpleQueueService.NonExistentQueue", 400)

    def test_to_no_topic_are_refused(self, account: Account) -> None:
        topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:nobody"
        sns = account.client("sns")
        assert refused(lambda: sns.publish(TopicArn=topic, Message="hear")) == ("NotFound", 404)


class TestKeys:
    def test_sign_digests_so_that_others_can_check(self, account: Account) -> None:
        kms, key = account.client("kms"), account.key()
        digest = hashlib.sha256(b"what is signed").digest()
        asked = {"KeyId": key, "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"}
        signature = kms.sign(**asked, Message=digest)["Signature"]
        public = load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
        assert isinstance(public, EllipticCurvePublicKey)
        public.verify(signature, digest, ECDSA(Prehashed(SHA256())))
        assert refused(lambda: kms.sign(**asked, Message=b"short")) == ("ValidationException", 400)


def registered(account: Account) -> tuple[Any, str]:
    """A version in a group of its own: the client, and its ARN."""
    sagemaker = account.client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName=account.name)
    made = sagemaker.create_model_package(
        ModelPackageGroupName=account.name,
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://somewhere/model.tar.gz"}],
            "SupportedContentTypes": ["text/csv"],
        },
    )
    return sagemaker, str(made["ModelPackageArn"])


class TestRegistry:
    def test_shows_a_version_and_the_last_word_on_it(self, account: Account) -> None:
        sagemaker, arn = registered(account)
        assert arn.endswith(f":model-package/{account.name}/1")
        sagemaker.update_model_package(
            ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="good"
        )
        found = sagemaker.describe_model_package(ModelPackageName=arn)
        assert found["ModelApprovalStatus"] == "Approved"
        assert found["ApprovalDescription"] == "good"
        assert found["ModelPackageStatus"] == "Completed"
        assert found["LastModifiedTime"] >= found["CreationTime"]
        (container,) = found["InferenceSpecification"]["Containers"]
        assert container["ImageDigest"].startswith("sha256:")
        listed = sagemaker.list_model_packages(ModelPackageGroupName=account.name)
        (one,) = listed["ModelPackageSummaryList"]
        assert (one["ModelPackageVersion"], one["ModelApprovalStatus"]) == (1, "Approved")

    def test_refuses_what_is_not_there(self, account: Account) -> None:
        sagemaker, arn = registered(account)
        for call in (
            lambda: sagemaker.describe_model_package(ModelPackageName=f"{arn}9"),
            lambda: sagemaker.list_model_packages(ModelPackageGroupName="nobody"),
            lambda: sagemaker.create_model_package_group(ModelPackageGroupName=account.name),
        ):
            assert refused(call) == ("ValidationException", 400)

    def test_lists_ten_to_a_page(self, account: Account) -> None:
        sagemaker, _ = registered(account)
        specification = {
            "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://somewhere/m"}],
            "SupportedContentTypes": ["text/csv"],
        }
        for _ in range(10):
            sagemaker.create_model_package(
                ModelPackageGroupName=account.name, InferenceSpecification=specification
            )
        first = sagemaker.list_model_packages(ModelPackageGroupName=account.name)
        assert len(first["ModelPackageSummaryList"]) == 10
        pages = sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=account.name, PaginationConfig={"PageSize": 4}
        )
        sizes = [len(page["ModelPackageSummaryList"]) for page in pages]
        assert sizes == [4, 4, 3]


def servable(account: Account) -> tuple[Any, str]:
    """A model and a config of a version: the client, and the name of both."""
    sagemaker, arn = registered(account)
    sagemaker.create_model(ModelName=account.name, PrimaryContainer={"ModelPackageName": arn})
    sagemaker.create_endpoint_config(
        EndpointConfigName=account.name,
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "ModelName": account.name,
                "InitialInstanceCount": 1,
                "InstanceType": "ml.m5.large",
            }
        ],
    )
    return sagemaker, account.name


class TestEndpoints:
    def test_need_what_they_are_made_of(self, account: Account) -> None:
        sagemaker, name = servable(account)
        found = sagemaker.describe_endpoint_config(EndpointConfigName=name)
        assert [one["ModelName"] for one in found["ProductionVariants"]] == [name]
        for call in (
            lambda: sagemaker.create_model(ModelName=name, PrimaryContainer={"Image": IMAGE}),
            lambda: sagemaker.create_endpoint_config(
                EndpointConfigName=name, ProductionVariants=found["ProductionVariants"]
            ),
            lambda: sagemaker.describe_endpoint(EndpointName=name),
            lambda: sagemaker.delete_endpoint(EndpointName=name),
            lambda: sagemaker.create_endpoint(EndpointName=name, EndpointConfigName="nothing"),
            lambda: sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=name),
        ):
            assert refused(call) == ("ValidationException", 400)

    def test_that_are_there_cannot_be_made_or_changed_meanwhile(self, account: Account) -> None:
        sagemaker, name = servable(account)
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        found = sagemaker.describe_endpoint(EndpointName=name)
        assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("Creating", name)
        for call in (
            lambda: sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name),
            lambda: sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=name),
            lambda: sagemaker.delete_endpoint(EndpointName=name),
        ):
            assert refused(call) == ("ValidationException", 400)
        listed = sagemaker.list_endpoints(NameContains=name)["Endpoints"]
        assert [one["EndpointName"] for one in listed] == [name]

    def test_are_scaled_only_if_they_are_there(self, account: Account) -> None:
        scaling = account.client("application-autoscaling")
        target = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": f"endpoint/{account.name}/variant/AllTraffic",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        }
        found = scaling.describe_scalable_targets(
            ServiceNamespace="sagemaker", ResourceIds=[target["ResourceId"]]
        )
        assert found["ScalableTargets"] == []
        call = lambda: scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)  # noqa: E731
        assert refused(call) == ("ValidationException", 400)
        assert refused(lambda: scaling.deregister_scalable_target(**target)) == (
            "ObjectNotFoundException",
            400,
        )


class TestPipelines:
    DEFINITION = '{"Version": "2020-12-01", "Parameters": [], "Steps": []}'

    def test_are_there_once(self, account: Account) -> None:
        sagemaker = account.client("sagemaker")
        asked = {
            "PipelineName": account.name,
            "PipelineDefinition": self.DEFINITION,
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/somebody",
        }
        sagemaker.create_pipeline(**asked, ClientRequestToken="a" * 32)
        found = sagemaker.describe_pipeline(PipelineName=account.name)
        assert found["PipelineDefinition"] == self.DEFINITION
        again = lambda: sagemaker.create_pipeline(**asked, ClientRequestToken="b" * 32)  # noqa: E731
        assert refused(again) == ("ValidationException", 400)

    def test_that_are_not_there_have_no_executions(self, account: Account) -> None:
        sagemaker = account.client("sagemaker")
        arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/no/execution/{'0' * 12}"
        for call in (
            lambda: sagemaker.describe_pipeline(PipelineName=account.name),
            lambda: sagemaker.list_pipeline_executions(PipelineName=account.name),
            lambda: sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn),
        ):
            assert refused(call) == ("ResourceNotFound", 400)


class TestAlarms:
    def test_are_there_until_they_are_deleted(self, account: Account) -> None:
        cloudwatch = account.client("cloudwatch")
        alarm: Json = {
            "AlarmName": account.name,
            "Namespace": "Contract",
            "MetricName": account.name,
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "ignore",
        }
        cloudwatch.put_metric_alarm(**alarm)
        cloudwatch.put_metric_alarm(**alarm)
        (found,) = cloudwatch.describe_alarms(AlarmNames=[account.name])["MetricAlarms"]
        assert (found["StateValue"], found["Threshold"]) == ("INSUFFICIENT_DATA", 0)
        cloudwatch.delete_alarms(AlarmNames=[account.name])
        assert cloudwatch.describe_alarms(AlarmNames=[account.name])["MetricAlarms"] == []

    def test_of_aws_itself_nobody_measures(self, account: Account) -> None:
        cloudwatch = account.client("cloudwatch")
        data: Any = [{"MetricName": "Invocations", "Value": 1}]
        code, status = refused(
            lambda: cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=data)
        )
        assert (code, status) == ("InvalidParameterValue", 400)
