"""Asynchronous inference: a request from S3, its answer to S3, and a message when it is there.

https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference.html
"""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from local_aws.sagemaker import storage
from local_aws.sagemaker.core import Core
from local_aws.sagemaker.endpoint_configs import EndpointConfig
from local_aws.sagemaker.errors import SageMakerError, not_covered
from local_aws.sagemaker.fleets import Reply
from local_aws.sagemaker.models import Models
from local_aws.sagemaker.roles import Roles
from local_aws.sagemaker.values import section, text

type Ask = Callable[[str, bytes, Mapping[str, str]], tuple[Reply, str]]


class ModelError(Exception):
    """The container answered with an error."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


@dataclass(frozen=True)
class Order:
    """One request: where its input lies and where its answer goes."""

    id: str
    inference_id: str
    endpoint: str
    role: str | None
    source: str
    output: str
    failure: str
    headers: Mapping[str, str]


class Later:
    """Takes orders and carries them out under the model's role."""

    def __init__(self, core: Core, roles: Roles, models: Models) -> None:
        self._core = core
        self._roles = roles
        self._models = models

    def order(
        self, endpoint: str, config: EndpointConfig, source: str, headers: Mapping[str, str]
    ) -> Order:
        """An order whose answer goes where the configuration says."""
        output = section(config.asynchronous, "OutputConfig")
        if "NotificationConfig" in output:
            raise not_covered("NotificationConfig of asynchronous inference")
        number = str(uuid.uuid4())
        folder = text(output, "S3OutputPath").rstrip("/")
        failures = str(output.get("S3FailurePath", folder)).rstrip("/")
        model = self._models.model(text(config.variants[0], "ModelName"))
        return Order(
            id=number,
            inference_id=headers.get("x-amzn-sagemaker-inference-id") or str(uuid.uuid4()),
            endpoint=endpoint,
            role=model.container.role,
            source=source,
            output=f"{folder}/{number}.out",
            failure=f"{failures}/{number}-error.out",
            headers=headers,
        )

    def carry_out(self, order: Order, ask: Ask) -> None:
        """Ask the model, and write what it says, or why it says nothing."""
        s3 = self._roles.session(order.role).s3
        try:
            reply, _ = ask(order.endpoint, storage.read(s3, order.source), order.headers)
            target, body = order.output, reply.body
        except ModelError as error:
            target, body = order.failure, error.reply.body
        except (storage.StorageError, SageMakerError) as error:
            target, body = order.failure, json.dumps({"errorMessage": str(error)}).encode()
        bucket, key = storage.split(target)
        s3.put_object(Bucket=bucket, Key=key, Body=body)
