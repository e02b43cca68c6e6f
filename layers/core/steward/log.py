"""Logs and metrics, by AWS Lambda Powertools; the function's name is the service."""

import warnings

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

# An invocation that counts nothing is the normal case; Powertools would warn of each.
warnings.filterwarnings("ignore", "No application metrics to publish")

NAMESPACE = "Steward"
logger = Logger(utc=True)
metrics = Metrics(namespace=NAMESPACE)


def count(name: str) -> None:
    """Count one occurrence in CloudWatch."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
