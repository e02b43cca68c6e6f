"""Stand-ins for what the outside is: the time, tables, SageMaker, and a function that dies."""

# ruff: noqa: N803 (arguments are named like the members of AWS's requests)

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from steward import clock
from steward.aws import Aws
from steward.record.store import Store
from tests.steward.builders import BOB, NOON, ROLE, SAGEMAKER
from tests.steward.standin import Json, Standin

# Operations that change something, of which each can be the last one of a function's life.
CHANGES = (
    "TransactWriteItems", "PutObject", "Publish", "SendMessage", "StartPipelineExecution",
    "CreateModel", "CreateEndpointConfig", "CreateEndpoint", "UpdateEndpoint",
)  # fmt: skip


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
    return Store(aws, "lineage", "work")


class Died(Exception):
    """The function's life ended here."""


class Mortal:
    """Lets whoever uses the clients die right after the n-th change, once."""

    def __init__(self, clients: Aws, at_work: Callable[[], bool]) -> None:
        self.changes: list[str] = []
        self.dies_after = 0
        self._at_work = at_work
        services = (clients.dynamodb, clients.s3, clients.sagemaker, clients.sns, clients.sqs)
        self._events = [client.meta.events for client in services]
        for events in self._events:
            events.register("after-call", self._after_call)

    def close(self) -> None:
        for events in self._events:
            events.unregister("after-call", self._after_call)

    def _after_call(self, model: Any, **_: object) -> None:
        if model.name in CHANGES and self._at_work():
            self.changes.append(model.name)
            if len(self.changes) == self.dies_after:
                raise Died(f"after {model.name}")


class FakeSageMaker(Standin):
    """The registry, pipeline and endpoints of one account, in memory."""

    service = "sagemaker"

    def __init__(self, clock: Clock) -> None:
        super().__init__()
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
        arn = f"{SAGEMAKER}:model-package/steward-mortgage/{number}"
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

    def decide(self, arn: str, status: str, words: str = "", who: str = "") -> None:
        """A person, bob if nobody else is named, sets a version's status."""
        self.packages[arn] |= {
            "ModelApprovalStatus": status,
            "ApprovalDescription": words,
            "LastModifiedTime": self._clock.now(),
            "LastModifiedBy": {"IamIdentity": {"Arn": who or BOB.arn}},
        }

    def list_model_packages(self, ModelPackageGroupName: str) -> Json:
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

    # ---- models and endpoints

    def create_model(self, ModelName: str, **request: Any) -> Json:
        self._found(self.packages, request["PrimaryContainer"]["ModelPackageName"])
        return self._create(self.models, ModelName, request)

    def describe_model(self, ModelName: str) -> Json:
        return self._found(self.models, ModelName)

    def create_endpoint_config(self, EndpointConfigName: str, **request: Any) -> Json:
        return self._create(self.configs, EndpointConfigName, request)

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
            },
        )

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
            "deployment": request["DeploymentConfig"],
        }
        return {}

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
