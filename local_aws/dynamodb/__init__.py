"""DynamoDB: moto's tables; transactions that are quick and happen once."""

from local_aws.dynamodb.backend import install as install
