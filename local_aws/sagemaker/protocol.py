"""AWS JSON 1.1: from an HTTP request to one operation and back."""

import json
import logging
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, cast

from botocore.model import OperationModel

from local_aws.sagemaker import shapes
from local_aws.sagemaker.callers import caller
from local_aws.sagemaker.core import Core, Operation
from local_aws.sagemaker.errors import SageMakerError, invalid, not_covered
from local_aws.sagemaker.values import Json

type Answer = tuple[int, dict[str, str], str]

_log = logging.getLogger(__name__)


class HttpRequest(Protocol):
    """The part of moto's request that is used."""

    def get_data(self) -> bytes:
        """The body."""


class Dispatcher:
    """Validates, runs one operation under the lock, validates again, answers."""

    def __init__(self, core: Core, operations: Mapping[str, Operation]) -> None:
        self._core = core
        self._operations = operations

    def answer(self, request: HttpRequest, _url: str, headers: Mapping[str, str]) -> Answer:
        """Answer one request to the control plane."""
        name = _target(headers)
        try:
            result = self._run(name, request.get_data(), headers)
        except SageMakerError as error:
            return error_answer(error)
        except Exception as fault:
            _log.exception("%s broke", name)
            return error_answer(_fault(name, repr(fault)))
        return _reply(200, result)

    def _run(self, name: str, body: bytes, headers: Mapping[str, str]) -> Json:
        model, run = shapes.operation(name), self._operations.get(name)
        if model is None or run is None:
            raise not_covered(f"the operation {name or '(none named)'}")
        request = _checked_input(model, body)
        with self._core.state():
            result = run(request, caller(headers)) or {}
            _check_output(model, result)
        return result


def _target(headers: Mapping[str, str]) -> str:
    target = next((v for k, v in headers.items() if k.lower() == "x-amz-target"), "")
    return target.rpartition(".")[2]


def _checked_input(model: OperationModel, body: bytes) -> Json:
    try:
        request = json.loads(body or b"{}")
    except ValueError as error:
        raise SageMakerError("SerializationException", f"The body is not JSON: {error}") from error
    if model.input_shape is not None and (report := shapes.faults(request, model.input_shape)):
        raise invalid(report)
    return cast(Json, request)


def _check_output(model: OperationModel, result: Json) -> None:
    if model.output_shape is not None and (report := shapes.faults(result, model.output_shape)):
        raise _fault(model.name, f"its answer does not fit botocore's output shape: {report}")


def _fault(name: str, why: str) -> SageMakerError:
    return SageMakerError(
        "InternalFailure", f"The embedded SageMaker is wrong in {name}: {why}", status=500
    )


def error_answer(error: SageMakerError) -> Answer:
    """A refusal as AWS words it."""
    body: Json = {"__type": error.code, "message": error.message}
    return _reply(error.status, body, {"x-amzn-errortype": error.code})


def _reply(status: int, body: Json, headers: Mapping[str, str] | None = None) -> Answer:
    common = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": str(uuid.uuid4())}
    return status, {**common, **(headers or {})}, json.dumps(body, default=_epoch)


def _epoch(value: object) -> float:
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")
