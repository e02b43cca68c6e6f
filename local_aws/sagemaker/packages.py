"""One registered version of a model, and how SageMaker shows and announces it."""

from dataclasses import dataclass, field
from datetime import datetime

from local_aws.sagemaker import names
from local_aws.sagemaker.values import Json, given, iso, maybe_text, pick, sections, text, text_map

# Members that are stored as they came and shown as they are.
_KEPT = (
    "ModelPackageDescription", "ModelPackageRegistrationType", "SourceAlgorithmSpecification",
    "ValidationSpecification", "MetadataProperties", "ModelMetrics", "Domain", "Task",
    "SamplePayloadUrl", "DriftCheckBaselines", "AdditionalInferenceSpecifications",
    "SkipModelValidation", "SecurityConfig", "ModelCard", "ManagedStorageType",
)  # fmt: skip
_IN_SUMMARY = ("ModelPackageDescription", "ModelPackageRegistrationType")
_IN_EVENTS = ("MetadataProperties", "ModelMetrics")
# How the event names the members of an update, in the event's own spelling.
_EVENT_NAMES = {
    "ModelApprovalStatus": "ModelApprovalStatus",
    "ApprovalDescription": "ApprovalDescription",
    "CustomerMetadataProperties": "CustomerMetadataProperties",
    "CustomerMetadataPropertiesToRemove": "CustomerMetadataProperties",
    "InferenceSpecification": "InferenceSpecification",
    "ModelLifeCycle": "ModelLifeCycle",
    "SourceUri": "sourceUri",
}


@dataclass
class ModelPackage:
    """A version in a group. Who changed it last is overwritten by the next change, as on AWS."""

    group: str
    version: int
    created: datetime
    created_by: Json
    kept: Json
    inference: Json
    approval: str
    metadata: dict[str, str]
    source_uri: str | None
    life_cycle: Json
    approval_description: str | None = None
    modified: datetime | None = None
    modified_by: Json | None = None
    tokens: dict[str, Json] = field(default_factory=dict)

    @classmethod
    def registered(
        cls, request: Json, group: str, version: int, when: datetime, by: Json
    ) -> "ModelPackage":
        """What CreateModelPackage makes of its request."""
        return cls(
            group=group,
            version=version,
            created=when,
            created_by=by,
            kept=pick(request, *_KEPT),
            inference=with_digests(request),
            approval=maybe_text(request, "ModelApprovalStatus") or "PendingManualApproval",
            metadata=dict(text_map(request, "CustomerMetadataProperties")),
            source_uri=maybe_text(request, "SourceUri"),
            life_cycle=pick(request, "ModelLifeCycle"),
        )

    @property
    def arn(self) -> str:
        """The version's ARN."""
        return names.arn("model-package", f"{self.group}/{self.version}")

    def described(self) -> Json:
        """DescribeModelPackage's answer."""
        return {
            **self._identity(),
            **self.kept,
            **self.life_cycle,
            **given(
                ModelPackageName=self.group,
                InferenceSpecification=self.inference or None,
                ModelPackageStatusDetails=_DETAILS,
                CertifyForMarketplace=False,
                CreatedBy=self.created_by,
                LastModifiedTime=self.modified or self.created,
                LastModifiedBy=self.modified_by,
                ApprovalDescription=self.approval_description,
                CustomerMetadataProperties=self.metadata or None,
                SourceUri=self.source_uri,
            ),
        }

    def summary(self) -> Json:
        """One line of ListModelPackages."""
        return {**self._identity(), **self.life_cycle, **pick(self.kept, *_IN_SUMMARY)}

    def _identity(self) -> Json:
        return {
            "ModelPackageGroupName": self.group,
            "ModelPackageVersion": self.version,
            "ModelPackageArn": self.arn,
            "CreationTime": self.created,
            "ModelPackageStatus": "Completed",
            "ModelApprovalStatus": self.approval,
        }

    def event(self, updated: list[str] | None) -> Json:
        """The detail of "SageMaker Model Package State Change"; `updated` is None on creation."""
        return {
            **self._identity(),
            **self.life_cycle,
            **pick(self.kept, *_IN_EVENTS),
            **given(
                CreationTime=iso(self.created),
                InferenceSpecification=self.inference or None,
                ModelPackageStatusDetails=_DETAILS,
                CertifyForMarketplace=False,
                UpdatedModelPackageFields=updated,
                LastModifiedTime=iso(self.modified or self.created),
            ),
        }

    def update(self, request: Json, when: datetime, by: Json) -> list[str]:
        """Apply UpdateModelPackage; what the request does not name stays. Returns what it named."""
        self.approval = maybe_text(request, "ModelApprovalStatus") or self.approval
        self.approval_description = request_or(
            request, "ApprovalDescription", self.approval_description
        )
        self.source_uri = request_or(request, "SourceUri", self.source_uri)
        self.life_cycle = pick(request, "ModelLifeCycle") or self.life_cycle
        if "InferenceSpecification" in request:
            self.inference = with_digests(request)
        self.kept |= pick(request, "ModelCard", "ModelPackageRegistrationType")
        self._update_metadata(request)
        self.modified, self.modified_by = when, by
        named = [_EVENT_NAMES[key] for key in request if key in _EVENT_NAMES]
        return list(dict.fromkeys(named))

    def _update_metadata(self, request: Json) -> None:
        removed = request.get("CustomerMetadataPropertiesToRemove") or []
        merged = self.metadata | text_map(request, "CustomerMetadataProperties")
        assert isinstance(removed, list)
        self.metadata = {key: value for key, value in merged.items() if key not in removed}


_DETAILS: Json = {"ValidationStatuses": [], "ImageScanStatuses": []}


def request_or(request: Json, key: str, present: str | None) -> str | None:
    """The request's text if it has any; an empty text counts, an absent one does not."""
    return text(request, key) if key in request else present


def with_digests(request: Json) -> Json:
    """The inference specification, each image with the digest that it has at this moment."""
    specification = request.get("InferenceSpecification")
    if not isinstance(specification, dict):
        return {}
    containers = [_with_digest(container) for container in sections(specification, "Containers")]
    return {**specification, "Containers": containers}


def _with_digest(container: Json) -> Json:
    image = maybe_text(container, "Image")
    digest = {"ImageDigest": names.image_digest(image)} if image else {}
    return {**digest, **container}
