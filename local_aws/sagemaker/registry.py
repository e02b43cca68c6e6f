"""The model registry: groups, versions, approvals."""

from dataclasses import dataclass, field
from datetime import datetime

from local_aws.sagemaker import names
from local_aws.sagemaker.core import Caller, Core, Operation
from local_aws.sagemaker.errors import conflict, invalid, not_covered
from local_aws.sagemaker.listing import Row, listing
from local_aws.sagemaker.packages import ModelPackage
from local_aws.sagemaker.values import Json, given, maybe_text, text

EVENT = "SageMaker Model Package State Change"
NOT_COVERED = (
    "ModelPackageName", "SourceAlgorithmSpecification", "ValidationSpecification",
    "AdditionalInferenceSpecifications", "AdditionalInferenceSpecificationsToAdd",
)  # fmt: skip


@dataclass
class Group:
    """A model package group. Version numbers are never used twice."""

    name: str
    description: str | None
    created: datetime
    created_by: Json
    packages: dict[int, ModelPackage] = field(default_factory=dict)
    last_version: int = 0

    @property
    def arn(self) -> str:
        """The group's ARN."""
        return names.arn("model-package-group", self.name)

    def summary(self) -> Json:
        """One line of ListModelPackageGroups."""
        return given(
            ModelPackageGroupName=self.name,
            ModelPackageGroupArn=self.arn,
            ModelPackageGroupDescription=self.description,
            CreationTime=self.created,
            ModelPackageGroupStatus="Completed",
        )


class Registry:
    """Operations on model package groups and their versions."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._groups: dict[str, Group] = {}
        self._tokens: dict[str, tuple[Json, str]] = {}

    def operations(self) -> dict[str, Operation]:
        """What this part answers."""
        return {
            "CreateModelPackageGroup": self.create_group,
            "DescribeModelPackageGroup": self.describe_group,
            "ListModelPackageGroups": self.list_groups,
            "DeleteModelPackageGroup": self.delete_group,
            "CreateModelPackage": self.create_package,
            "DescribeModelPackage": self.describe_package,
            "ListModelPackages": self.list_packages,
            "UpdateModelPackage": self.update_package,
            "DeleteModelPackage": self.delete_package,
        }

    # Groups

    def create_group(self, request: Json, caller: Caller) -> Json:
        name = text(request, "ModelPackageGroupName")
        if name.lower() in self._groups:
            arn = names.arn("model-package-group", name)
            raise invalid(f"Model Package Group already exists: {arn}")
        group = Group(
            name,
            maybe_text(request, "ModelPackageGroupDescription"),
            self._core.now(),
            caller.user_context(),
        )
        self._groups[name.lower()] = group
        self._core.tags.begin(group.arn, request)
        return {"ModelPackageGroupArn": group.arn}

    def describe_group(self, request: Json, _: Caller) -> Json:
        group = self._group(text(request, "ModelPackageGroupName"))
        return {**group.summary(), "CreatedBy": group.created_by}

    def list_groups(self, request: Json, _: Caller) -> Json:
        rows = [Row(g.name, g.created, g.summary()) for g in self._groups.values()]
        return listing(rows, request, "ModelPackageGroupSummaryList", newest_first=False)

    def delete_group(self, request: Json, _: Caller) -> None:
        group = self._group(text(request, "ModelPackageGroupName"))
        if group.packages:
            raise conflict(
                f"Model Package Group {group.arn} cannot be deleted while it contains versions."
            )
        del self._groups[group.name.lower()]
        self._core.tags.end(group.arn)

    def has_group(self, name_or_arn: str) -> bool:
        """Whether the group exists."""
        return names.last_part(name_or_arn, "model-package-group") in self._groups

    def _group(self, name_or_arn: str) -> Group:
        name = names.last_part(name_or_arn, "model-package-group")
        if name not in self._groups:
            arn = names.arn("model-package-group", name)
            raise invalid(f"Model Package Group {arn} does not exist.")
        return self._groups[name]

    # Versions

    def create_package(self, request: Json, caller: Caller) -> Json:
        _refuse_uncovered(request)
        if "Tags" in request:
            raise invalid("Tags of a versioned model package go on its model package group.")
        if repeated := self._repeated(request):
            return {"ModelPackageArn": repeated}
        group = self._group(text(request, "ModelPackageGroupName"))
        group.last_version += 1
        package = ModelPackage.registered(
            request, group.name, group.last_version, self._core.now(), caller.user_context()
        )
        group.packages[package.version] = package
        # A version uses its group's tags: the same map, not a copy.
        self._core.tags.by_arn[package.arn] = self._core.tags.by_arn[group.arn]
        if token := maybe_text(request, "ClientToken"):
            self._tokens[token] = (request, package.arn)
        self._core.announce(EVENT, package.event(None), [package.arn])
        return {"ModelPackageArn": package.arn}

    def _repeated(self, request: Json) -> str | None:
        former, arn = self._tokens.get(maybe_text(request, "ClientToken") or "", (None, None))
        if former is not None and former != request:
            raise conflict("The ClientToken was used for another request.")
        return arn

    def describe_package(self, request: Json, _: Caller) -> Json:
        return self.package(text(request, "ModelPackageName")).described()

    def list_packages(self, request: Json, _: Caller) -> Json:
        if request.get("ModelPackageType") == "Both":
            raise not_covered("unversioned model packages")
        rows = [
            Row(p.group, p.created, p.summary(), p.version)
            for p in self._candidates(maybe_text(request, "ModelPackageGroupName"))
            if request.get("ModelApprovalStatus", p.approval) == p.approval
        ]
        return listing(rows, request, "ModelPackageSummaryList", newest_first=False)

    def _candidates(self, group: str | None) -> list[ModelPackage]:
        # Without a group AWS lists unversioned packages, and there are none here.
        return list(self._group(group).packages.values()) if group else []

    def update_package(self, request: Json, caller: Caller) -> Json:
        _refuse_uncovered(request)
        package = self.package(text(request, "ModelPackageArn"))
        token = text(request, "ClientToken") if "ClientToken" in request else ""
        if package.tokens.get(token, request) != request:
            raise conflict("The ClientToken was used for another request.")
        if not token or token not in package.tokens:
            updated = package.update(request, self._core.now(), caller.user_context())
            self._core.announce(EVENT, package.event(updated), [package.arn])
            package.tokens |= {token: request} if token else {}
        return {"ModelPackageArn": package.arn}

    def delete_package(self, request: Json, _: Caller) -> None:
        package = self.package(text(request, "ModelPackageName"))
        del self._groups[package.group.lower()].packages[package.version]
        self._core.tags.end(package.arn)

    def package(self, name_or_arn: str) -> ModelPackage:
        """A version by its ARN, or by `group/version`."""
        group, _, version = names.last_part(name_or_arn, "model-package").rpartition("/")
        found = self._groups.get(group)
        package = found.packages.get(int(version)) if found and version.isdigit() else None
        if package is None:
            arn = names.arn("model-package", f"{group}/{version}" if group else version)
            raise invalid(f"ModelPackage {arn} does not exist.")
        return package


def _refuse_uncovered(request: Json) -> None:
    if used := [name for name in NOT_COVERED if name in request]:
        raise not_covered(f"{used[0]} of a model package")
