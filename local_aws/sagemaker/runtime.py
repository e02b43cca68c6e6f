"""InvokeEndpoint: a request to whichever fleet serves now."""

import http.client
import json
import logging
import re
import uuid
from collections.abc import Mapping

from local_aws.account import ACCOUNT
from local_aws.sagemaker.capture import Exchange
from local_aws.sagemaker.core import Core
from local_aws.sagemaker.endpoints import Endpoints
from local_aws.sagemaker.errors import SageMakerError
from local_aws.sagemaker.fleets import Reply, Serving
from local_aws.sagemaker.protocol import HttpRequest
from local_aws.sagemaker.values import Json, given

_log = logging.getLogger(__name__)
LARGEST_BODY = 6_291_456
MODEL_ERROR = 424
_PATH = re.compile(r"/endpoints/([^/]+)/invocations/?(?:\?.*)?$")
_NOT_COVERED = (
    "x-amzn-sagemaker-target-model", "x-amzn-sagemaker-inference-component",
    "x-amzn-sagemaker-target-container-hostname", "x-amzn-sagemaker-session-id",
    "x-amzn-sagemaker-enable-explanations",
)  # fmt: skip

type BinaryAnswer = tuple[int, dict[str, str], bytes]


class ModelError(Exception):
    """The container answered with an error."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class Runtime:
    """The data plane."""

    def __init__(self, core: Core, endpoints: Endpoints) -> None:
        self._core = core
        self._endpoints = endpoints

    def answer(self, request: HttpRequest, url: str, headers: Mapping[str, str]) -> BinaryAnswer:
        """Answer one invocation."""
        lower = {name.lower(): value for name, value in headers.items()}
        try:
            return self._invoked(_endpoint_name(url), request.get_data(), lower)
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
        serving = self._serving(name, headers.get("x-amzn-sagemaker-target-variant"))
        sent = given(
            **{
                "Content-Type": headers.get("content-type") or "application/octet-stream",
                "Accept": headers.get("x-amzn-sagemaker-accept") or headers.get("accept"),
                "X-Amzn-SageMaker-Custom-Attributes": headers.get(_ATTRIBUTES),
            }
        )
        reply = self._asked(serving, body, {key: str(value) for key, value in sent.items()})
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
        answer_headers = {
            "Content-Type": reply.content_type,
            "x-Amzn-Invoked-Production-Variant": serving.variant,
            "x-amzn-RequestId": str(uuid.uuid4()),
        }
        return 200, answer_headers, reply.body

    def _asked(self, serving: Serving, body: bytes, headers: Mapping[str, str]) -> Reply:
        try:
            reply = serving.invoke(body, headers)
        except (OSError, http.client.HTTPException) as error:
            gone = Reply(500, "text/plain", f"The container is gone: {error!r}".encode())
            raise ModelError(gone) from error
        if reply.status != 200:
            raise ModelError(reply)
        return reply

    def _serving(self, name: str, target: str | None) -> Serving:
        with self._core.state():
            try:
                endpoint = self._endpoints.endpoint(name)
            except SageMakerError as error:
                message = f"Endpoint {name} of account {ACCOUNT} not found."
                raise _validation(message) from error
            fleet = endpoint.fleet
            weights = {variant.name: variant.weight for variant in endpoint.variants}
        if fleet is None:
            raise _validation(f"Endpoint {name} of account {ACCOUNT} is not in service.")
        found = fleet.named(target) if target else fleet.choose(weights)
        if found is None:
            raise _validation(f"Variant {target} not found for endpoint {name}.")
        return found


_ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"


def _endpoint_name(url: str) -> str:
    found = _PATH.search(url)
    if not found:
        raise SageMakerError(
            "UnknownOperationException", "The embedded SageMaker covers InvokeEndpoint alone."
        )
    return found[1]


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
