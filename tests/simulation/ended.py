"""What a house has become: everything that must not depend on what went wrong on the way."""

import re
from collections import Counter
from typing import Any

from steward.lineage.verify import verify
from tests.simulation.house import CONCERNS, House

type State = dict[str, Any]

# When, and as which entry of which chain, something was written differs with what went wrong; and
# what the sweep has mended is on record as that.
_OF_THE_WRITING = ("recorded_at", "entry", "repair")
# How often was asked, and a sweep that comes once more than it must, cost a look.
_COUNTERS = ("asks",)
_OF_A_DECISION = re.compile(r"^[^#]*#in#(?=\w+#decision#)")
_MESSAGE_ID = re.compile(r"Message id: (\S+)")


def state_of(house: House, *, denied: bool = False) -> State:
    """Registry, endpoints, lineage, work, what people were told, and what is left over.

    Where AWS has `denied` something, people were told so, and what was told then is left out.
    """
    lineage = list(house.store.scan(house.store.lineage))
    besides = {str(one["pk"]) for one in lineage if _is_besides(one, denied)}
    work = list(house.store.scan(house.store.work))
    return {
        "lineage": {
            key(one): without(one)
            for one in lineage
            if not is_ledger(one) and one["pk"] not in besides
        },
        "decisions": sorted(
            str(one["decision"])
            for one in lineage
            if is_ledger(one) and one.get("decision", "") not in {"", *besides}
        ),
        "faults": [str(fault) for fault in verify(lineage).faults],
        "dangling": sorted(dangling(lineage)),
        "work": {key(one): without(one) for one in work if one["pk"] != "#agenda"},
        "said": sorted({told(message) for message in house.said()} - besides),
        "left on queues": {name: len(house.queue(name).messages) for name in CONCERNS},
        "dead letters": {url: len(found) for url, found in house.dead().items()},
        "objects": objects(house),
        **sagemaker(house),
    }


def _is_besides(item: dict[str, object], denied: bool) -> bool:
    """Whether an item is the decision to mend something, or to tell that AWS has denied it."""
    if item.get("verdict") == "tidy" or _facts(item).get("again"):
        return True
    return denied and str(item.get("reason")).startswith("AWS refused")


def _facts(item: dict[str, object]) -> dict[str, object]:
    facts = item.get("facts")
    return facts if isinstance(facts, dict) else {}


def key(item: dict[str, object]) -> str:
    """Keys, without the moment at which a look came to a decision."""
    return f"{item['pk']} {_OF_A_DECISION.sub('#in#', str(item['sk']))}"


def without(item: dict[str, object]) -> dict[str, object]:
    """What an item says, but when it was written and how often was asked."""
    more = ("at",) if str(item["pk"]).startswith("decision#") else ()
    return {k: v for k, v in item.items() if k not in (*_OF_THE_WRITING, *_COUNTERS, "sk", *more)}


def is_ledger(item: dict[str, object]) -> bool:
    return str(item["pk"]).startswith("ledger#")


def dangling(lineage: list[dict[str, object]]) -> set[str]:
    """Links of nodes to what is not there."""
    nodes = {str(one["pk"]) for one in lineage if one["sk"] == "node"}
    links = (link for one in lineage for link in _links(one))
    return {str(link["to"]) for link in links} - nodes


def _links(item: dict[str, object]) -> list[dict[str, object]]:
    links = item.get("links")
    return links if isinstance(links, list) else []


def told(message: dict[str, object]) -> str:
    """A message's id; what AWS's own alarms say has none."""
    found = _MESSAGE_ID.search(str(message["Message"]))
    return found[1] if found else str(message.get("Subject"))


def objects(house: House) -> dict[str, int]:
    """Keys of all objects, and how many versions: of those that are named by content, one."""
    return {
        f"{bucket}/{key}": 1 if _by_content(key) else len(versions)
        for bucket, found in house.account.s3.buckets.items()
        for key, versions in found.objects.items()
    }


def _by_content(key: str) -> bool:
    return bool(re.search(r"[0-9a-f]{64}\.json$|plan\.json$", key))


def sagemaker(house: House) -> State:
    """What is in SageMaker, CloudWatch and Auto Scaling."""
    client: Any = house.root.sagemaker
    part = house.account.sagemaker
    endpoints = [one["EndpointName"] for one in client.list_endpoints()["Endpoints"]]
    described = {name: client.describe_endpoint(EndpointName=name) for name in endpoints}
    used = {one["EndpointConfigName"] for one in described.values()}
    groups = part.registry._groups.values()
    return {
        "registry": {p.arn: p.described() for g in groups for p in g.packages.values()},
        "endpoints": described,
        "configs in use": {
            name: client.describe_endpoint_config(EndpointConfigName=name) for name in sorted(used)
        },
        "executions": {
            arn: (one.display_name, one.status, dict(one.parameters))
            for arn, one in part.runs._executions.items()
        },
        "jobs": {arn: job.status for arn, job in part.jobs._jobs.items()},
        "schedules": {
            # A sweep more sees earlier that one is to be changed.
            one["MonitoringScheduleName"]: {k: v for k, v in one.items() if not k.endswith("Time")}
            for one in client.list_monitoring_schedules(MaxResults=100)[
                "MonitoringScheduleSummaries"
            ]
        },
        "alarms": sorted(house.account.cloudwatch._alarms),
        "targets": house.account.autoscaling.targets,
    }


def differences(expected: State, found: State) -> list[str]:
    """What is not as it should be, part by part."""
    return [line for part in expected for line in _differ(part, expected[part], found[part])]


def _differ(where: str, expected: Any, found: Any) -> list[str]:
    if expected == found:
        return []
    if isinstance(expected, dict) and isinstance(found, dict):
        names = [*expected, *(name for name in found if name not in expected)]
        return [
            line
            for name in names
            for line in _differ(f"{where}: {name}", expected.get(name), found.get(name))
        ]
    if isinstance(expected, list) and isinstance(found, list):
        more = Counter(map(str, found)) - Counter(map(str, expected))
        less = Counter(map(str, expected)) - Counter(map(str, found))
        return [f"{where}: too many {one}" for one in more] + [
            f"{where}: missing {one}" for one in less
        ]
    return [f"{where}: expected {expected!r}, found {found!r}"]
