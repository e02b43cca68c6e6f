"""The documented events, about what is in a house: those of events/, with its names and times."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from steward.observe.approval import observe_package
from tests.hostile.watched import Watched
from tests.simulation.flows import MODEL
from tests.simulation.house import ROOT, mortgage

type Event = dict[str, Any]


@cache
def _text(name: str) -> str:
    return (ROOT / "events" / f"{name}.json").read_text(encoding="utf-8")


def sample(name: str) -> Event:
    """A documented event as it is."""
    found: Event = json.loads(_text(name))
    return found


@dataclass(frozen=True)
class Shape:
    """A kind of message: which function takes it, and how one is made that is good here and new."""

    function: str
    make: Callable[[Watched, int], Event]


def rows_of_data(rows: int = 1) -> bytes:
    """A file with all columns of the model."""
    columns = list(mortgage().data.columns)
    return "\n".join([",".join(columns), *[",".join(["1"] * len(columns))] * rows]).encode()


def stamp(when: datetime) -> str:
    """A time as EventBridge writes it."""
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def object_created(watched: Watched, event: Event, key: str, body: bytes) -> Event:
    """The object lies there, and the event tells of it."""
    bucket = event["detail"]["bucket"]["name"]
    put = watched.house.account.s3.put({"Bucket": bucket, "Key": key, "Body": body})
    event["time"] = stamp(watched.house.now())
    event["detail"]["object"] |= {
        "key": key,
        "size": len(body),
        "etag": put["ETag"].strip('"'),
        "version-id": put["VersionId"],
    }
    return event


def upload(watched: Watched, number: int) -> Event:
    """New data."""
    key = f"mortgage/incoming/{number}/part-0.csv"
    return object_created(watched, sample("training-upload"), key, rows_of_data())


def upload_unversioned(watched: Watched, number: int) -> Event:
    """New data in a bucket that keeps no versions."""
    event = upload(watched, number)
    del event["detail"]["object"]["version-id"]
    return event


def violation_file(watched: Watched, number: int) -> Event:
    """A window of its own in which too few rows drifted."""
    start = _hour(watched, number)
    window = {"kind": "data_quality", "version": 1, "rows": 20, "start": stamp(start)}
    window["end"] = stamp(start + timedelta(hours=1))
    body = {"version": 1, "violations": [_violation(number)], "window": window}
    key = f"monitoring/mortgage/v1/data_quality/{start:%Y/%m/%d/%H}/constraint_violations.json"
    return object_created(watched, sample("drift-violation-file"), key, json.dumps(body).encode())


def drift_report(watched: Watched, number: int) -> Event:
    """The same as an event of the team's own."""
    event, start = sample("drift-report"), _hour(watched, number)
    window = {"start": stamp(start), "end": stamp(start + timedelta(hours=1))}
    event["detail"] |= {"version": 1, "rows": 20, "window": window}
    event["detail"]["violations"] = [_violation(number)]
    return event | {"time": stamp(watched.house.now())}


def alarm(watched: Watched, number: int) -> Event:
    """An alarm on a monitor's metric, of which nobody has been told."""
    event, at = sample("drift-alarm"), watched.house.now() - timedelta(hours=number)
    event["detail"]["state"]["timestamp"] = f"{at:%Y-%m-%dT%H:%M:%S}.000+0000"
    metric = event["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"]
    metric["name"] = f"feature_baseline_drift_f{number}"
    return event


def about_version(name: str) -> Callable[[Watched, int], Event]:
    """An event of version 1, as it is in the registry."""

    def make(watched: Watched, _: int) -> Event:
        event = sample(name)
        package = observe_package(watched.house.root, event["detail"]["ModelPackageArn"])
        event["detail"]["LastModifiedTime"] = stamp(package.modified_at)
        return event

    return make


def order(kind: str, **more: object) -> Callable[[Watched, int], Event]:
    """Somebody's order."""

    def make(watched: Watched, number: int) -> Event:
        event = sample("rollout-order-pause")
        at = {"id": f"order-{number}", "at": stamp(watched.house.now())}
        return event | {"order": kind} | at | more

    return make


def as_it_is(name: str) -> Callable[[Watched, int], Event]:
    """An event that asks for a look only."""
    return lambda _, __: sample(name)


def _hour(watched: Watched, number: int) -> datetime:
    now = watched.house.now().replace(minute=0, second=0, microsecond=0)
    return now - timedelta(hours=24 + number)


def _violation(number: int) -> Event:
    drifted = {"feature_name": f"f{number}", "constraint_check_type": "baseline_drift_check"}
    return drifted | {"description": "0.31 exceeds threshold: 0.1", "statistic": 0.31}


SHAPES: dict[str, Shape] = {
    "upload": Shape("training", upload),
    "upload-unversioned": Shape("training", upload_unversioned),
    "upload-elsewhere": Shape("training", as_it_is("training-upload-outside-every-prefix")),
    "run-succeeded": Shape("training", as_it_is("training-run-succeeded")),
    "run-failed": Shape("training", as_it_is("training-run-failed")),
    "look-at": Shape("training", lambda _, __: {"look_at": MODEL}),
    "version-registered": Shape("approval", about_version("approval-version-registered")),
    "version-approved": Shape("approval", about_version("approval-version-approved")),
    "version-edited": Shape("approval", about_version("approval-version-edited")),
    "endpoint-in-service": Shape("rollout", as_it_is("rollout-endpoint-in-service")),
    "endpoint-updating": Shape("rollout", as_it_is("rollout-endpoint-updating")),
    "order-pause": Shape("rollout", order("pause")),
    "order-resume": Shape("rollout", order("resume")),
    "order-adopt": Shape("rollout", order("adopt", version=1, config="theirs")),
    "order-sign-off": Shape("rollout", order("sign-off", decision="decision#1")),
    "violation-file": Shape("drift", violation_file),
    "drift-report": Shape("drift", drift_report),
    "alarm": Shape("drift", alarm),
    "job-failed": Shape("drift", as_it_is("drift-job-failed")),
}
