"""Objects whose key holds the digest of their content."""

from steward.aws import Aws
from steward.objects import put_once
from steward.record.store import Store


def test_one_that_is_there_is_not_written_again(aws: Aws, store: Store) -> None:
    on = {"Status": "Enabled"}
    aws.s3.put_bucket_versioning(Bucket=store.bucket, VersioningConfiguration=on)
    for _ in range(2):
        uri = put_once(aws, store.bucket, "specs/mortgage/1.json", "{}")
        assert uri == f"s3://{store.bucket}/specs/mortgage/1.json"
    assert len(aws.s3.list_object_versions(Bucket=store.bucket)["Versions"]) == 1
