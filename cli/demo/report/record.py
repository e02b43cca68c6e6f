"""Reads back what a story left on AWS: the registry, each version's evidence, the lineage."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from cli.demo.stage import NotTrue, Stage
from cli.documents import mapping
from local_aws.client import LocalAwsError
from steward import times
from steward.decide.approval import Document
from steward.decide.versions import Version
from steward.observe.approval import Listed, observe_package, observe_registry
from steward.observe.serving import observe_endpoint, read_versions
from steward.record.items import from_item
from steward.spec.kinds import DATA_QUALITY
from steward.spec.model import ModelSpec

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef

# In these the endpoint answers nobody; while it is updated, it serves what it served before.
_NOT_SERVING = ("Creating", "Deleting", "Failed", "OutOfService")

type Items = list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the lineage, a decision too. No `ended_at`: it has not ended, or never can."""

    kind: str
    name: str
    at: datetime
    facts: Mapping[str, object]
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Serving:
    """Versions, and their shares in percent, that the endpoint serves from `since` on."""

    since: datetime
    versions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Registered:
    """A version of the registry. No `noted`: Steward has not judged it. A report may be missing."""

    number: int
    status: str
    noted: Version | None
    reports: Mapping[str, Document]


@dataclass(frozen=True, slots=True)
class Load:
    """What one version answered, and failed, in one minute."""

    at: datetime
    version: int
    requests: int
    errors: int


@dataclass(frozen=True, slots=True)
class Watched:
    """A window that a monitor of Steward's looked at, what was decided on it, and its files."""

    start: datetime
    version: int
    rows: int
    verdict: str
    reason: str
    analysis: Document
    statistics: Document
    baseline: Document


@dataclass(frozen=True, slots=True)
class Record:
    """All that could be read; `unread` says what could not, and why.

    No `now`: the clock did not answer. No `live`: nothing of ours serves, if it could be read.
    """

    spec: ModelSpec
    now: datetime | None = None
    live: int | None = None
    nodes: tuple[Node, ...] = ()
    served: tuple[Serving, ...] = ()
    versions: tuple[Registered, ...] = ()
    traffic: tuple[Load, ...] = ()
    watched: tuple[Watched, ...] = ()
    unread: tuple[str, ...] = ()


def read_record(stage: Stage) -> Record:
    """Everything that is on AWS now; a part that cannot be read is left out, and said."""
    reader = _Reader(stage)
    items = reader.tried("the lineage", lambda: _scan(stage)) or []
    nodes = tuple(sorted(_nodes(items), key=lambda node: node.at))
    return Record(
        spec=stage.spec,
        now=reader.tried("the clock", stage.now),
        live=reader.tried("the endpoint", lambda: _live(stage)),
        nodes=nodes,
        served=tuple(sorted(_served(stage, items), key=lambda serving: serving.since)),
        versions=tuple(reader.versions()),
        traffic=tuple(reader.tried("the metrics", lambda: list(_traffic(stage))) or ()),
        watched=tuple(
            reader.tried("the monitors' files", lambda: list(_watched(stage, nodes))) or ()
        ),
        unread=tuple(reader.unread),  # complete only after everything above
    )


