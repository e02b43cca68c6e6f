"""S3: moto's buckets, with the events that EventBridge gets from S3."""

from local_aws.s3.backend import install as install
from local_aws.s3.backend import resume as resume
from local_aws.s3.backend import state as state
