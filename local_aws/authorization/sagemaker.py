"""What SageMaker's operations need: the action on its resources, roles passed, tags added."""

import re
from collections.abc import Iterator, Mapping

from local_aws.account import ACCOUNT, REGION
from local_aws.authorization.policy import Pairs

type Parameters = Mapping[str, object]
type Need = tuple[str, str, Pairs]

# What an operation's name ends with, and the type of the resource that it means.
_NAMED = {
    "Model": "model",
    "EndpointConfig": "endpoint-config",
    "Endpoint": "endpoint",
    "EndpointWeightsAndCapacities": "endpoint",
    "ModelPackageGroup": "model-package-group",
    "Pipeline": "pipeline",
    "ProcessingJob": "processing-job",
    "TrainingJob": "training-job",
    "MonitoringSchedule": "monitoring-schedule",
    "DataQualityJobDefinition": "data-quality-job-definition",
    "ModelQualityJobDefinition": "model-quality-job-definition",
    "ModelBiasJobDefinition": "model-bias-job-definition",
    "ModelExplainabilityJobDefinition": "model-explainability-job-definition",
}
_ARNS = ("ResourceArn", "PipelineExecutionArn", "ModelPackageArn")
_VERB = re.compile(r"(Create|Describe|Update|Delete|Stop|Start|List)(\w+)")
_PASSED = ("RoleArn", "ExecutionRoleArn")


def arn(kind: str, name: str) -> str:
    """ARN of a resource; SageMaker writes names in it in small letters."""
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{kind}/{name.lower()}"


def needs(operation: str, given: Parameters) -> Iterator[Need]:
    """Action, resource and context of everything that must be allowed."""
    context = _context(given)
    things = list(_things(operation, given))
    for thing in things:
        yield f"sagemaker:{operation}", thing, context
    for member in _PASSED:
        if role := given.get(member):
            yield "iam:PassRole", str(role), (("iam:PassedToService", "sagemaker.amazonaws.com"),)
    if operation.startswith("Create") and given.get("Tags"):
        yield "sagemaker:AddTags", things[0], ()


def _context(given: Parameters) -> Pairs:
    status = given.get("ModelApprovalStatus")
    return (("sagemaker:ModelApprovalStatus", str(status)),) if status else ()


def _things(operation: str, given: Parameters) -> Iterator[str]:
    named = next((str(given[one]) for one in _ARNS if given.get(one)), None)
    if named is not None:
        yield named
    elif operation in ("CreateModelPackage", "ListModelPackages"):
        yield from _of_group(operation, given)
    elif operation in ("DescribeModelPackage", "DeleteModelPackage"):
        yield _named("model-package", str(given["ModelPackageName"]))
    elif operation in ("ListPipelineExecutions", "StartPipelineExecution"):
        yield _named("pipeline", str(given["PipelineName"]))
    else:
        yield from _by_verb(operation, given)


def _by_verb(operation: str, given: Parameters) -> Iterator[str]:
    found = _VERB.fullmatch(operation)
    if found is None:
        raise NotImplementedError(f"the resources of sagemaker:{operation}")
    verb, what = found.groups()
    if verb == "List":
        yield "*"
        return
    kind = _NAMED[what]
    yield _named(kind, str(given[_name_member(kind, what)]))
    if operation in ("CreateEndpoint", "UpdateEndpoint"):
        yield _named("endpoint-config", str(given["EndpointConfigName"]))


def _name_member(kind: str, what: str) -> str:
    """The parameter that holds the name."""
    if kind == "endpoint":
        return "EndpointName"
    return "JobDefinitionName" if kind.endswith("-job-definition") else f"{what}Name"


def _of_group(operation: str, given: Parameters) -> Iterator[str]:
    group = str(given.get("ModelPackageGroupName") or "*").rpartition("/")[2]
    if group == "*":
        yield "*"
        return
    yield arn("model-package-group", group)
    if operation == "CreateModelPackage":
        yield f"{arn('model-package', group)}/*"


def _named(kind: str, name: str) -> str:
    """The ARN of a thing that is given by its name, or by its ARN."""
    return name if name.startswith("arn:") else arn(kind, name)
