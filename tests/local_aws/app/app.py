"""Does what its event asks for: writes rows, fails, hangs, or says what it sees."""

import json
import os
import sys
import time
from pathlib import Path

import boto3

from steward import clock

table = boto3.client("dynamodb")


def lambda_handler(event: dict, context: object) -> object:
    if "Records" in event:
        return {"batchItemFailures": [name for record in event["Records"] for name in take(record)]}
    if "rawPath" in event:
        return answer(event)
    if event.get("detail-type") == "Scheduled Event":
        write("tick", event["time"])
    return do(event)


def answer(event: dict) -> object:
    """A request: its path says what to do, `return` what its body holds, else show the event."""
    if event["rawPath"] == "/return":
        return json.loads(event["body"])
    return do({"do": event["rawPath"].strip("/")}) or event


def take(record: dict) -> list[dict[str, str]]:
    """One message; what went wrong with it."""
    body = json.loads(record["body"])
    if body.get("do") == "fail":
        write("attempt", f"{body['name']}#{record['attributes']['ApproximateReceiveCount']}")
        return [{"itemIdentifier": record["messageId"]}]
    write("message", body["detail"]["object"]["key"] if "detail" in body else body["name"])
    return []


def do(event: dict) -> object:
    match event.get("do"):
        case "raise":
            raise ValueError("as asked")
        case "hang":
            time.sleep(60)
        case "exit":
            sys.exit(3)
        case "look":
            return {
                "file": Path(os.environ["FILES"], "hello.txt").read_text().strip(),
                "now": clock.now().isoformat(),
                "wall": time.time(),
                "caller": boto3.client("sts").get_caller_identity()["Arn"],
                "task_root": os.environ["LAMBDA_TASK_ROOT"],
                "pid": os.getpid(),
            }
    print("nothing to do")
    return {}


def write(kind: str, name: str) -> None:
    item = {"pk": {"S": kind}, "sk": {"S": name}}
    table.put_item(TableName=os.environ["TABLE"], Item=item)
