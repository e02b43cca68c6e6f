"""CloudWatch: metrics by the minute, and alarms that are evaluated."""

from local_aws.cloudwatch.service import CloudWatch as CloudWatch
from local_aws.cloudwatch.service import install as install
