"""Objects in S3 whose key holds the digest of their content."""

from steward.aws import Aws, ClientError


def put_once(aws: Aws, bucket: str, key: str, text: str) -> str:
    """Put an object whose key holds its digest, unless it is there; returns its URI."""
    try:
        aws.s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=text.encode(),
            ContentType="application/json",
            IfNoneMatch="*",
        )
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 412:
            raise
    return f"s3://{bucket}/{key}"
