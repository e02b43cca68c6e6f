"""Stand-ins for what the outside is: the time, tables, SageMaker."""

# ruff: noqa: N803 (arguments are named like the members of AWS's requests)

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from steward import clock
from steward.aws import Aws
from steward.decide.canary import Minute
from steward.record.store import Store
from tests.steward.builders import ACCOUNT, BOB, NOON, REGION, ROLE, SAGEMAKER
from tests.steward.schedules import FakeSchedules
from tests.steward.standin import Json, Standin


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self._now = NOON

    def now(self) -> datetime:
        return self._now

    def pass_by(self, minutes: float = 0, seconds: float = 0) -> None:
        self._now += timedelta(minutes=minutes, seconds=seconds)


def new_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock at noon that Steward reads."""
    fake = Clock()
    monkeypatch.setattr(clock, "now", fake.now)
    return fake


def new_store(aws: Aws) -> Store:
    """The real store on empty tables."""
    for name in ("lineage", "work"):
        aws.dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
        )
    aws.s3.create_bucket(
        Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return Store(aws, "lineage", "work", "artifacts")


class FakeSageMaker(FakeSchedules):
    """The registry, pipeline and endpoints of one account, in memory."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._clock = clock
        self.packages: dict[str, Json] = {}
        self.executions: dict[str, Json] = {}
        self.tokens: dict[str, str] = {}
        self.models: dict[str, Json] = {}
        self.configs: dict[str, Json] = {}
        self.endpoints: dict[str, Json] = {}
        self.definition = '{"Version":"2020-12-01"}'
        self.meanwhile: dict[str, Callable[[], object]] = {}
        self.afterwards: dict[str, Callable[[], object]] = {}
        self.jobs: dict[str, Json] = {}
        self.lists_executions = True
        self.is_full = False

    def before(self, operation: str, request: Json) -> Json:
        if operation in self.meanwhile:
            self.meanwhile.pop(operation)()
        answer = super().before(operation, request)
        if operation in self.afterwards:
            self.afterwards.pop(operation)()
        return answer

    # ---- the registry

    def register(self, number: int, **details: Any) -> str:
        """A pipeline's last step creates a version."""
        arn = self.arn_of(number)
        self.packages[arn] = {
            "ModelPackageGroupName": "steward-mortgage",
            "ModelPackageVersion": number,
            "ModelPackageArn": arn,
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": []},
            "ModelApprovalStatus": "PendingManualApproval",
            "CreationTime": self._clock.now(),
            "CreatedBy": {"IamIdentity": {"Arn": ROLE.arn}},
        } | details
        return arn

    def arn_of(self, number: int) -> str:
        """The ARN of a version of the model."""
        return f"{SAGEMAKER}:model-package/steward-mortgage/{number}"

    def decide(self, arn: str, status: str, words: str = "", who: str = "") -> None:
        """A person, bob if nobody else is named, sets a version's status."""
        self.packages[arn] |= {
            "ModelApprovalStatus": status,
            "ApprovalDescription": words,
            "LastModifiedTime": self._clock.now(),
            "LastModifiedBy": {"IamIdentity": {"Arn": who or BOB.arn}},
        }

    def update_model_package(
        self, ModelPackageArn: str, ModelApprovalStatus: str, ApprovalDescription: str
    ) -> Json:
        """Steward itself, under the role of functions/approval, sets a version's status."""
        who = f"arn:aws:sts::{ACCOUNT}:assumed-role/steward-approval-{REGION}/steward-approval"
        self.decide(ModelPackageArn, ModelApprovalStatus, ApprovalDescription, who)
        return {"ModelPackageArn": ModelPackageArn}

    def list_model_packages(self, ModelPackageGroupName: str, **_: object) -> Json:
        return {
            "ModelPackageSummaryList": [
                {
                    name: package[name]
                    for name in ("ModelPackageVersion", "ModelApprovalStatus", "ModelPackageArn")
                }
                for package in self.packages.values()
                if package["ModelPackageGroupName"] == ModelPackageGroupName
            ]
        }

    def describe_model_package(self, ModelPackageName: str) -> Json:
        return self._found(self.packages, ModelPackageName)

    # ---- the pipeline

    def describe_pipeline(self, PipelineName: str) -> Json:
        return {"PipelineName": PipelineName, "PipelineDefinition": self.definition}

    def start_pipeline_execution(
        self,
        PipelineName: str,
        ClientRequestToken: str,
        **request: Any,
    ) -> Json:
        arn = self.tokens.get(ClientRequestToken)
        if arn is None:
            number = len(self.executions) + 1
            arn = f"{SAGEMAKER}:pipeline/{PipelineName}/execution/r{number}"
            self.tokens[ClientRequestToken] = arn
            self.executions[arn] = request | {
                "PipelineExecutionStatus": "Executing",
                "definition": self.definition,
                "CreationTime": self._clock.now(),
                "LastModifiedTime": self._clock.now(),
            }
        return {"PipelineExecutionArn": arn}

    def describe_pipeline_definition_for_execution(self, PipelineExecutionArn: str) -> Json:
        return {"PipelineDefinition": self.executions[PipelineExecutionArn]["definition"]}

    def list_pipeline_executions(self, PipelineName: str, CreatedAfter: datetime) -> Json:
        found = [
            {
                "PipelineExecutionArn": arn,
                "PipelineExecutionDisplayName": one["PipelineExecutionDisplayName"],
            }
            for arn, one in self.executions.items()
            if f":pipeline/{PipelineName}/" in arn and one["CreationTime"] >= CreatedAfter
        ]
        return {"PipelineExecutionSummaries": found if self.lists_executions else []}

    def end(self, arn: str, status: str, failure: str = "") -> None:
        """An execution ends; a failed one in its step Train."""
        self.executions[arn] |= {
            "PipelineExecutionStatus": status,
            "FailureReason": failure,
            "LastModifiedTime": self._clock.now(),
        }

    def describe_pipeline_execution(self, PipelineExecutionArn: str) -> Json:
        return {"PipelineExecutionArn": PipelineExecutionArn} | self.executions[
            PipelineExecutionArn
        ]

    def list_pipeline_execution_steps(
        self,
        PipelineExecutionArn: str,
        **_: object,
    ) -> Json:
        execution = self.executions[PipelineExecutionArn]
        last = {"StepName": "Train", "StepStatus": execution["PipelineExecutionStatus"]}
        if execution.get("FailureReason"):
            last["FailureReason"] = execution["FailureReason"]
        return {
            "PipelineExecutionSteps": [{"StepName": "Prepare", "StepStatus": "Succeeded"}, last]
        }

    def parameters(self, arn: str) -> Mapping[str, str]:
        """What an execution was started with."""
        return {one["Name"]: one["Value"] for one in self.executions[arn]["PipelineParameters"]}

    # ---- processing jobs

    def create_processing_job(self, ProcessingJobName: str, **request: Any) -> Json:
        if self.is_full:
            raise self.refuse("ResourceLimitExceeded", "The account-level service limit is 0")
        if ProcessingJobName in self.jobs:
            raise self.refuse("ResourceInUse", "Job name must be unique")
        arn = f"{SAGEMAKER}:processing-job/{ProcessingJobName}"
        self.jobs[ProcessingJobName] = request | {
            "ProcessingJobName": ProcessingJobName,
            "ProcessingJobArn": arn,
            "ProcessingJobStatus": "InProgress",
            "CreationTime": self._clock.now(),
        }
        return {"ProcessingJobArn": arn}

    def list_processing_jobs(
        self, NameContains: str, CreationTimeAfter: datetime, **_: object
    ) -> Json:
        named = (
            "ProcessingJobName", "ProcessingJobArn", "ProcessingJobStatus", "CreationTime",
            "ProcessingEndTime",
        )  # fmt: skip
        return {
            "ProcessingJobSummaries": [
                {name: job[name] for name in named if name in job}
                for job in self.jobs.values()
                if NameContains in job["ProcessingJobName"]
                and job["CreationTime"] >= CreationTimeAfter
            ]
        }

    def describe_processing_job(self, ProcessingJobName: str) -> Json:
        return self._found(self.jobs, ProcessingJobName)

    # ---- models and endpoints

    def create_model(self, ModelName: str, **request: Any) -> Json:
        self._found(self.packages, request["PrimaryContainer"]["ModelPackageName"])
        return self._create(self.models, ModelName, request)

    def delete_model(self, ModelName: str) -> Json:
        self._found(self.models, ModelName)
        del self.models[ModelName]
        return {}

    def describe_model(self, ModelName: str) -> Json:
        return self._found(self.models, ModelName)

    def create_endpoint_config(self, EndpointConfigName: str, **request: Any) -> Json:
        return self._create(self.configs, EndpointConfigName, request)

    def list_endpoint_configs(self, NameContains: str, **_: object) -> Json:
        names = [name for name in reversed(self.configs) if NameContains in name]
        return {"EndpointConfigs": [{"EndpointConfigName": name} for name in names]}

    def delete_endpoint_config(self, EndpointConfigName: str) -> Json:
        self._found(self.configs, EndpointConfigName)
        del self.configs[EndpointConfigName]
        return {}

    def describe_endpoint_config(self, EndpointConfigName: str) -> Json:
        return self._found(self.configs, EndpointConfigName)

    def create_endpoint(self, EndpointName: str, EndpointConfigName: str) -> Json:
        self._found(self.configs, EndpointConfigName)
        self._need_room()
        return self._create(
            self.endpoints,
            EndpointName,
            {
                "EndpointName": EndpointName,
                "EndpointConfigName": EndpointConfigName,
                "EndpointStatus": "Creating",
                "LastModifiedTime": self._clock.now(),
                "ProductionVariants": [{"VariantName": "AllTraffic", "DesiredInstanceCount": 4}],
            },
        )

    def delete_endpoint(self, EndpointName: str) -> Json:
        self._found(self.endpoints, EndpointName)
        if self.schedules:
            raise self.refuse("ValidationException", "Delete its monitoring schedules first")
        self.endpoints[EndpointName]["EndpointStatus"] = "Deleting"
        return {}

    def update_endpoint(
        self,
        EndpointName: str,
        EndpointConfigName: str,
        **request: Any,
    ) -> Json:
        self._found(self.configs, EndpointConfigName)
        endpoint = self._found(self.endpoints, EndpointName)
        if endpoint["EndpointStatus"] != "InService":
            raise self.refuse("ValidationException", "Cannot update in-progress endpoint")
        self._need_room()
        self.endpoints[EndpointName] |= {
            "EndpointStatus": "Updating",
            "LastModifiedTime": self._clock.now(),
            "PendingDeploymentSummary": {"EndpointConfigName": EndpointConfigName},
            "deployment": request.get("DeploymentConfig"),
            "retains": request["RetainAllVariantProperties"],
        }
        return {}

    def bake(self, name: str = "steward-mortgage") -> None:
        """The new fleet stands and takes its first share of the traffic."""
        self.endpoints[name]["PendingDeploymentSummary"] |= {
            "ProductionVariants": [
                {
                    "VariantName": "AllTraffic",
                    "VariantStatus": [{"Status": "Baking", "StartTime": self._clock.now()}],
                }
            ]
        }

    def settle(self, name: str = "steward-mortgage", failure: str = "") -> None:
        """A deployment ends: on the wanted config, or on the old one with a failure."""
        endpoint = self.endpoints[name]
        pending = endpoint.pop("PendingDeploymentSummary", endpoint)
        wanted = pending["EndpointConfigName"]
        endpoint |= {"EndpointStatus": "InService", "LastModifiedTime": self._clock.now()}
        endpoint |= {"FailureReason": failure} if failure else {"EndpointConfigName": wanted}

    def list_endpoints(self, NameContains: str) -> Json:
        names = [name for name in self.endpoints if NameContains in name]
        return {"Endpoints": [{"EndpointName": name} for name in names]}

    def describe_endpoint(self, EndpointName: str) -> Json:
        return self._found(self.endpoints, EndpointName)

    def _need_room(self) -> None:
        if self.is_full:
            raise self.refuse("ResourceLimitExceeded", "The account-level service limit is 0")

    def _create(self, kind: dict[str, Json], name: str, request: Json) -> Json:
        if name in kind:
            raise self.refuse("ValidationException", "Cannot create already existing thing")
        kind[name] = request
        return {}

    def _found(self, kind: dict[str, Json], name: str) -> Json:
        if name not in kind:
            raise self.refuse("ValidationException", "Could not find it")
        return dict(kind[name])


