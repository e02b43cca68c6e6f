"""S3: moto's buckets, with the events that EventBridge gets from S3."""

from local_aws.s3.backend import install as install
