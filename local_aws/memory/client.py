"""A client like boto3's over operations that are functions; each call can be interfered with."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any

from botocore import xform_name

from local_aws.memory import errors
from local_aws.memory.items import Json

type Operation = Callable[[Json], Json]

# By operation: members of an answer that say where the next page begins, and of its request.
_PAGES: dict[str, dict[str, str]] = {
    "Query": {"LastEvaluatedKey": "ExclusiveStartKey"},
    "Scan": {"LastEvaluatedKey": "ExclusiveStartKey"},
    "ListObjectsV2": {"NextContinuationToken": "ContinuationToken"},
    "ListObjectVersions": {
        "NextKeyMarker": "KeyMarker",
        "NextVersionIdMarker": "VersionIdMarker",
    },
}
_TOKEN = {"NextToken": "NextToken"}


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as botocore names service, operation and the request's members."""

    service: str
    operation: str
    request: Json

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}"


type Around = Callable[[Call, Callable[[], Json]], Json]


def at_once(call: Call, answer: Callable[[], Json]) -> Json:
    """A call with which nobody interferes."""
    del call
    return answer()


class Client:
    """One service's client."""

    exceptions = errors.Kinds()

    def __init__(self, service: str, operations: Mapping[str, Operation], around: Around) -> None:
        self._service = service
        self._operations = {_method(name): (name, run) for name, run in operations.items()}
        self._around = around

    def __getattr__(self, method: str) -> Callable[..., Json]:
        if method not in self._operations:
            raise AttributeError(f"the in-memory AWS does not cover {self._service}:{method}")
        name, run = self._operations[method]

        def call(**request: Any) -> Json:
            return self._around(Call(self._service, name, request), partial(run, request))

        setattr(self, method, call)
        return call

    def get_paginator(self, method: str) -> "Paginator":
        """The pages of an operation, one after the other."""
        name, _ = self._operations[method]
        return Paginator(getattr(self, method), _PAGES.get(name, _TOKEN))


class Paginator:
    """Asks for the next page until there is none."""

    def __init__(self, call: Callable[..., Json], tokens: Mapping[str, str]) -> None:
        self._call = call
        self._tokens = tokens

    def paginate(
        self,
        *,
        PaginationConfig: Json | None = None,  # noqa: N803  # boto3's name
        **request: Any,
    ) -> Iterator[Json]:
        """Every page."""
        if PaginationConfig:
            request["MaxResults"] = PaginationConfig["PageSize"]
        while True:
            page = self._call(**request)
            yield page
            more = {ask: page[told] for told, ask in self._tokens.items() if told in page}
            if not more:
                return
            request = {**request, **more}


@cache
def _method(operation: str) -> str:
    return str(xform_name(operation))


def as_json(request: Json) -> Json:
    """A copy of a request as it is on the wire: times are seconds."""
    return {name: _as_json(member) for name, member in request.items()}


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return as_json(value)
    if isinstance(value, list | tuple):
        return [_as_json(one) for one in value]
    return value.timestamp() if isinstance(value, datetime) else value


def copied(answer: Json) -> Json:
    """A copy of an answer: who gets it may do with it what they like."""
    return {name: _copied(member) for name, member in answer.items()}


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return copied(value)
    return [_copied(one) for one in value] if isinstance(value, list | tuple) else value
