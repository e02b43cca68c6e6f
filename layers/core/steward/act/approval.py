"""Steward's own word in the registry, where a model's file and the deployment ask for it."""

from steward.aws import Aws

_MOST_WORDS = 1024


def approve(aws: Aws, arn: str, words: str) -> None:
    """Approve a version; said twice it is the same word."""
    aws.sagemaker.update_model_package(
        ModelPackageArn=arn,
        ModelApprovalStatus="Approved",
        ApprovalDescription=words.replace("\n", " ")[:_MOST_WORDS],
    )
