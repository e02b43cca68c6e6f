"""moto's functions, layers and mappings, with invocations and batches that really happen."""

import os
import uuid
from base64 import b64encode
from typing import Any, ClassVar, cast

from moto.awslambda import urls
from moto.awslambda.exceptions import (
    InvalidParameterValueException,
    LambdaClientError,
    UnknownEventConfig,
)
from moto.awslambda.models import (
    EventSourceMapping,
    FunctionUrlConfig,
    LambdaBackend,
    LambdaFunction,
    lambda_backends,
)
from moto.awslambda.responses import LambdaResponse
from moto.core.common_types import TYPE_RESPONSE

from local_aws import identity, sqs
from local_aws.account import ACCOUNT, REGION
from local_aws.adapter import replace
from local_aws.authorization import Denied
from local_aws.awslambda.asynchronous import Policy, accept
from local_aws.awslambda.folders import layer_of
from local_aws.awslambda.functions import Function
from local_aws.awslambda.mapping import Poller, Source
from local_aws.kernel import World

SERVICE = "lambda.amazonaws.com"
URL_PREFIX = "/_lambda-url/"
SYNCHRONOUS, EVENT = "RequestResponse", "Event"
# What a function's URL can be made with; nothing of it has another value.
URL = {"AuthType": "AWS_IAM", "InvokeMode": "BUFFERED"}
OF_URLS = ("FunctionUrlAuthType", "InvokedViaFunctionUrl")


class UrlExists(LambdaClientError):
    """A function has one URL."""

    code = 409

    def __init__(self, function: str) -> None:
        why = f"FunctionUrlConfig exists for this Lambda function: {function}"
        super().__init__("ResourceConflictException", why)


class Backend(LambdaBackend):
    """moto's Lambda; each invocation goes to a process."""

    world: ClassVar[World]
    running: ClassVar[dict[str, Function]] = {}
    pollers: ClassVar[dict[str, Poller]] = {}
    dead_letters: ClassVar[dict[str, str]] = {}

    def create_function(self, spec: dict[str, Any]) -> LambdaFunction:
        try:
            self.world.guard.require(SERVICE, "sts:AssumeRole", spec["Role"])
        except Denied:
            raise InvalidParameterValueException(
                "The role defined for the function cannot be assumed by Lambda."
            ) from None
        function = super().create_function(spec)
        queue = spec.get("DeadLetterConfig", {}).get("TargetArn")
        if queue:
            self.dead_letters[function.function_arn] = _only_queue(queue)
        versions = [self.layers_versions_by_arn(str(layer["Arn"])) for layer in function.layers]
        layers = [layer_of(version.content) for version in versions if version]
        self.running[function.function_arn] = Function(self.world, function, layers)
        return function

    def create_event_source_mapping(self, spec: dict[str, Any]) -> EventSourceMapping:
        queue = sqs.queue_by_arn(spec["EventSourceArn"])
        mapping = super().create_event_source_mapping(spec)
        # moto would push each message to the function at once, one at a time, inside SendMessage.
        queue.lambda_event_source_mappings.clear()
        vars(mapping)["tags"] = None  # not a member of the answer on AWS
        self._follow(mapping)
        return mapping

    def update_event_source_mapping(
        self, uuid: str, spec: dict[str, Any]
    ) -> EventSourceMapping | None:
        mapping = super().update_event_source_mapping(uuid, spec)
        if mapping:
            self._follow(mapping)
        return mapping

    def _follow(self, mapping: EventSourceMapping) -> None:
        """Let the mapping's poller be as the mapping says."""
        if mapping.uuid in self.pollers:
            self.pollers.pop(mapping.uuid).stop()
        if not mapping.enabled:
            return
        source = Source(
            uuid=mapping.uuid,
            queue_arn=mapping.event_source_arn,
            batch_size=mapping.batch_size,
            window=float(mapping.max_batch_window or 0),
            reports_failures="ReportBatchItemFailures" in (mapping.function_response_types or []),
        )
        function = self.running[mapping.function_arn]
        self.pollers[mapping.uuid] = Poller(self.world, source, function)

    def put_function_event_invoke_config(
        self, function_name: str, config: dict[str, Any]
    ) -> dict[str, Any]:
        destinations = config.get("DestinationConfig", {})
        if destinations.get("OnSuccess", {}).get("Destination"):
            raise NotImplementedError("PutFunctionEventInvokeConfig with OnSuccess")
        if destination := destinations.get("OnFailure", {}).get("Destination"):
            _only_queue(destination)
        return super().put_function_event_invoke_config(function_name, config)

    def create_function_url_config(
        self, name_or_arn: str, config: dict[str, Any]
    ) -> FunctionUrlConfig:
        config = {"InvokeMode": "BUFFERED", **config}
        if config != URL:
            raise NotImplementedError(f"CreateFunctionUrlConfig with {config}")
        if self.get_function(name_or_arn).url_config:
            raise UrlExists(name_or_arn)
        made = super().create_function_url_config(name_or_arn, config)
        made.url = f"{self.world.endpoint}{URL_PREFIX}{uuid.uuid4().hex}/"
        return made

    def by_url(self, url: str) -> Function | None:
        """The function that has this URL."""
        for function in self.list_functions():
            if function.url_config and function.url_config.url == url:
                return self.running[function.function_arn]
        return None

    def add_permission(self, function_name: str, qualifier: str, raw: str) -> dict[str, Any]:
        if any(member in raw for member in OF_URLS):
            raise NotImplementedError("AddPermission for a function's URL")
        return super().add_permission(function_name, qualifier, raw)

    def invoke(
        self,
        function_name: str,
        qualifier: str | None,
        body: Any,
        headers: Any,
        response_headers: Any,
    ) -> str | bytes | None:
        function = self.get_function(function_name, qualifier)
        payload = body.encode() if isinstance(body, str) else bytes(body or b"")
        kind = headers.get("X-Amz-Invocation-Type", SYNCHRONOUS)
        response_headers["X-Amz-Executed-Version"] = "$LATEST"
        if kind == EVENT:
            self.accept(function, payload or b"{}")
            return b""
        if kind != SYNCHRONOUS:
            raise NotImplementedError(f"Invoke with the invocation type {kind}")
        result = self.running[function.function_arn].invoke(payload or b"{}")
        if result.outcome.failed:
            response_headers["X-Amz-Function-Error"] = "Unhandled"
        response_headers["x-amz-log-result"] = b64encode(result.tail).decode()
        return result.outcome.payload

    def accept(self, function: LambdaFunction, payload: bytes) -> None:
        """Take an event for a function, which runs when this has returned."""
        arn = function.function_arn
        accept(self.world, self.running[arn], arn, payload, self._policy(function))

    def _policy(self, function: LambdaFunction) -> Policy:
        queue = self.dead_letters.get(function.function_arn)
        try:
            config = self.get_function_event_invoke_config(function.function_name)
        except UnknownEventConfig:
            return Policy(dead_letter_queue=queue)
        return Policy(
            retries=int(config.get("MaximumRetryAttempts", Policy.retries)),
            dead_letter_queue=queue,
            on_failure=config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"),
        )


