"""The one account and region of the embedded AWS."""

REGION = "eu-west-1"
ACCOUNT = "123456789012"
