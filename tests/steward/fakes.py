"""Stand-ins for what the outside is: the time, SageMaker, and a function that dies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from steward.aws import Aws
from tests.steward.builders import BOB, NOON, ROLE, SAGEMAKER

type Json = dict[str, Any]

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


class Died(Exception):
    """The function's life ended here."""


class Mortal:
    """Lets whoever uses the clients die right after the n-th change, once."""

    def __init__(self, clients: Aws) -> None:
        self.changes: list[str] = []
        self._dies_after = 0
        services = (clients.dynamodb, clients.s3, clients.sagemaker, clients.sns, clients.sqs)
        for client in services:
            client.meta.events.register("after-call", self._after_call)
        self._services = services

    def dies_after(self, count: int) -> None:
        self.changes.clear()
        self._dies_after = count

    def close(self) -> None:
        for client in self._services:
            client.meta.events.unregister("after-call", self._after_call)

    def _after_call(self, model: Any, **_: object) -> None:
        if model.name in CHANGES:
            self.changes.append(model.name)
            if len(self.changes) == self._dies_after:
                raise Died(f"after {model.name}")


@dataclass
class Http:
    """All that botocore looks at of an answer's HTTP part."""

    status_code: int = 200


class FakeSageMaker:
    """The registry, pipeline and endpoints of one account, in memory.

    Installed behind a real client, so that requests are checked against AWS's own model of the API.
    A method is named like the operation and takes its request.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.packages: dict[str, Json] = {}
        self.executions: dict[str, Json] = {}
        self.tokens: dict[str, str] = {}
        self.models: dict[str, Json] = {}
        self.configs: dict[str, Json] = {}
        self.endpoints: dict[str, Json] = {}
        self.calls: list[str] = []
        self.definition = '{"Version":"2020-12-01"}'
        self.before: dict[str, Any] = {}
        self.lists_executions = True

    def install(self, clients: Aws) -> None:
        """Answer instead of AWS."""
        events = clients.sagemaker.meta.events
        events.register("provide-client-params.sagemaker.*", self._keep)
        events.register("before-call.sagemaker.*", self._answer)

    def leave(self, clients: Aws) -> None:
        """Let AWS answer again."""
        events = clients.sagemaker.meta.events
        events.unregister("provide-client-params.sagemaker.*", self._keep)
        events.unregister("before-call.sagemaker.*", self._answer)

    def _keep(self, params: Json, **_: object) -> None:
        self._request = params

    def _answer(self, model: Any, **_: object) -> tuple[Http, Json]:
        request, self.calls = self._request, [*self.calls, model.name]
        if model.name in self.before:
            self.before.pop(model.name)()
        try:
            return Http(), getattr(self, xform_name(model.name))(**request) or {}
        except ClientError as error:
            return Http(400), dict(error.response)

    def refuse(self, code: str, text: str) -> ClientError:
        return ClientError({"Error": {"Code": code, "Message": text}}, "")

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

    def list_model_packages(self, ModelPackageGroupName: str) -> Json:  # noqa: N803
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

    def describe_model_package(self, ModelPackageName: str) -> Json:  # noqa: N803
        return dict(self.packages[ModelPackageName])

    # ---- the pipeline

    def describe_pipeline(self, PipelineName: str) -> Json:  # noqa: N803
        return {"PipelineName": PipelineName, "PipelineDefinition": self.definition}

    def start_pipeline_execution(
        self, PipelineName: str, ClientRequestToken: str, **request: Any  # noqa: N803
    ) -> Json:
        arn = self.tokens.get(ClientRequestToken)
        if arn is None:
            number = len(self.executions) + 1
            arn = f"{SAGEMAKER}:pipeline/{PipelineName}/execution/r{number}"
            self.tokens[ClientRequestToken] = arn
            self.executions[arn] = request | {
                "PipelineExecutionStatus": "Executing",
                "CreationTime": self._clock.now(),
                "LastModifiedTime": self._clock.now(),
            }
        return {"PipelineExecutionArn": arn}

    def list_pipeline_executions(self, PipelineName: str, CreatedAfter: datetime) -> Json:  # noqa: N803
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

    def describe_pipeline_execution(self, PipelineExecutionArn: str) -> Json:  # noqa: N803
        return {"PipelineExecutionArn": PipelineExecutionArn} | self.executions[
            PipelineExecutionArn
        ]

    def list_pipeline_execution_steps(
        self, PipelineExecutionArn: str, **_: object  # noqa: N803
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

    def create_model(self, ModelName: str, **request: Any) -> Json:  # noqa: N803
        return self._create(self.models, ModelName, request)

    def describe_model(self, ModelName: str) -> Json:  # noqa: N803
        return self._found(self.models, ModelName)

    def create_endpoint_config(self, EndpointConfigName: str, **request: Any) -> Json:  # noqa: N803
        return self._create(self.configs, EndpointConfigName, request)

    def describe_endpoint_config(self, EndpointConfigName: str) -> Json:  # noqa: N803
        return self._found(self.configs, EndpointConfigName)

    def create_endpoint(self, EndpointName: str, EndpointConfigName: str) -> Json:  # noqa: N803
        self._found(self.configs, EndpointConfigName)
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
        self, EndpointName: str, EndpointConfigName: str, **request: Any  # noqa: N803
    ) -> Json:
        self._found(self.configs, EndpointConfigName)
        endpoint = self._found(self.endpoints, EndpointName)
        if endpoint["EndpointStatus"] != "InService":
            raise self.refuse("ValidationException", "Cannot update in-progress endpoint")
        self.endpoints[EndpointName] |= {
            "EndpointStatus": "Updating",
            "LastModifiedTime": self._clock.now(),
            "wanted": EndpointConfigName,
            "deployment": request["DeploymentConfig"],
        }
        return {}

    def settle(self, name: str = "steward-mortgage", failure: str = "") -> None:
        """A deployment ends: on the wanted config, or on the old one with a failure."""
        endpoint = self.endpoints[name]
        wanted = endpoint.pop("wanted", endpoint["EndpointConfigName"])
        endpoint |= {"EndpointStatus": "InService", "LastModifiedTime": self._clock.now()}
        endpoint |= {"FailureReason": failure} if failure else {"EndpointConfigName": wanted}

    def list_endpoints(self, NameContains: str) -> Json:  # noqa: N803
        names = [name for name in self.endpoints if NameContains in name]
        return {"Endpoints": [{"EndpointName": name} for name in names]}

    def describe_endpoint(self, EndpointName: str) -> Json:  # noqa: N803
        return self._found(self.endpoints, EndpointName)

    def _create(self, kind: dict[str, Json], name: str, request: Json) -> Json:
        if name in kind:
            raise self.refuse("ValidationException", "Cannot create already existing thing")
        kind[name] = request
        return {}

    def _found(self, kind: dict[str, Json], name: str) -> Json:
        if name not in kind:
            raise self.refuse("ValidationException", "Could not find it")
        return dict(kind[name])
