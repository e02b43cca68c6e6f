"""Tables, buckets and secrets keep what real ones keep, where moto alone does not."""

import threading

import pytest
from botocore.exceptions import ClientError


def put(table, name, **more):
    return {"Put": {"TableName": table, "Item": {"pk": {"S": "tx"}, "sk": {"S": name}}, **more}}


def get(client, table, name):
    key = {"pk": {"S": "tx"}, "sk": {"S": name}}
    return client("dynamodb").get_item(TableName=table, Key=key).get("Item")


def test_a_transaction_whose_token_was_seen_changes_nothing_more(aws, client):
    db, table = client("dynamodb"), aws.outputs["Table"]
    count = {
        "Update": {
            "TableName": table,
            "Key": {"pk": {"S": "tx"}, "sk": {"S": "counter"}},
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }
    for _ in range(3):
        db.transact_write_items(TransactItems=[count], ClientRequestToken="same")
    assert get(client, table, "counter")["n"] == {"N": "1"}
    with pytest.raises(db.exceptions.IdempotentParameterMismatchException):
        db.transact_write_items(TransactItems=[put(table, "x")], ClientRequestToken="same")


def test_a_transaction_happens_whole_or_not_at_all(aws, client):
    db, table = client("dynamodb"), aws.outputs["Table"]
    db.transact_write_items(TransactItems=[put(table, "there")])
    taken = put(table, "there", ConditionExpression="attribute_not_exists(pk)")
    with pytest.raises(db.exceptions.TransactionCanceledException) as refused:
        db.transact_write_items(TransactItems=[put(table, "new"), taken])
    reasons = [reason["Code"] for reason in refused.value.response["CancellationReasons"]]
    assert reasons == ["None", "ConditionalCheckFailed"]
    assert get(client, table, "new") is None


def test_a_transaction_deletes(aws, client):
    db, table = client("dynamodb"), aws.outputs["Table"]
    db.transact_write_items(TransactItems=[put(table, "short-lived")])
    key = {"pk": {"S": "tx"}, "sk": {"S": "short-lived"}}
    db.transact_write_items(TransactItems=[{"Delete": {"TableName": table, "Key": key}}])
    assert get(client, table, "short-lived") is None


def test_no_update_is_lost_between_threads(aws, client):
    db, table = client("dynamodb"), aws.outputs["Table"]

    def add() -> None:
        for _ in range(20):
            db.update_item(
                TableName=table,
                Key={"pk": {"S": "tx"}, "sk": {"S": "busy"}},
                UpdateExpression="ADD n :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert get(client, table, "busy")["n"] == {"N": "80"}


def test_an_object_that_is_there_is_not_written_over_when_asked_not_to(aws, client):
    s3 = client("s3")
    where = {"Bucket": aws.outputs["Bucket"], "Key": "once"}
    s3.put_object(**where, Body=b"1", IfNoneMatch="*")
    with pytest.raises(ClientError) as refused:
        s3.put_object(**where, Body=b"2", IfNoneMatch="*")
    assert refused.value.response["Error"]["Code"] == "PreconditionFailed"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert s3.get_object(**where)["Body"].read() == b"1"


def test_old_versions_can_be_read_and_a_deletion_is_a_marker(aws, client):
    s3 = client("s3")
    where = {"Bucket": aws.outputs["Bucket"], "Key": "versions"}
    first = s3.put_object(**where, Body=b"1")["VersionId"]
    second = s3.put_object(**where, Body=b"2")["VersionId"]
    s3.delete_object(**where)
    assert s3.get_object(**where, VersionId=first)["Body"].read() == b"1"
    listed = s3.list_object_versions(Bucket=where["Bucket"], Prefix="versions")
    assert {v["VersionId"] for v in listed["Versions"]} == {first, second}
    assert [m["IsLatest"] for m in listed["DeleteMarkers"]] == [True]
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(**where)


def test_times_are_those_of_the_embedded_clock(aws, client):
    aws.advance(3600)
    client("s3").put_object(Bucket=aws.outputs["Bucket"], Key="late", Body=b"1")
    head = client("s3").head_object(Bucket=aws.outputs["Bucket"], Key="late")
    assert head["LastModified"].isoformat()[:16] == aws.status()["now"][:16]


def test_a_secret_is_made_up_as_the_template_asks(aws, client):
    secret = client("secretsmanager").get_secret_value(SecretId=aws.outputs["Secret"])
    assert len(secret["SecretString"]) == 40
    assert secret["SecretString"].isalnum()
