"""The record as events of OpenLineage 2-0-2: the same history gives the same events.

Datasets are named as openlineage.io/docs/spec/naming says; it names no jobs of SageMaker.
"""

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from steward import digest
from steward.lineage import facets
from steward.lineage.activities import Activity, Ended, activities
from steward.lineage.facets import PRODUCER, SCHEMA, Json
from steward.lineage.history import History, Item, kind_of, name_of
from steward.lineage.nodes import HAD_MEMBER, WAS_GENERATED_BY, WAS_INFLUENCED_BY


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose record it is. No `repository`: where the commits lie is not known."""

    region: str
    account: str
    repository: str | None = None

    @property
    def namespace(self) -> str:
        """The namespace of all jobs."""
        return f"sagemaker://{self.region}/{self.account}"


def events(items: Iterable[Item], origin: Origin, group: str | None = None) -> list[Json]:
    """A START of every activity and, if it has ended, how; of one model's group if that is named.

    `items` are those of the Lineage table, in any order.
    """
    history = History(items)
    found = [one for one in activities(history) if group in (None, one.group)]
    told = [event for one in found for event in _Teller(history, origin).tell(one)]
    return sorted(told, key=_order)


def _order(event: Json) -> tuple[str, bool, str]:
    return str(event["eventTime"]), event["eventType"] != "START", digest.canonical(event)


class _Teller:
    """Tells activities of one record."""

    def __init__(self, history: History, origin: Origin) -> None:
        self._history, self._origin = history, origin

    def tell(self, activity: Activity) -> Iterator[Json]:
        yield self._event("START", activity.at, activity, activity.about, [])
        ended = activity.ended
        if ended:
            about = activity.about | activity.at_end | _failure(ended)
            outputs = self._datasets(activity.outputs)
            yield self._event(ended.how, ended.at, activity, about, outputs)

    def _event(
        self, kind: str, at: str, activity: Activity, about: Json, outputs: list[Json]
    ) -> Json:
        return {
            "eventType": kind,
            "eventTime": at,
            "producer": PRODUCER,
            "schemaURL": SCHEMA,
            "run": {"runId": self._run_id(activity.id), "facets": about | self._parent(activity)},
            "job": {
                "namespace": self._origin.namespace,
                "name": activity.job,
                "facets": facets.job_type(activity.kind) | self._code(activity),
            },
            "inputs": self._datasets(activity.inputs, measured=True),
            "outputs": outputs,
        }

    def _run_id(self, node_id: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._origin.namespace}/{node_id}"))

    def _parent(self, activity: Activity) -> Json:
        if activity.run in (None, activity.id):
            return {}
        return facets.parent(
            self._run_id(str(activity.run)), self._origin.namespace, activity.group
        )

    def _code(self, activity: Activity) -> Json:
        """Which commit ran is on record with the version that it made."""
        if activity.run is None:
            return {}
        made = self._history.down(activity.run, WAS_GENERATED_BY, "model-version")
        commits = {
            commit for one in made for commit in self._history.up(one, WAS_INFLUENCED_BY, "code")
        }
        return facets.code(name_of(min(commits)), self._origin.repository) if commits else {}

    def _datasets(self, node_ids: Iterable[str], *, measured: bool = False) -> list[Json]:
        """What lies on S3 of these nodes, and of what they are made of."""
        whole = [
            one for id_ in node_ids for one in (id_, *self._history.up(id_, HAD_MEMBER, "dataset"))
        ]
        found = [self._dataset(one, measured=measured) for one in dict.fromkeys(whole)]
        return sorted((one for one in found if one), key=digest.canonical)

    def _dataset(self, node_id: str, *, measured: bool) -> Json:
        """One object on S3; nothing, if the node is none."""
        facts = self._history.facts(node_id)
        uri, identity = _place(node_id, facts)
        found = re.fullmatch("s3://([^/]+)/(.+)", uri, re.DOTALL)
        if found is None:
            return {}
        bucket, key = found.groups()
        named = {"namespace": f"s3://{bucket}", "name": key, "facets": facets.version(identity)}
        return named | (self._measures(node_id, facts) if measured else {})

    def _measures(self, node_id: str, facts: Item) -> Json:
        if kind_of(node_id) not in ("dataset", "snapshot"):
            return {}
        at = self._history.nodes[node_id]["at"]
        size = facts.get("size", facts.get("bytes"))
        figures = facets.measures(facts.get("rows"), size, facts.get("objects", 1), at)
        return {"inputFacets": figures}


def _place(node_id: str, facts: Item) -> tuple[str, object]:
    """URI and version of what a node is; no URI, if it is nothing that lies somewhere."""
    match kind_of(node_id):
        case "dataset":
            return f"s3://{facts.get('bucket', '')}/{facts.get('key', '')}", facts.get("version_id")
        case "snapshot":
            return str(facts.get("manifest")), name_of(node_id)
        case "model-version":
            return str(facts.get("artifact")), facts.get("artifact_version")
        case _:
            return str(facts.get("uri")), facts.get("sha256")


def _failure(ended: Ended) -> Json:
    return facets.error(ended.reason) if ended.how == "FAIL" else {}
