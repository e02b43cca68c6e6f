"""InvokeEndpoint and InvokeEndpointAsync: a request to a fleet that serves now."""

import http.client
import json
import logging
import re
import time
import uuid
from collections.abc import Mapping

from local_aws.account import ACCOUNT
from local_aws.sagemaker.asynchronous import Later, ModelError
from local_aws.sagemaker.capture import Exchange
from local_aws.sagemaker.core import Core
from local_aws.sagemaker.endpoint_state import Endpoint
from local_aws.sagemaker.endpoints import Endpoints
from local_aws.sagemaker.errors import SageMakerError
from local_aws.sagemaker.fleets import Reply, Serving
from local_aws.sagemaker.metrics import measure
from local_aws.sagemaker.protocol import HttpRequest
from local_aws.sagemaker.values import Json, given

_log = logging.getLogger(__name__)
LARGEST_BODY = 6_291_456
MODEL_ERROR = 424
_PATH = re.compile(r"/endpoints/([^/]+)/(async-)?invocations/?(?:\?.*)?$")
_NOT_COVERED = (
    "x-amzn-sagemaker-target-model", "x-amzn-sagemaker-inference-component",
    "x-amzn-sagemaker-target-container-hostname", "x-amzn-sagemaker-session-id",
    "x-amzn-sagemaker-enable-explanations",
)  # fmt: skip

type BinaryAnswer = tuple[int, dict[str, str], bytes]


class Runtime:
    """The data plane."""

    def __init__(self, core: Core, endpoints: Endpoints, later: Later) -> None:
        self._core = core
        self._endpoints = endpoints
        self._later = later

    def answer(self, request: HttpRequest, url: str, headers: Mapping[str, str]) -> BinaryAnswer:
        """Answer one invocation."""
        lower = {name.lower(): value for name, value in headers.items()}
        try:
            name, asynchronous = _called(url)
            if asynchronous:
                return self._accepted(name, lower)
            return self._invoked(name, request.get_data(), lower)
        except ModelError as error:
            return _model_error(error)
        except SageMakerError as error:
            return _refusal(error.status, error.code, {"Message": error.message})
        except Exception as fault:
            _log.exception("an invocation broke")
            return _refusal(500, "InternalFailure", {"Message": repr(fault)})

    def _invoked(self, name: str, body: bytes, headers: Mapping[str, str]) -> BinaryAnswer:
        if used := [header for header in _NOT_COVERED if header in headers]:
            message = f"The embedded SageMaker does not cover the header {used[0]}."
            raise SageMakerError("UnknownOperationException", message)
        if len(body) > LARGEST_BODY:
            raise _validation(f"The body has {len(body)} bytes, at most {LARGEST_BODY} are taken.")
        if self._endpoint(name).config.asynchronous:
            raise _validation(f"Endpoint {name} is asynchronous: call InvokeEndpointAsync.")
        reply, variant = self.ask(name, body, headers)
        answer_headers = {
            "Content-Type": reply.content_type,
            "x-Amzn-Invoked-Production-Variant": variant,
            "x-amzn-RequestId": str(uuid.uuid4()),
        }
        return 200, answer_headers, reply.body

    def ask(self, name: str, body: bytes, headers: Mapping[str, str]) -> tuple[Reply, str]:
        """What the model says, and which variant; whatever comes of it is measured."""
        serving = self._serving(name, headers.get("x-amzn-sagemaker-target-variant"))
        sent = given(
            **{
                "Content-Type": headers.get("content-type") or "application/octet-stream",
                "Accept": headers.get("x-amzn-sagemaker-accept") or headers.get("accept"),
                "X-Amzn-SageMaker-Custom-Attributes": headers.get(_ATTRIBUTES),
            }
        )
        begin = time.perf_counter()
        try:
            reply = _reply(serving, body, {key: str(value) for key, value in sent.items()})
        finally:
            serving.take_back()
        measure(self._core.world, name, serving, reply.status, time.perf_counter() - begin)
        if reply.status != 200:
            raise ModelError(reply)
        if serving.capture:
            serving.capture.record(
                Exchange(
                    body,
                    str(sent["Content-Type"]),
                    reply.body,
                    reply.content_type,
                    headers.get("x-amzn-sagemaker-inference-id"),
                    headers.get(_ATTRIBUTES),
                )
            )
        return reply, serving.variant

    def _accepted(self, name: str, headers: Mapping[str, str]) -> BinaryAnswer:
        """Take a request whose answer is written to S3 later."""
        config = self._endpoint(name).config
        if not config.asynchronous:
            raise _validation(f"Endpoint {name} is not asynchronous: call InvokeEndpoint.")
        source = headers.get("x-amzn-sagemaker-inputlocation", "")
        if not source.startswith("s3://"):
            raise _validation(f"InputLocation must be an S3 URI, got {source!r}.")
        # The call's own content type is that of a call without a body.
        own = {"content-type": headers.get("x-amzn-sagemaker-content-type", "")}
        order = self._later.order(name, config, source, {**headers, **own})
        self._core.in_background(
            f"asynchronous inference {order.id}", lambda: self._later.carry_out(order, self.ask)
        )
        answer = {
            "Content-Type": "application/json",
            "x-amzn-RequestId": order.id,
            "X-Amzn-SageMaker-OutputLocation": order.output,
            "X-Amzn-SageMaker-FailureLocation": order.failure,
        }
        return 202, answer, json.dumps({"InferenceId": order.inference_id}).encode()

    def _endpoint(self, name: str) -> Endpoint:
        with self._core.state():
            try:
                return self._endpoints.endpoint(name)
            except SageMakerError as error:
                message = f"Endpoint {name} of account {ACCOUNT} not found."
                raise _validation(message) from error

    def _serving(self, name: str, target: str | None) -> Serving:
        """Who answers; from here on it does not end before it has answered."""
        endpoint = self._endpoint(name)
        with self._core.state():
            fleet = endpoint.chosen()
            if fleet is None:
                raise _validation(f"Endpoint {name} of account {ACCOUNT} is not in service.")
            weights = {variant.name: variant.weight for variant in endpoint.variants}
            found = fleet.named(target) if target else fleet.choose(weights)
            if found is None:
                raise _validation(f"Variant {target} not found for endpoint {name}.")
            found.give()
            return found