@dataclass
class _Reader:
    """Reads part by part, and notes what AWS did not answer."""

    stage: Stage
    unread: list[str] = field(default_factory=list)

    def tried[T](self, what: str, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except (BotoCoreError, ClientError, LocalAwsError, NotTrue, ValueError) as error:
            self.unread.append(f"{what}: {error}")
            return None

    def versions(self) -> Iterator[Registered]:
        aws, names, store = self.stage.aws, self.stage.names, self.stage.store
        registry = self.tried("the registry", lambda: observe_registry(aws, names.group)) or {}
        noted = self.tried("the versions' rows", lambda: read_versions(store, names.model)) or {}
        for number, listed in sorted(registry.items()):
            reports = dict(self.reports(number, listed))
            yield Registered(number, listed.status, noted.get(number), reports)

    def reports(self, number: int, listed: Listed) -> Iterator[tuple[str, Mapping[str, object]]]:
        package = self.tried(
            f"version {number}", lambda: observe_package(self.stage.aws, listed.arn)
        )
        for name, uri in package.reports.items() if package else ():
            read = partial(self.stage.document, uri)
            document = self.tried(f"{name} of version {number}", read)
            if document is not None:
                yield name, document


def _live(stage: Stage) -> int | None:
    endpoint = observe_endpoint(stage.aws, stage.names.endpoint)
    if endpoint is None or endpoint.status in _NOT_SERVING:
        return None
    return stage.names.version_of(endpoint.config)


def _traffic(stage: Stage) -> Iterator[Load]:
    """Every minute of every config of ours, in CloudWatch's counts."""
    cloudwatch, endpoint = stage.aws.cloudwatch, stage.names.endpoint
    pages = cloudwatch.get_paginator("list_metrics").paginate(
        Namespace="AWS/SageMaker",
        MetricName="Invocations",
        Dimensions=[{"Name": "EndpointName", "Value": endpoint}, {"Name": "EndpointConfigName"}],
    )
    for metric in (metric for page in pages for metric in page["Metrics"]):
        config = {one["Name"]: one["Value"] for one in metric["Dimensions"]}["EndpointConfigName"]
        version = stage.names.version_of(config)
        if version is None:
            continue
        requests, errors = (
            _counts(stage, name, metric["Dimensions"])
            for name in ("Invocations", "InvocationModelErrors")
        )
        for at, count in requests.items():
            yield Load(at, version, count, errors.get(at, 0))


def _watched(stage: Stage, nodes: Sequence[Node]) -> Iterator[Watched]:
    """Every window of the data's quality whose report Steward's own job wrote, by its time."""
    decided = {
        str(node.facts["subject"]): node.facts
        for node in nodes
        if node.kind == "decision" and node.facts["concern"] == "drift"
    }
    baselines: dict[int, Document] = {}
    reports = [node.facts for node in nodes if node.kind == "drift-report"]
    # Of a window without a row there is nothing to describe.
    ours = [facts for facts in reports if facts.get("kind") == DATA_QUALITY and facts.get("rows")]
    for facts in sorted(ours, key=lambda facts: str(facts["window"])):
        source, version = str(facts["source"]), int(str(facts["version"]))
        folder = source.rpartition("/")[0]
        if version not in baselines:
            baselines[version] = _baseline(stage, version)
        window = facts["window"]
        yield Watched(
            start=times.parse(str(window[0])) if isinstance(window, list) else stage.now(),
            version=version,
            rows=int(str(facts["rows"])),
            verdict=str(decided[source]["verdict"]),
            reason=str(decided[source]["reason"]),
            analysis=stage.document(f"{folder}/analysis.json"),
            statistics=stage.document(f"{folder}/statistics.json"),
            baseline=baselines[version],
        )


def _baseline(stage: Stage, version: int) -> Document:
    """What the version was trained on, as its run described it."""
    reports = observe_package(stage.aws, _arn(stage, version)).reports
    folder = reports["explainability"].removesuffix("explainability/analysis.json")
    return stage.document(f"{folder}baseline/statistics.json")


def _arn(stage: Stage, version: int) -> str:
    return observe_registry(stage.aws, stage.names.group)[version].arn


def _counts(
    stage: Stage, metric: str, dimensions: "Sequence[DimensionTypeDef]"
) -> dict[datetime, int]:
    now = stage.now()
    answer = stage.aws.cloudwatch.get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName=metric,
        Dimensions=dimensions,
        Period=60,
        Statistics=["Sum"],
        # A day in minutes is the most that one answer holds.
        StartTime=now - timedelta(days=1),
        EndTime=now + timedelta(minutes=1),
    )
    return {point["Timestamp"]: round(point["Sum"]) for point in answer["Datapoints"]}


def _scan(stage: Stage) -> Items:
    # A demo's table is small; what asks a real one goes from node to node.
    pages = stage.aws.dynamodb.get_paginator("scan").paginate(TableName=stage.store.lineage)
    return [from_item(item) for page in pages for item in page["Items"]]


def _nodes(items: Items) -> Iterator[Node]:
    ends = {str(item["pk"]): item for item in items if item["sk"] == "end"}
    for item in items:
        if item["sk"] != "node":
            continue
        kind, _, name = str(item["pk"]).partition("#")
        end = ends.get(str(item["pk"]))
        yield Node(
            kind=kind,
            name=name,
            at=times.parse(str(item["at"])),
            facts=item if kind == "decision" else mapping(item.get("facts")),
            ended_at=times.parse(str(end["at"])) if end else None,
        )


def _served(stage: Stage, items: Items) -> Iterator[Serving]:
    for item in items:
        if item["pk"] == f"serving#{stage.names.endpoint}":
            shares = mapping(item.get("versions"))
            versions = {number: int(str(share)) for number, share in shares.items()}
            yield Serving(times.parse(str(item["sk"])), versions)
