"""DynamoDB: moto's tables; transactions that are quick and happen once."""

from local_aws.dynamodb.backend import install as install
from local_aws.dynamodb.backend import resume as resume
from local_aws.dynamodb.backend import state as state