def _reply(serving: Serving, body: bytes, headers: Mapping[str, str]) -> Reply:
    try:
        return serving.invoke(body, headers)
    except (OSError, http.client.HTTPException) as error:
        return Reply(500, "text/plain", f"The container is gone: {error!r}".encode())


_ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"


def _called(url: str) -> tuple[str, bool]:
    """The endpoint, and whether its answer is to come later."""
    found = _PATH.search(url)
    if not found:
        raise SageMakerError(
            "UnknownOperationException",
            "The embedded SageMaker covers InvokeEndpoint and InvokeEndpointAsync alone.",
        )
    return found[1], bool(found[2])


def _validation(message: str) -> SageMakerError:
    return SageMakerError("ValidationError", message)


def _model_error(error: ModelError) -> BinaryAnswer:
    original = error.reply.body.decode(errors="replace")
    message = (
        f"Received server error ({error.reply.status}) from primary with message "
        f'"{original}". See the endpoint\'s log for more information.'
    )
    body = {
        "Message": message,
        "OriginalStatusCode": error.reply.status,
        "OriginalMessage": original,
        "LogStreamArn": "",
    }
    return _refusal(MODEL_ERROR, "ModelError", body)


def _refusal(status: int, code: str, body: Json) -> BinaryAnswer:
    headers = {
        "Content-Type": "application/json",
        "x-amzn-errortype": code,
        "x-amzn-RequestId": str(uuid.uuid4()),
    }
    return status, headers, json.dumps(body).encode()
