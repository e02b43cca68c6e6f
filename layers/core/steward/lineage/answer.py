"""Answers of the lineage as plain JSON, for the command line and the lineage function alike."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from steward import times
from steward.aws import Aws, ClientError
from steward.lineage.captures import NotOnRecord, Prediction
from steward.lineage.nodes import version_id
from steward.lineage.read import Found, Served, candidates_at
from steward.lineage.trace import Trace, upstream
from steward.names import Names, model_of, split_s3
from steward.record.store import Store

# Captures tell the second, not more: what served at its end had answered within it.
_WITHIN_SECOND = timedelta(milliseconds=999)

type Answer = dict[str, object]


@dataclass(frozen=True, slots=True)
class Lineage:
    """The lineage of one deployment, to be asked."""

    aws: Aws
    store: Store
    prefix: str

    def of_prediction(self, prediction: Prediction) -> Answer:
        """Everything behind one captured prediction; exact, if its capture names a version."""
        group, served = Names(self.prefix, prediction.model).group, self._served(prediction)
        if prediction.version is None:
            numbers = sorted({int(number) for one in served for number in one.versions})
        else:
            numbers = [prediction.version]
            served = [one for one in served if str(prediction.version) in one.versions]
        roots = [version_id(group, number) for number in numbers]
        asked = {
            "record": f"{prediction.uri}#{prediction.line}",
            "file": {"etag": prediction.etag, "version_id": prediction.file_version},
            "inference_id": prediction.inference_id,
            "at": times.iso(prediction.at),
            "endpoint": prediction.endpoint,
            "version": numbers[0] if len(numbers) == 1 else None,
            "candidates": numbers,
            "by": "time" if prediction.version is None else "capture",
        }
        answer = self._answer((*roots, *(one.rollout for one in served)), served)
        return {"prediction": asked} | answer

    def _served(self, prediction: Prediction) -> list[Served]:
        """What may have answered in a prediction's second."""
        last = prediction.at + _WITHIN_SECOND
        served = candidates_at(self.store, prediction.endpoint, last)
        if prediction.version is None:
            before = candidates_at(self.store, prediction.endpoint, prediction.at)
            served = [*served, *(one for one in before if one not in served)]
        return served

    def of_moment(self, endpoint: str, at: datetime) -> Answer:
        """Everything behind what an endpoint served at a moment."""
        if model_of(self.prefix, endpoint) is None:
            raise NotOnRecord(f"{endpoint} is no endpoint of prefix {self.prefix}")
        served = candidates_at(self.store, endpoint, at)
        if not served:
            raise NotOnRecord(f"{endpoint} served nothing at {times.iso(at)}")
        asked = {"endpoint": endpoint, "at": times.iso(at), "exact": len(served) == 1}
        return {"moment": asked} | self._answer(tuple(one.rollout for one in served), served)

    def of_nodes(self, ids: tuple[str, ...]) -> Answer:
        """Everything behind some nodes."""
        return self._answer(ids, [])

    def _answer(self, roots: tuple[str, ...], served: list[Served]) -> Answer:
        trace = upstream(self.store, roots)
        rows = self._rows(trace)
        return {
            "served": [
                {
                    "endpoint": one.endpoint,
                    "since": times.iso(one.since),
                    "versions": dict(one.versions),
                    "rollout": one.rollout,
                }
                for one in served
            ],
            "graph": [
                {
                    "depth": depth,
                    "term": term,
                    "id": node.id,
                    "at": times.iso(node.at),
                    "facts": dict(node.facts) | _rows_of(node, rows),
                    "end": dict(node.end) if node.end else None,
                    "links": [{"term": one, "to": to} for one, to in node.links],
                }
                for depth, term, node in trace.walk()
            ],
        }

    def _rows(self, trace: Trace) -> dict[tuple[str, str], int]:
        """Rows that training and test took of each object version, as the run counted them."""
        rows: dict[tuple[str, str], int] = {}
        for node in trace.nodes.values():
            uri = node.facts.get("prepared")
            body = self._body(uri) if isinstance(uri, str) and uri else None
            for entry in json.loads(body)["objects"] if body else []:
                rows[entry["key"], str(entry["version_id"])] = entry["used"]
        return rows

    def _body(self, uri: str) -> bytes | None:
        """What a run counted; None when its account is no longer there."""
        bucket, key = split_s3(uri)
        try:
            return self.aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            return None


def _rows_of(node: Found, rows: Mapping[tuple[str, str], int]) -> dict[str, object]:
    identity = str(node.facts.get("key")), str(node.facts.get("version_id"))
    return {"rows": rows[identity]} if identity in rows else {}
