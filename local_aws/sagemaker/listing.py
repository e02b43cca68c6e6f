"""Filters, order and pages, the same for every List operation."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from local_aws.sagemaker.errors import invalid
from local_aws.sagemaker.values import Json, maybe_text, moment, whole

DEFAULT_PAGE = 10
_AFTER = ("CreationTimeAfter", "CreatedAfter")
_BEFORE = ("CreationTimeBefore", "CreatedBefore")


@dataclass(frozen=True)
class Row:
    """One candidate of a listing; `order` breaks ties between equal times."""

    name: str
    created: datetime
    body: Json
    order: int = 0
    modified: datetime | None = None
    status: str = ""
    scheduled: datetime | None = None

    def sorted_by(self, member: object) -> tuple[object, int]:
        """What a listing in the order of `member` compares."""
        if member in ("Name", "PipelineExecutionArn"):
            return self.name, self.order
        others = {"Status": self.status, "ScheduledTime": self.scheduled}
        return others.get(str(member), self.created), self.order


def listing(rows: Iterable[Row], request: Json, into: str, *, newest_first: bool) -> Json:
    """The page that `request` asks for, as the member `into`; NextToken if there is more."""
    found = [row for row in rows if _wanted(row, request)]
    found.sort(key=lambda row: row.sorted_by(request.get("SortBy")))
    default = "Descending" if newest_first else "Ascending"
    if request.get("SortOrder", default) == "Descending":
        found.reverse()
    return page([row.body for row in found], request, into)


def page(bodies: list[Json], request: Json, into: str) -> Json:
    """One page of what is already in order."""
    start = _offset(maybe_text(request, "NextToken"))
    end = start + whole(request, "MaxResults", DEFAULT_PAGE)
    answer: Json = {into: bodies[start:end]}
    if end < len(bodies):
        answer["NextToken"] = base64.urlsafe_b64encode(str(end).encode()).decode()
    return answer


def _offset(token: str | None) -> int:
    try:
        return int(base64.urlsafe_b64decode(token)) if token else 0
    except (ValueError, binascii.Error) as error:
        raise invalid("Invalid NextToken.") from error


def _wanted(row: Row, request: Json) -> bool:
    part = maybe_text(request, "NameContains")
    return (
        (not part or part.lower() in row.name.lower())
        and all(row.created > moment(request[key]) for key in _AFTER if key in request)
        and all(row.created < moment(request[key]) for key in _BEFORE if key in request)
        and _modified_wanted(row, request)
    )


def _modified_wanted(row: Row, request: Json) -> bool:
    modified = row.modified or row.created
    after, before = request.get("LastModifiedTimeAfter"), request.get("LastModifiedTimeBefore")
    return (after is None or modified > moment(after)) and (
        before is None or modified < moment(before)
    )