class FakeCloudWatch(Standin):
    """Alarms in memory, and the counts of a canary's minutes as a test sets them."""

    service = "cloudwatch"

    def __init__(self) -> None:
        super().__init__()
        self.alarms: dict[str, Json] = {}
        self.aborted: list[Json] = []
        self.minutes: list[Minute] = []

    def put_metric_alarm(self, AlarmName: str, **request: Any) -> Json:
        known = self.alarms.get(AlarmName, {"StateValue": "INSUFFICIENT_DATA"})
        self.alarms[AlarmName] = known | request | {"AlarmName": AlarmName}
        return {}

    def describe_alarms(self, AlarmNames: list[str]) -> Json:
        return {"MetricAlarms": [one for name, one in self.alarms.items() if name in AlarmNames]}

    def delete_alarms(self, AlarmNames: list[str]) -> Json:
        for name in AlarmNames:
            del self.alarms[name]
        return {}

    def put_metric_data(self, MetricData: list[Json], **_: object) -> Json:
        self.aborted.extend(MetricData)
        return {}

    def get_metric_data(self, MetricDataQueries: list[Json], **_: object) -> Json:
        results = []
        for query in MetricDataQueries:
            fleet, count = query["Id"].split("_")
            values = {one.at: getattr(one, f"new_{count}") for one in self.minutes}
            if fleet == "all":
                values = {
                    one.at: values[one.at] + getattr(one, f"old_{count}") for one in self.minutes
                }
            results.append(
                {"Id": query["Id"], "Timestamps": list(values), "Values": list(values.values())}
            )
        return {"MetricDataResults": results}

    def trip(self, name: str, reason: str = "Threshold Crossed: 0.2 > 0.05") -> None:
        """An alarm of the rollout fires."""
        self.alarms[name] |= {"StateValue": "ALARM", "StateReason": reason}


class FakeAutoscaling(Standin):
    """Scalable targets in memory."""

    service = "application-autoscaling"

    def __init__(self) -> None:
        super().__init__()
        self.targets: dict[str, Json] = {}
        self.policies: dict[str, Json] = {}

    def describe_scalable_targets(self, ResourceIds: list[str], **_: object) -> Json:
        return {
            "ScalableTargets": [one for name, one in self.targets.items() if name in ResourceIds]
        }

    def register_scalable_target(self, ResourceId: str, **request: Any) -> Json:
        self.targets[ResourceId] = request
        return {}

    def put_scaling_policy(self, ResourceId: str, **request: Any) -> Json:
        self.policies[ResourceId] = request
        return {}

    def deregister_scalable_target(self, ResourceId: str, **_: object) -> Json:
        del self.targets[ResourceId]
        self.policies.pop(ResourceId, None)
        return {}