class Response(LambdaResponse):
    """moto's answers; a URL belongs to no version or alias."""

    def create_function_url_config(self) -> TYPE_RESPONSE:
        if "Qualifier" in self.querystring:
            raise NotImplementedError("CreateFunctionUrlConfig with a qualifier")
        return super().create_function_url_config()

    def get_function_url_config(self) -> TYPE_RESPONSE:
        _, _, body = super().get_function_url_config()
        return 200, {"status": 200}, body


def _only_queue(arn: str) -> str:
    """Failures can be sent to queues, to nothing else."""
    if arn.split(":")[2] != "sqs":
        raise NotImplementedError(f"a destination for failures that is no queue: {arn}")
    return arn


def backend() -> Backend:
    """The functions of the account."""
    functions = lambda_backends[ACCOUNT][REGION]
    assert isinstance(functions, Backend)
    return functions


def invoke_event(arn: str, payload: bytes) -> None:
    """Take an event for the function with this ARN. Raises LookupError if there is none."""
    function = backend().get_function_by_arn(arn)
    if function is None:
        raise LookupError(arn)
    backend().accept(function, payload)


def credentials_of(name: str) -> dict[str, str]:
    """Variables with a new session of a function's role. Raises ValueError if there is none."""
    function = next((one for one in backend().list_functions() if one.function_name == name), None)
    if function is None:
        raise ValueError(f"there is no function {name}")
    return identity.assume_role(function.role, name)


def install(world: World) -> None:
    """Put the extension in moto's place; before its first use."""
    os.environ["VALIDATE_LAMBDA_S3"] = "false"  # code is a folder here, not an object
    Backend.world = world
    replace(lambda_backends, Backend, urls, Response.dispatch)


def state() -> object:
    """What moto's store does not hold, to be kept."""
    return Backend.running, Backend.dead_letters


def resume(state: object) -> None:
    """Take up what was kept, after moto's store; from now on messages are polled."""
    Backend.running, Backend.dead_letters = cast(
        "tuple[dict[str, Function], dict[str, str]]", state
    )
    for mapping in backend()._event_source_mappings.values():
        backend()._follow(mapping)


def end_all() -> None:
    """Stop taking messages, and end every function's process."""
    for poller in Backend.pollers.values():
        poller.stop()
    for function in Backend.running.values():
        function.end()
