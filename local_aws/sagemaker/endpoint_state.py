"""What an endpoint is at a moment, and how it is shown and told of."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from local_aws.sagemaker import names
from local_aws.sagemaker.endpoint_configs import EndpointConfig
from local_aws.sagemaker.fleets import Fleet
from local_aws.sagemaker.models import Models
from local_aws.sagemaker.shifting import Stage
from local_aws.sagemaker.values import Json, epoch_ms, given, section, text, whole

STATE_EVENT = "SageMaker Endpoint State Change"
_ROUNDING = 1e-9
DEPLOYMENT_EVENT = "SageMaker Endpoint Deployment State Change"


@dataclass(frozen=True)
class Variant:
    """A variant as it is on an endpoint: its size and weight may differ from its configuration."""

    name: str
    image: str
    instance_type: str
    instances: int
    weight: float
    resolved: datetime
    serverless: Json = field(default_factory=dict)

    @classmethod
    def of(cls, source: Json, models: Models, when: datetime) -> "Variant":
        """A variant as its configuration describes it."""
        return cls(
            name=text(source, "VariantName"),
            image=models.model(text(source, "ModelName")).container.image,
            instance_type=str(source.get("InstanceType", "")),
            instances=whole(source, "InitialInstanceCount", 0),
            weight=float(cast(float, source.get("InitialVariantWeight", 1.0))),
            resolved=when,
            serverless=section(source, "ServerlessConfig"),
        )

    def shown(self) -> Json:
        """As DescribeEndpoint shows it."""
        image: Json = {
            "SpecifiedImage": self.image,
            "ResolvedImage": names.resolved_image(self.image),
            "ResolutionTime": self.resolved,
        }
        return {
            "VariantName": self.name,
            "DeployedImages": [image],
            "CurrentWeight": self.weight,
            "DesiredWeight": self.weight,
            **self._size(),
        }

    def _size(self) -> Json:
        if self.serverless:
            return {
                "CurrentServerlessConfig": self.serverless,
                "DesiredServerlessConfig": self.serverless,
            }
        return {
            "CurrentInstanceCount": self.instances,
            "DesiredInstanceCount": self.instances,
        }

    def announced(self) -> Json:
        """As a deployment event tells of it."""
        return {key: value for key, value in self.shown().items() if key != "DeployedImages"}


@dataclass(frozen=True)
class Pending:
    """A fleet that is created beside the one that serves, and takes over its traffic by stages.

    `status` and `since` are those of its variants. `stage` is how many stages have begun.
    """

    config: EndpointConfig
    variants: tuple[Variant, ...]
    started: datetime
    since: datetime
    status: str = "Creating"
    stages: tuple[Stage, ...] = ()
    stage: int = 0
    fleet: Fleet | None = None

    @property
    def share(self) -> float:
        """The share of the traffic that the new fleet takes."""
        return self.stages[self.stage - 1].share if self.stage else 0.0

    def shown(self) -> Json:
        """The PendingDeploymentSummary of DescribeEndpoint."""
        rows = [
            {
                **variant.shown(),
                **self._current(variant),
                **({} if variant.serverless else {"InstanceType": variant.instance_type}),
                "VariantStatus": [{"Status": self.status, "StartTime": self.since}],
            }
            for variant in self.variants
        ]
        return {
            "EndpointConfigName": self.config.name,
            "ProductionVariants": rows,
            "StartTime": self.started,
        }

    def _current(self, variant: Variant) -> Json:
        if variant.serverless:
            return {}
        return {"CurrentInstanceCount": 0 if self.status == "Creating" else variant.instances}

    def announced(self) -> Json:
        """The PendingDeploymentSummary of a deployment event."""
        rows = [
            {
                **variant.announced(),
                **self._current(variant),
                "VariantStatus": [{"Status": self.status, "StartTime": epoch_ms(self.since)}],
            }
            for variant in self.variants
        ]
        return {
            "EndpointConfigName": self.config.name,
            "StartTime": epoch_ms(self.started),
            "ProductionVariants": rows,
        }


@dataclass
class Endpoint:
    """An endpoint."""

    name: str
    config: EndpointConfig
    created: datetime
    modified: datetime
    status: str = "Creating"
    variants: tuple[Variant, ...] = ()
    fleet: Fleet | None = None
    pending: Pending | None = None
    failure: str | None = None
    deployment: Json = field(default_factory=dict)
    credit: float = 0.0
    # Goes up when what is under way ends early: what was to come of it does not come any more.
    turn: int = 0

    @property
    def arn(self) -> str:
        """The endpoint's ARN."""
        return names.arn("endpoint", self.name)

    def chosen(self) -> Fleet | None:
        """The fleet for the next request: over any number of them exact to within one request."""
        if self.status == "OutOfService":
            return None
        if self.pending is None or self.pending.fleet is None or not self.pending.stage:
            return self.fleet
        self.credit += self.pending.share
        if self.credit < 1.0 - _ROUNDING:
            return self.fleet
        self.credit -= 1.0
        return self.pending.fleet

    def described(self) -> Json:
        """DescribeEndpoint's answer."""
        return given(
            EndpointName=self.name,
            EndpointArn=self.arn,
            EndpointConfigName=self.config.name,
            ProductionVariants=[variant.shown() for variant in self.variants] or None,
            DataCaptureConfig=self._capture(),
            EndpointStatus=self.status,
            FailureReason=self.failure,
            CreationTime=self.created,
            LastModifiedTime=self.modified,
            LastDeploymentConfig=self.deployment or None,
            PendingDeploymentSummary=self.pending.shown() if self.pending else None,
        )

    def _capture(self) -> Json | None:
        config = self.config.capture
        if not config:
            return None
        enabled = bool(config.get("EnableCapture", True))
        started = enabled and self.fleet is not None
        return {
            "EnableCapture": enabled,
            "CaptureStatus": "Started" if started else "Stopped",
            "CurrentSamplingPercentage": config["InitialSamplingPercentage"],
            "DestinationS3Uri": config["DestinationS3Uri"],
            "KmsKeyId": config.get("KmsKeyId", ""),
        }

    def summary(self) -> Json:
        """One line of ListEndpoints."""
        return {
            "EndpointName": self.name,
            "EndpointArn": self.arn,
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
            "EndpointStatus": self.status,
        }

    def state_event(self) -> Json:
        """The detail of "SageMaker Endpoint State Change"."""
        shown = self.variants or (self.pending.variants if self.pending else ())
        rows = [
            {"DesiredWeight": v.weight, "DesiredInstanceCount": float(v.instances)} for v in shown
        ]
        return {**self._event_head(), "ProductionVariants": rows, **self._event_times(float)}

    def deployment_event(self) -> Json:
        """The detail of "SageMaker Endpoint Deployment State Change"."""
        assert self.pending
        return {
            **self._event_head(),
            "ProductionVariants": [variant.announced() for variant in self.variants],
            **self._event_times(int),
            "PendingDeploymentSummary": self.pending.announced(),
        }

    def _event_head(self) -> Json:
        return {
            "EndpointName": self.name,
            "EndpointArn": self.arn,
            "EndpointConfigName": self.config.name,
            "EndpointStatus": re.sub(r"(?<!^)(?=[A-Z])", "_", self.status).upper(),
        }

    def _event_times(self, kind: type[float]) -> Json:
        return {
            "CreationTime": kind(epoch_ms(self.created)),
            "LastModifiedTime": kind(epoch_ms(self.modified)),
            "Tags": {},
        }
