"""KMS: moto's keys, which sign as AWS's do."""

from local_aws.kms.backend import install as install
